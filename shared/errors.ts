import type { z } from 'zod/mini';

/** The request or message is wrong in itself: trying again would change nothing. */
export class Malformed extends Error {
  readonly field: string | undefined;

  constructor(field: string | undefined, complaint: string) {
    super(field === undefined ? complaint : `${field} ${complaint}`);
    this.name = 'Malformed';
    this.field = field;
  }

  /** The first complaint of a schema. Of its own words Zod says as many as the build that was loaded has. */
  static from({ issues }: z.core.$ZodError): Malformed {
    const [issue] = issues;
    const field = issue?.path.join('.') || undefined;
    const complaint = issue?.message ?? 'Invalid input';
    return new Malformed(
      field,
      complaint.startsWith('Invalid input') ? 'is missing or of the wrong kind' : complaint,
    );
  }
}

/** A purchase of something that the catalogue does not sell. */
export class UnknownProduct extends Error {
  readonly productId: string;

  constructor(productId: string) {
    super(`the catalogue sells no product '${productId}'`);
    this.name = 'UnknownProduct';
    this.productId = productId;
  }
}

/** A part that we depend on did not answer, or asks us to slow down: worth trying again later. */
export class Unavailable extends Error {
  readonly retryAfterSeconds: number;

  constructor(
    message: string,
    { cause, retryAfterSeconds = 2 }: { cause?: unknown; retryAfterSeconds?: number } = {},
  ) {
    super(message, { cause });
    this.name = 'Unavailable';
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** A secret or setting of the stage is wrong: only an operator can mend it, and who asks may come again then. */
export class Misconfigured extends Unavailable {
  constructor(message: string) {
    super(message, { retryAfterSeconds: 60 });
    this.name = 'Misconfigured';
  }
}

/** Momento does not answer at all. What then holds for sessions stands in concurrency/outage.ts. */
export class Outage extends Unavailable {}

/** One of Momento's quotas is used up for the moment: it answers, so this is no outage. */
export class Throttled extends Unavailable {}

/** Too many change the same thing at once for any of them to get through. */
export class Contended extends Unavailable {}

/** A quota of a service that we depend on is used up for the moment. */
export class TooOften extends Error {
  readonly retryAfterSeconds: number;

  constructor(
    message: string,
    { cause, retryAfterSeconds = 1 }: { cause?: unknown; retryAfterSeconds?: number } = {},
  ) {
    super(message, { cause });
    this.name = 'TooOften';
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
