import type { SdkError } from '@gomomento/sdk';
import { Outage, Throttled, Unavailable } from '../errors.ts';

/** Momento does not accept the key: it was rotated since it was fetched, or never right. */
export class KeyRefused extends Unavailable {}

/** Momento did not understand the call: a fault of ours, which no waiting mends. */
const OURS = new Set(['INVALID_ARGUMENT_ERROR', 'BAD_REQUEST_ERROR']);

/** Momento is there and will not serve us: somebody has to give a permission or make a cache. */
const REFUSALS = new Set([
  'PERMISSION_ERROR',
  'NOT_FOUND_ERROR',
  'CACHE_NOT_FOUND_ERROR',
  'FAILED_PRECONDITION_ERROR',
]);

/**
 * Turns an SDK's error answer into one of ours and passes every other answer on. Most of what Momento answers is
 * worth trying again later: an outage ends, a quota is raised, a missing cache is created, a wrong key is replaced.
 * @throws KeyRefused, Throttled, Outage or Unavailable; a plain Error for a call that was wrong
 */
export function answered<A extends { readonly type: string }>(
  answer: A,
  operation: string,
): Exclude<A, { readonly type: 'Error' }> {
  if (answer.type !== 'Error') return answer as Exclude<A, { readonly type: 'Error' }>;
  throw failureOf(answer as unknown as Pick<SdkError, 'errorCode'>, operation);
}

/** Our error for one of the SDK's. */
export function failureOf(error: Pick<SdkError, 'errorCode'>, operation: string): Error {
  const code: string = error.errorCode();
  // The SDK's own message is left out: it can hold the request's metadata, the key among it.
  const complaint = `Momento ${operation}: ${code}`;
  if (code === 'AUTHENTICATION_ERROR') return new KeyRefused(complaint);
  if (code === 'LIMIT_EXCEEDED_ERROR') return new Throttled(complaint);
  if (OURS.has(code)) return new Error(complaint);
  return REFUSALS.has(code) ? new Unavailable(complaint) : new Outage(complaint);
}
