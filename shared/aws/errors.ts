import { Unavailable } from '../errors.ts';

/** What AWS's clients and Node's sockets put on the errors that they throw. */
interface CallError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $retryable?: unknown;
  readonly code?: unknown;
}

/** Names under which AWS asks us to slow down, some of them with status 400. */
const SLOW_DOWN = /Throttl|ProvisionedThroughputExceeded|RequestLimitExceeded|TooManyRequests/;

/** Worth trying again later: nothing answered, or AWS said that it is its own fault or asked us to slow down. */
function isPassing(error: CallError): boolean {
  const { $metadata, $retryable, code, name } = error;
  if (error instanceof TypeError || error instanceof RangeError) return false; // ours, although Node's bear a code
  const status = $metadata?.httpStatusCode ?? 0;
  const unanswered = typeof code === 'string' || name === 'TimeoutError';
  return status >= 500 || status === 429 || $retryable !== undefined || SLOW_DOWN.test(name) || unanswered;
}

/**
 * Awaits an AWS call.
 * @throws Unavailable for what may pass by itself; anything else as it came.
 */
export async function answered<T>(call: Promise<T>, operation: string): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof Error) || !isPassing(error)) throw error;
    throw new Unavailable(`${operation}: ${error.name}`, { cause: error });
  }
}

/**
 * Fails within seconds: SSM, asked twice, and then the table, asked three times, together take less than the ten
 * seconds of a route, so that an outage of both ends as a 503 and not as a timeout.
 */
export const CLIENT_OPTIONS = {
  maxAttempts: 3,
  // Without the last of these the SDK only warns about a request that is not answered, and waits on.
  requestHandler: { connectionTimeout: 500, requestTimeout: 1500, throwOnRequestTimeout: true },
} as const;
