interface Timer {
  atMs: number;
  readonly setAtMs: number;
  readonly act: () => void;
  readonly isDevice: boolean;
}

/** Deep enough for whatever one event sets free; what is left over goes on at the next. */
const MICROTASKS = 30;
/** Ten times as many as the longest schedules need: with more of them, something calls itself without getting on. */
const MOST_ACTS = 20_000;
const DONE = Promise.resolve();

/** The true time, and what a device makes of it: its clock may be wrong, and its timers stand still while it sleeps. */
export function fakeTime(startMs: number) {
  let nowMs = startMs;
  let wrongByMs = 0;
  let sleptMs = 0;
  let asleepSinceMs: number | undefined;
  let timers: Timer[] = [];
  let acts = 0;

  const at = (isDevice: boolean) => (delayMs: number, act: () => void) => {
    const timer = { atMs: nowMs + Math.max(delayMs, 0), setAtMs: nowMs, act, isDevice };
    let place = timers.length;
    while (place > 0 && timers[place - 1]!.atMs > timer.atMs) place--;
    timers.splice(place, 0, timer);
    return () => {
      const index = timers.indexOf(timer);
      if (index >= 0) timers.splice(index, 1);
    };
  };

  return {
    now: () => nowMs,
    /** A timer of the world's. */
    after: at(false),
    device: {
      now: () => nowMs + wrongByMs,
      steadyNow: () => nowMs - startMs - sleptMs,
      after: at(true),
      setBy(ms: number) {
        wrongByMs += ms;
      },
      sleep() {
        asleepSinceMs = nowMs;
      },
      /** `late`: timers go on where they were, as if no time had passed; otherwise those that are overdue act now. */
      wake(late: boolean) {
        const sinceMs = asleepSinceMs!;
        asleepSinceMs = undefined;
        sleptMs += nowMs - sinceMs;
        for (const timer of timers) {
          if (!timer.isDevice) continue;
          const standsStillMs = late ? nowMs - Math.max(sinceMs, timer.setAtMs) : 0;
          timer.atMs = Math.max(timer.atMs + standsStillMs, nowMs);
        }
        timers.sort((a, b) => a.atMs - b.atMs);
      },
      /** A page that is gone takes its timers with it. */
      forget() {
        timers = timers.filter(({ isDevice }) => !isDevice);
      },
    },
    /** @throws Error when more has happened by now than any schedule needs */
    async pass(ms: number): Promise<void> {
      const endMs = nowMs + ms;
      for (;;) {
        const index = timers.findIndex((timer) => asleepSinceMs === undefined || !timer.isDevice);
        const next = timers[index];
        if (!next || next.atMs > endMs) break;
        timers.splice(index, 1);
        nowMs = Math.max(nowMs, next.atMs);
        if (++acts > MOST_ACTS) throw new Error(`it does not get on: ${acts} timers by now`);
        next.act();
        await settled();
      }
      nowMs = endMs;
      await settled();
    },
  };
}

export type FakeTime = ReturnType<typeof fakeTime>;

async function settled(): Promise<void> {
  for (let n = 0; n < MICROTASKS; n++) await DONE;
}
