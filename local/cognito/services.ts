/** What the operations share. Each names the part of it that it needs. */
import { createHmac } from 'node:crypto';
import { createHourlyLimit, createLockout, type HourlyLimit, type Lockout } from './attempt-limits.ts';
import type { Store } from './store.ts';
import { createTokens, type Tokens } from './tokens.ts';

export interface Services {
  readonly store: Store;
  readonly tokens: Tokens;
  readonly now: () => number;
  readonly onCode: (username: string, code: string) => void;
  readonly lockout: Lockout;
  readonly mailings: HourlyLimit;
  readonly wrongCodes: HourlyLimit;
  /** Bytes that look random but are always the same for the same words; what an unknown user is answered with. */
  readonly madeUp: (...words: readonly string[]) => Buffer;
}

const MAILINGS_PER_HOUR = 5; // the service keeps its numbers to itself; people report five
const WRONG_CODES_PER_HOUR = 5;

export function createServices(
  world: Pick<Services, 'store' | 'now' | 'onCode'> & { readonly region: string },
): Services {
  const { store, now, onCode, region } = world;
  return {
    store,
    now,
    onCode,
    tokens: createTokens({ store, now, region }),
    lockout: createLockout({ now }),
    mailings: createHourlyLimit({ now, limit: MAILINGS_PER_HOUR }),
    wrongCodes: createHourlyLimit({ now, limit: WRONG_CODES_PER_HOUR }),
    madeUp: (...words) => createHmac('sha256', store.signingKeyPem).update(JSON.stringify(words)).digest(),
  };
}
