import { setTimeout as sleep } from 'node:timers/promises';
import { createClock, type Clock } from '../../../local/clock.ts';
import type { After } from '../../../client/src/timing/timers.ts';

/** Who is due within this time of one another acts at once: a crowd does not queue up. */
const GRAIN_MS = 1000;

/** What is not done after so long in real time is left to go on while time passes: it waits for what is down. */
const PATIENCE_MS = 3000;

interface Timer {
  readonly atMs: number;
  readonly act: () => void;
}

/**
 * The time of a stage whose clock is put forward: it passes as fast as those get on who act in it. What has been begun is
 * waited for before anybody is late for it.
 */
export interface StageTime {
  readonly clock: Clock;
  readonly after: After;
  /** Calls again and again until what it returns is called. */
  every(ms: number, act: () => void): () => void;
  /** Time does not pass before this is done, or has taken too long. */
  during<T>(work: Promise<T>): Promise<T>;
  pass(ms: number): Promise<void>;
}

/** @param leastMs how long a second takes at the least in real time, for those who cannot be waited for */
export function createStageTime(leastMs: () => number): StageTime {
  const clock = createClock();
  const underWay = new Set<Promise<unknown>>();
  let timers: Timer[] = [];

  const after: After = (delayMs, act) => {
    const timer = { atMs: Date.now() + delayMs, act };
    timers.push(timer);
    return () => {
      timers = timers.filter((one) => one !== timer);
    };
  };

  async function settle(): Promise<void> {
    const untilMs = performance.now() + PATIENCE_MS;
    await new Promise(setImmediate); // what an act begins is under way by then
    while (underWay.size > 0 && performance.now() < untilMs) {
      const patience = sleep(untilMs - performance.now(), undefined, { ref: false });
      await Promise.race([Promise.allSettled(underWay), patience]);
      await new Promise(setImmediate);
    }
  }

  return {
    clock,
    after,
    every(ms, act) {
      let cancel = after(ms, again);
      function again(): void {
        cancel = after(ms, again);
        act();
      }
      return () => cancel();
    },
    during(work) {
      const done = work.finally(() => underWay.delete(done));
      done.catch(() => {}); // whoever asked hears of it
      underWay.add(done);
      return work;
    },
    async pass(ms) {
      const untilMs = Date.now() + ms;
      while (Date.now() < untilMs) {
        const grain = Math.min(Date.now() + GRAIN_MS, untilMs);
        if (leastMs() > 0) await sleep(leastMs());
        clock.advance(Math.max(0, grain - Date.now()));
        const due = timers.filter(({ atMs }) => atMs <= Date.now());
        timers = timers.filter((timer) => !due.includes(timer));
        for (const { act } of due) act();
        if (due.length > 0) await settle();
      }
      await settle();
    },
  };
}
