import { createHash } from 'node:crypto';
import type { cache } from '@gomomento/generated-types';
import { invalid } from './status.ts';

type SetIf = cache.cache_client._SetIfRequest;
type SetIfHash = cache.cache_client._SetIfHashRequest;

/** Momento's hash is opaque to clients; here it is the first half of a SHA-256. */
export const hashOf = (value: Uint8Array) => createHash('sha256').update(value).digest().subarray(0, 16);

/** Whether a conditional set may store, given the value that is there. */
export function conditionHolds(request: SetIf, held: Buffer | undefined): boolean {
  const equals = (check: { readonly value_to_check: Uint8Array }) =>
    held?.equals(check.value_to_check) ?? false;
  switch (request.condition) {
    case 'absent':
      return held === undefined;
    case 'present':
      return held !== undefined;
    case 'equal':
      return equals(request.equal);
    case 'not_equal': // an absent value equals nothing
      return !equals(request.not_equal);
    case 'present_and_not_equal':
      return held !== undefined && !equals(request.present_and_not_equal);
    case 'absent_or_equal':
      return held === undefined || equals(request.absent_or_equal);
    default:
      throw invalid('SetIf needs a condition');
  }
}

/** The same by the hash of the value that is there. */
export function hashConditionHolds(request: SetIfHash, held: Buffer | undefined): boolean {
  const hash = held === undefined ? undefined : hashOf(held);
  const equals = (check: { readonly hash_to_check: Uint8Array }) =>
    hash?.equals(check.hash_to_check) ?? false;
  switch (request.condition) {
    case 'present_and_hash_equal':
      return equals(request.present_and_hash_equal);
    case 'present_and_not_hash_equal':
      return held !== undefined && !equals(request.present_and_not_hash_equal);
    case 'absent_or_hash_equal':
      return held === undefined || equals(request.absent_or_hash_equal);
    case 'absent_or_not_hash_equal':
      return held === undefined || !equals(request.absent_or_not_hash_equal);
    case 'unconditional':
      return true;
    default:
      throw invalid('SetIfHash needs a condition');
  }
}
