import type { Snapshot } from '../../../shared/domain/entitlements.ts';
import { toMs } from '../../../shared/domain/instants.ts';
import { isOverdue } from '../../../shared/domain/snapshots.ts';
import type { ServerClock } from '../timing/server-clock.ts';
import { recall, refold, UNKNOWN, type EntitlementState } from './entitlement-state.ts';
import type { KeptSnapshots } from './kept-snapshot.ts';

/** What is known of the account's entitlements. */
export type Entitlements =
  /** Nothing yet, or nothing any more. */
  | { readonly standing: 'unknown'; readonly snapshot?: never; readonly graceEndsAtMs?: never }
  /** The last known answer: of an earlier page, or from before changes could not be heard any more, or read since. */
  | { readonly standing: 'stale'; readonly snapshot: Snapshot; readonly graceEndsAtMs: number }
  /** The service stands by it, and is heard when it does not any more. */
  | { readonly standing: 'confirmed'; readonly snapshot: Snapshot; readonly graceEndsAtMs?: never };

/** The moment that is kept with an answer is as exact as this. */
const KEEP_EVERY_MS = 5 * 60_000;

interface World {
  readonly clock: ServerClock;
  readonly kept: KeptSnapshots;
  /** How long an answer counts after the service last stood by it. */
  readonly graceMs: number;
  /** Whether changes are heard: otherwise no answer is confirmed for longer than the moment in which it was given. */
  readonly isHearing: () => boolean;
}

/** What is held of one account's entitlements, and how good it is. */
export interface Holding {
  readonly state: EntitlementState;
  /** When the service last stood by it. */
  readonly confirmedAtMs: number;
  /** Shows what an earlier page kept of this account, unless something is known already. */
  recall(accountId: string): void;
  /** `isAnswer`: the service has just said so. */
  take(next: EntitlementState, isAnswer: boolean): void;
  /** The service stands by what is held no more, or not for certain. */
  doubt(): void;
  /** From now on only this account counts: what is held of another is dropped. */
  beOf(accountId: string): void;
  /** Nothing is to be kept of what is held: it is wrong, or nobody's any more. */
  disown(): void;
  /** It is, and was, this much later than was thought: what has begun and ended is found anew. */
  retime(laterByMs: number): void;
  /** Time has passed: does what it does by itself. */
  tick(): void;
  /** When time alone changes what is shown next; Infinity = never. */
  nextMomentMs(): number;
}

/** @param onEntitlements is told whenever they are others, or stand otherwise */
export function createHolding(
  { clock, kept, graceMs, isHearing }: World,
  onEntitlements: (entitlements: Entitlements) => void,
): Holding {
  let account: string | undefined;
  let state = UNKNOWN;
  let isConfirmed = false;
  let confirmedAtMs = -Infinity;
  /** Whether that was read off this device's clock, and is wrong when the clock is. */
  let isOwnMoment = false;
  let keptAtMs = -Infinity;
  let shown: Entitlements = { standing: 'unknown' };

  return {
    get state() {
      return state;
    },
    get confirmedAtMs() {
      return confirmedAtMs;
    },
    recall(accountId) {
      if (state.snapshot || (account !== undefined && account !== accountId)) return;
      account = accountId; // what is not shown, because its grace is over, can be disowned, too
      const found = kept.read(accountId);
      if (!found) return;
      clock.resume(found);
      ({ confirmedAtMs } = found);
      isOwnMoment = found.isMeasured === false;
      state = { ...recall(found.snapshot, clock.now()), heard: state.heard };
      show();
    },
    take(next, isAnswer) {
      const isOther = next.snapshot !== state.snapshot;
      state = next;
      if (isAnswer) {
        isConfirmed = isHearing();
        isOwnMoment = true;
      }
      if (isAnswer || isConfirmed) confirmedAtMs = clock.now();
      show();
      if (isOther) keep();
    },
    doubt() {
      isConfirmed = false;
      show();
    },
    beOf(accountId) {
      account = accountId;
      if (!state.snapshot || state.snapshot.accountId === accountId) return;
      state = UNKNOWN;
      isConfirmed = false;
      show();
    },
    disown() {
      const whose = state.snapshot?.accountId ?? account;
      if (whose !== undefined) kept.forget(whose);
    },
    retime(laterByMs) {
      if (isOwnMoment) confirmedAtMs += laterByMs;
      fold();
      show();
    },
    tick() {
      const nowMs = clock.now();
      if (state.snapshot && isOverdue(state.snapshot, nowMs)) fold();
      if (isConfirmed) confirmedAtMs = nowMs;
      show();
      if (Math.abs(nowMs - keptAtMs) >= KEEP_EVERY_MS) keep();
    },
    nextMomentMs() {
      const { nextChangeAt } = state.snapshot ?? { nextChangeAt: null };
      return Math.min(nextChangeAt === null ? Infinity : toMs(nextChangeAt), shown.graceEndsAtMs ?? Infinity);
    },
  };

  function fold(): void {
    if (state.snapshot) state = { ...state, snapshot: refold(state.snapshot, clock.now()) };
  }

  function show(): void {
    const next = standing();
    const { standing: is, snapshot, graceEndsAtMs } = next;
    if (is === shown.standing && snapshot === shown.snapshot && graceEndsAtMs === shown.graceEndsAtMs) return;
    shown = next;
    onEntitlements(next);
  }

  function standing(): Entitlements {
    const { snapshot } = state;
    const graceEndsAtMs = confirmedAtMs + graceMs;
    if (!snapshot || (!isConfirmed && graceEndsAtMs <= clock.now())) return { standing: 'unknown' };
    return isConfirmed ? { standing: 'confirmed', snapshot } : { standing: 'stale', snapshot, graceEndsAtMs };
  }

  function keep(): void {
    if (!state.snapshot) return;
    keptAtMs = clock.now();
    kept.write({ snapshot: state.snapshot, confirmedAtMs, ...clock.mark() });
  }
}
