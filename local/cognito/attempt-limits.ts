/** How often someone may be wrong, or ask for mail. Counted in memory: a restart forgives. */
import { AwsError } from '../aws-json.ts';

export interface Lockout {
  /** Throws while `key` is locked out. */
  check(key: string): void;
  failed(key: string): void;
  succeeded(key: string): void;
}

const FREE_FAILURES = 5;
const LONGEST_LOCKOUT_MS = 900_000;
const FORGOTTEN_AFTER_MS = 900_000;

/**
 * Cognito's documented sign-in lockout: the n-th failure, from the fifth on, locks for 2^(n-5) seconds, up to about
 * 15 minutes. Attempts during a lockout fail and do not lengthen it. A success, or 15 quiet minutes, start over.
 */
export function createLockout({ now }: { now: () => number }): Lockout {
  const held = new Map<string, { failures: number; lockedUntilMs: number; lastAttemptMs: number }>();
  return {
    check: (key) => {
      const state = held.get(key);
      if (!state) return;
      const at = now();
      if (at - Math.max(state.lastAttemptMs, state.lockedUntilMs) >= FORGOTTEN_AFTER_MS) {
        held.delete(key);
        return;
      }
      held.set(key, { ...state, lastAttemptMs: at });
      if (at < state.lockedUntilMs)
        throw new AwsError('NotAuthorizedException', 'Password attempts exceeded');
    },
    failed: (key) => {
      const at = now();
      const failures = (held.get(key)?.failures ?? 0) + 1;
      const lockMs =
        failures < FREE_FAILURES ? 0 : Math.min(2 ** (failures - FREE_FAILURES) * 1000, LONGEST_LOCKOUT_MS);
      held.set(key, { failures, lockedUntilMs: at + lockMs, lastAttemptMs: at });
    },
    succeeded: (key) => {
      held.delete(key);
    },
  };
}

export interface HourlyLimit {
  /** Throws LimitExceededException when `key` has used up its hour. */
  check(key: string): void;
  count(key: string): void;
  clear(key: string): void;
}

const HOUR_MS = 3_600_000;

/** At most `limit` counted events per key in any hour. */
export function createHourlyLimit({ now, limit }: { now: () => number; limit: number }): HourlyLimit {
  const held = new Map<string, readonly number[]>();
  const recent = (key: string) => (held.get(key) ?? []).filter((at) => now() - at < HOUR_MS);
  return {
    check: (key) => {
      if (recent(key).length >= limit) {
        throw new AwsError('LimitExceededException', 'Attempt limit exceeded, please try after some time.');
      }
    },
    count: (key) => {
      held.set(key, [...recent(key), now()]);
    },
    clear: (key) => {
      held.delete(key);
    },
  };
}
