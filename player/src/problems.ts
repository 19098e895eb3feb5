import * as z from 'zod/mini';

const problemSchema = z.object({
  type: z._default(z.string(), 'about:blank'),
  title: z._default(z.string(), ''),
  status: z._default(z.number(), 0),
  detail: z.exactOptional(z.string()),
});

/** An answer of the API that is a refusal, told by the slug of its problem document. */
export class Refusal extends Error {
  readonly status: number;
  /** The last part of `urn:usher:problem:…`; empty for an answer that is no problem document of the API's. */
  readonly slug: string;
  /** How long the API asks to wait, on 429 and 503. */
  readonly retryAfterSeconds: number | undefined;
  /** The whole problem document, for what it says beyond this. */
  readonly problem: unknown;

  constructor(status: number, slug: string, message: string, retryAfterSeconds?: number, problem?: unknown) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.slug = slug;
    this.retryAfterSeconds = retryAfterSeconds;
    this.problem = problem;
  }
}

/** The account's session is over: only signing in again helps. */
export class SignInNeeded extends Error {
  constructor(options?: ErrorOptions) {
    super('Your session has ended. Please sign in again.', options);
    this.name = 'SignInNeeded';
  }
}

/** Reads what the API refused and why, also when something in between answered with a page of its own. */
export async function refusalOf(response: Response): Promise<Refusal> {
  const { status, headers } = response;
  const problem: unknown = await response.json().catch(() => undefined);
  const parsed = problemSchema.safeParse(problem);
  const slug = parsed.success ? (/^urn:usher:problem:(.+)$/.exec(parsed.data.type)?.[1] ?? '') : '';
  const retryAfter = Number(headers.get('Retry-After') ?? Number.NaN);
  const detail = parsed.success ? (parsed.data.detail ?? parsed.data.title) : '';
  return new Refusal(status, slug, detail, Number.isFinite(retryAfter) ? retryAfter : undefined, problem);
}

/** What went wrong, in a sentence for the viewer. */
export function sentenceOf(error: unknown): string {
  if (error instanceof SignInNeeded) return error.message;
  if (!(error instanceof Refusal))
    return 'The service cannot be reached. Check your connection and try again.';
  const { slug, status, retryAfterSeconds, message } = error;
  const wait = retryAfterSeconds === undefined ? 'in a moment' : `in ${seconds(retryAfterSeconds)}`;
  switch (slug) {
    case 'too-often':
      return `That was a little too often. Try again ${wait}.`;
    case 'unavailable':
      return `The service is busy right now. Try again ${wait}.`;
    case 'unauthenticated':
      return new SignInNeeded().message;
    case 'forbidden':
      return 'That is not open to your account.';
    case 'unknown-product':
      return 'This product is not sold any more. Reload the page to see what is.';
    case 'bad-signature':
    case 'stale-signature':
      return 'The service did not accept the payment side’s signature.';
    case 'malformed':
      return `The service did not understand the request: ${message}.`;
    default:
      return `The service answered with an error (${status}). Try again in a moment.`;
  }
}

function seconds(count: number): string {
  return count === 1 ? 'a second' : `${count} seconds`;
}
