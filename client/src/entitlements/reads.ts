import type { Snapshot } from '../../../shared/domain/entitlements.ts';
import type { MomentoConnection } from '../momento/momento.ts';
import type { Reading } from '../service/api.ts';
import { parseSnapshot } from '../service/messages.ts';
import type { ServerClock } from '../timing/server-clock.ts';
import { adopt, isBehind, isRefuted, leastVersion, UNKNOWN } from './entitlement-state.ts';
import type { Holding } from './holding.ts';

interface World {
  readonly clock: ServerClock;
  readonly holding: Holding;
  /** GET /entitlements; `known` may be answered with itself. */
  readonly readEntitlements: (asked: { atLeast: number; known: Snapshot | undefined }) => Promise<Reading>;
  /** Whether an answer about this account is of the one that is followed. */
  readonly isOurs: (accountId: string) => boolean;
  /** What is answered to one who has stopped changes nothing. */
  readonly isStopped: () => boolean;
}

/** The answers that are asked for, and put into what is held. */
export interface Reads {
  /** Whether a call is unanswered: it came while something was read, or what was read for it failed. */
  readonly isCalledFor: boolean;
  /** How long ago the last one began, in ms. */
  readonly ageMs: number;
  /**
   * From the API: one at a time, of which the last begins after the last call. Until the answer is as new as what was
   * heard of. @throws Error also when that takes too many
   */
  again(): Promise<void>;
  /**
   * From the cache. False when it gives no answer, or one that is older than what is held. The API gives one in any
   * case.
   */
  cached(momento: Pick<MomentoConnection, 'readSnapshot'>): Promise<boolean>;
  /** What is read from now on answers the calls so far. */
  forgetCalls(): void;
}

/** Reads that a single call for a newer version may take before it counts as a failure. */
const MOST_READS = 5;

/** @param onFailed what was called for and failed: by then `isCalledFor` again */
export function createReads(
  { clock, holding, readEntitlements, isOurs, isStopped }: World,
  onFailed: (error: unknown) => void,
): Reads {
  let reading: Promise<void> | undefined;
  let isCalledFor = false;
  let lastMs = -Infinity;

  return {
    get isCalledFor() {
      return isCalledFor;
    },
    get ageMs() {
      return clock.elapsedMs() - lastMs;
    },
    again() {
      isCalledFor = true;
      if (reading) return reading;
      reading = Promise.resolve().then(readUntilCurrent); // signals that arrive together are one call
      reading.catch((error: unknown) => {
        isCalledFor = true;
        onFailed(error);
      });
      return reading;
    },
    async cached(momento) {
      try {
        lastMs = clock.elapsedMs();
        const text = await momento.readSnapshot();
        if (isStopped() || text === undefined) return false;
        const snapshot = parseSnapshot(JSON.parse(text));
        if (!isOurs(snapshot.accountId)) return false;
        const next = adopt(holding.state, { snapshot, provisional: false }, clock.now());
        if (next.isExact) holding.take(next, true);
        return next.isExact;
      } catch {
        return false;
      }
    },
    forgetCalls() {
      if (!reading) isCalledFor = false;
    },
  };

  async function readUntilCurrent(): Promise<void> {
    try {
      for (let reads = 0; reads < MOST_READS; reads++) {
        while (isCalledFor) await readOnce();
        if (isStopped() || !isBehind(holding.state)) return;
        isCalledFor = true;
      }
      throw new Error('the answers stay older than what was announced');
    } finally {
      reading = undefined; // at once: who calls from now on begins another
    }
  }

  async function readOnce(): Promise<void> {
    isCalledFor = false;
    if (isStopped()) return;
    const { state } = holding;
    const atLeast = leastVersion(state);
    lastMs = clock.elapsedMs();
    const read = await readEntitlements({ atLeast, known: state.isExact ? state.snapshot : undefined });
    if (isStopped()) return;
    if (!isOurs(read.snapshot.accountId)) throw new Error('the answer is another account’s');
    const isForeign = isRefuted(holding.state, read.snapshot, atLeast);
    if (isForeign) holding.disown();
    holding.take(adopt(isForeign ? UNKNOWN : holding.state, read, clock.now()), true);
  }
}
