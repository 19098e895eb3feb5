/** This device's two clocks, in ms: one that can be set (`Date.now`), one that only runs (`performance.now`). */
interface LocalClocks {
  readonly now: () => number;
  readonly steadyNow: () => number;
}

/** What of a clock outlives a page: how far the service's time is ahead of the device's, and the latest seen of it. */
export interface ClockMark {
  readonly offsetMs: number;
  readonly seenAtMs: number;
  /** False while the service has never said what time it is, and all this is the device's word. */
  readonly isMeasured?: boolean;
}

/** The service's time, as well as this device can know it. */
export interface ServerClock {
  /** In ms since the epoch. Setting the device's clock back does not set it back. */
  now(): number;
  /**
   * Ms that have passed here since some moment, also while the device slept: for how long something has lasted, which
   * no answer of the service's can make longer or shorter.
   */
  readonly elapsedMs: () => number;
  /**
   * An answer of the service's that says when it was made; `sentAtMs` is what `now` gave before asking. Returns how much
   * later than was thought everything was that `now` has given so far, in ms: 0 when only a jump was mended, and
   * `undefined` when nothing was wrong.
   */
  measure(issuedAtMs: number, sentAtMs: number): number | undefined;
  /** Whether, since this was asked last, the device has slept or its clock was set: it is time to measure again. */
  hasJumped(): boolean;
  /** Goes on from what an earlier page knew, unless something has been measured. */
  resume(mark: ClockMark): void;
  mark(): ClockMark;
}

/** Clocks drift apart by some 50 ms in an hour; a second between them is no drift. */
const JUMP_MS = 1000;

/** Trusts the device's clock until the service says otherwise. */
export function createServerClock(local: LocalClocks): ServerClock {
  let offsetMs = 0;
  let sleptMs = 0;
  let apartMs = local.now() - local.steadyNow();
  let jumped = false;
  let jumpedAtMs = -Infinity;
  let isMeasured = false;
  let wasMeasured = false;
  let jumpedSinceMeasured = false;

  return {
    now,
    elapsedMs() {
      now();
      return local.steadyNow() + sleptMs;
    },
    measure(issuedAtMs, sentAtMs) {
      const receivedAtMs = now();
      if (jumpedAtMs > sentAtMs) return undefined; // in the middle of the call, which tells nothing then
      const isAfterJump = jumpedSinceMeasured;
      isMeasured = true;
      jumped = jumpedSinceMeasured = false;
      // What the answer does not contradict stays: a slow call knows less than the quicker one before.
      if (sentAtMs <= issuedAtMs && issuedAtMs <= receivedAtMs) return undefined;
      const laterByMs = issuedAtMs - (sentAtMs + receivedAtMs) / 2;
      offsetMs += laterByMs;
      return isAfterJump ? 0 : laterByMs;
    },
    hasJumped() {
      now();
      const answer = jumped;
      jumped = false;
      return answer;
    },
    resume(mark) {
      if (isMeasured) return;
      ({ offsetMs, isMeasured: wasMeasured = true } = mark);
      offsetMs += Math.max(0, mark.seenAtMs - now());
    },
    mark: () => ({ seenAtMs: now(), offsetMs, isMeasured: isMeasured || wasMeasured }),
  };

  function now(): number {
    const nowMs = local.now();
    const movedMs = nowMs - local.steadyNow() - apartMs;
    if (Math.abs(movedMs) > JUMP_MS) {
      apartMs += movedMs;
      jumped = true;
      jumpedSinceMeasured = isMeasured; // what was never measured was as wrong before
      // Forward may be a sleep, in which time has passed; back is always somebody setting the clock.
      if (movedMs < 0) offsetMs -= movedMs;
      else sleptMs += movedMs;
      jumpedAtMs = nowMs + offsetMs;
    }
    return nowMs + offsetMs;
  }
}
