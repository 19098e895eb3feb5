import { Malformed, Misconfigured } from '../errors.ts';
import { describe, logger } from './log.ts';
import { tallyTrouble } from './metrics.ts';
import { problemOf, Refused } from './problems.ts';

/** A request as our routes read it. */
export interface HttpRequest {
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  /** What stands in the path's `{…}`. */
  readonly path: Readonly<Record<string, string | undefined>>;
  /** The bytes as they were sent, which a signature covers. */
  readonly body: Buffer;
}

export interface HttpReply {
  readonly status: number;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What an answer that takes too long leaves for saying so, before Lambda ends the function without a word. */
export const RESERVE_MS = 250;

const LARGEST_BODY_BYTES = 16 * 1024;

/** A body in the form that API Gateway and function URLs give it. @throws Refused when it is too large */
export function bodyOf(
  {
    body,
    isBase64Encoded,
  }: {
    readonly body?: string | null | undefined;
    readonly isBase64Encoded: boolean;
  },
  largestBytes = LARGEST_BODY_BYTES,
): Buffer {
  const bytes = Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > largestBytes)
    throw new Refused(413, 'too-large', `a body may have ${largestBytes / 1024} KB`);
  return bytes;
}

/** The JSON in a request's body. @throws Malformed, without quoting the body. */
export function jsonOf({ body }: Pick<HttpRequest, 'body'>): unknown {
  if (body.length === 0) throw new Malformed(undefined, 'the body is empty');
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new Malformed(undefined, 'the body is not JSON');
  }
}

/** What API Gateway and function URLs answer with. */
interface HttpResult {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
}

export function toResult({ status, body, headers }: HttpReply): HttpResult {
  return {
    statusCode: status,
    headers: {
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      'Cache-Control': 'no-store',
      ...headers,
    },
    body: body === undefined ? '' : JSON.stringify(body),
  };
}

/** The problem document that an error becomes. */
function refusalOf(error: unknown): HttpReply {
  const { problem, retryAfterSeconds } = problemOf(error);
  return {
    status: problem.status,
    headers: {
      'Content-Type': 'application/problem+json',
      ...(retryAfterSeconds !== undefined && { 'Retry-After': String(retryAfterSeconds) }),
    },
    body: problem,
  };
}

/** Counts, logs and answers what went wrong; `where` tells in the log what was asked. */
export function refuse(error: unknown, where: Readonly<Record<string, string>> = {}) {
  tallyTrouble(error);
  const refusal = refusalOf(error);
  logger[levelOf(error, refusal)]('refused', { ...where, status: refusal.status, error: describe(error) });
  return toResult(refusal);
}

/** How loud a refusal is in the log: a 500 is our fault, a setting the operator's, any other 503 a part's. */
function levelOf(error: unknown, { status }: Pick<HttpReply, 'status'>): 'error' | 'warn' | 'info' {
  if (status === 500 || error instanceof Misconfigured) return 'error';
  return status === 503 ? 'warn' : 'info';
}
