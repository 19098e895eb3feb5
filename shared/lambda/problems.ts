import { Malformed, TooOften, Unavailable, UnknownProduct } from '../errors.ts';

/** RFC 9457: what every error answer holds. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly field?: string;
  /** What a kind of problem tells besides, such as `reason` or `conflicts`. */
  readonly [member: string]: unknown;
}

/** A request that is refused for what it is, with the slug of the problem and what it tells besides. */
export class Refused extends Error {
  readonly status: number;
  readonly slug: keyof typeof TITLES;
  readonly members: Readonly<Record<string, unknown>>;

  constructor(
    status: number,
    slug: keyof typeof TITLES,
    detail?: string,
    members: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail ?? TITLES[slug]);
    this.name = 'Refused';
    this.status = status;
    this.slug = slug;
    this.members = members;
  }
}

const TITLES = {
  malformed: 'The request is malformed',
  'too-large': 'The request is too large',
  unauthenticated: 'Sign in first',
  forbidden: 'This is not open to you',
  'no-account': 'You are signed in, but belong to no account',
  'bad-signature': 'The signature does not verify',
  'stale-signature': 'The signature is too old',
  'invalid-session-token': 'This is no session token of yours',
  'unknown-product': 'There is no such product',
  'unknown-account': 'Nothing is stored of this account',
  'unknown-promotion': 'The account has no such promotion',
  'not-entitled': 'The account may not watch this here and now',
  'too-many-streams': 'The account watches on as many screens as it may',
  'session-over': 'The session is over',
  'too-often': 'Too many requests',
  unavailable: 'Not available right now',
} as const;

interface ProblemReply {
  readonly problem: Problem;
  readonly retryAfterSeconds?: number;
}

/** The one place where errors become answers. What was not foreseen is a 500 that tells nothing. */
export function problemOf(error: unknown): ProblemReply {
  if (error instanceof Malformed) {
    const { field, message } = error;
    return { problem: { ...problem(400, 'malformed', message), ...(field !== undefined && { field }) } };
  }
  if (error instanceof UnknownProduct) return { problem: problem(400, 'unknown-product', error.message) };
  if (error instanceof Refused) {
    return { problem: { ...problem(error.status, error.slug, error.message), ...error.members } };
  }
  if (error instanceof TooOften) {
    return { problem: problem(429, 'too-often'), retryAfterSeconds: error.retryAfterSeconds };
  }
  if (error instanceof Unavailable) {
    return { problem: problem(503, 'unavailable'), retryAfterSeconds: error.retryAfterSeconds };
  }
  return { problem: { type: 'about:blank', title: 'Internal Server Error', status: 500 } };
}

function problem(status: number, slug: keyof typeof TITLES, detail?: string): Problem {
  const title = TITLES[slug];
  return {
    type: `urn:usher:problem:${slug}`,
    title,
    status,
    ...(detail !== undefined && detail !== title && { detail }),
  };
}
