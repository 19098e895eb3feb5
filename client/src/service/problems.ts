import * as v from 'valibot';

const problemSchema = v.object({
  type: v.exactOptional(v.string(), 'about:blank'),
  title: v.exactOptional(v.string(), ''),
  status: v.exactOptional(v.number(), 0),
  detail: v.exactOptional(v.string()),
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
  const parsed = v.safeParse(problemSchema, problem);
  const slug = parsed.success ? (/^urn:usher:problem:(.+)$/.exec(parsed.output.type)?.[1] ?? '') : '';
  const retryAfter = Number(headers.get('Retry-After') ?? Number.NaN);
  const detail = parsed.success ? (parsed.output.detail ?? parsed.output.title) : '';
  return new Refusal(status, slug, detail, retryAfter >= 0 ? retryAfter : undefined, problem);
}
