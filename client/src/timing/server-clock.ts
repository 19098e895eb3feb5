/** This device's two clocks, in ms: one that can be set (`Date.now`), one that only runs (`performance.now`). */
interface LocalClocks {
  readonly now: () => number;
  readonly steadyNow: () => number;
}

/** What of a clock outlives a page: how far the service's time is ahead of the device's, and the latest seen of it. */
export interface ClockMark {
  readonly offsetMs: number;
  readonly seenAtMs: number;
}

/** The service's time, as well as this device can know it. */
export interface ServerClock {
  /** In ms since the epoch. Setting the device's clock back does not set it back. */
  now(): number;
  /** An answer of the service's that says when it was made; `sentAtMs` is what `now` gave before asking. */
  measure(issuedAtMs: number, sentAtMs: number): void;
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
  let apartMs = local.now() - local.steadyNow();
  let jumped = false;
  let isMeasured = false;

  return {
    now,
    measure(issuedAtMs, sentAtMs) {
      isMeasured = true;
      const receivedAtMs = now();
      // What the answer does not contradict stays: a slow call knows less than the quicker one before.
      if (sentAtMs <= issuedAtMs && issuedAtMs <= receivedAtMs) return;
      offsetMs += issuedAtMs - (sentAtMs + receivedAtMs) / 2;
    },
    hasJumped() {
      now();
      const answer = jumped;
      jumped = false;
      return answer;
    },
    resume(mark) {
      if (isMeasured) return;
      offsetMs = mark.offsetMs;
      offsetMs += Math.max(0, mark.seenAtMs - now());
    },
    mark: () => ({ seenAtMs: now(), offsetMs }),
  };

  function now(): number {
    const nowMs = local.now();
    const movedMs = nowMs - local.steadyNow() - apartMs;
    if (Math.abs(movedMs) > JUMP_MS) {
      apartMs += movedMs;
      jumped = true;
      // Forward may be a sleep, in which time has passed; back is always somebody setting the clock.
      if (movedMs < 0) offsetMs -= movedMs;
    }
    return nowMs + offsetMs;
  }
}
