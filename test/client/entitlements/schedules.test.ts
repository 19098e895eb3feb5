import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runSchedule, type Tally } from './model/run-schedule.ts';

/** 10,000 schedules; another seed or number to look further, or to see a failure again. */
const RUNS = Number(process.env['PLAYER_SCHEDULES'] ?? 10_000);
const SEED = process.env['PLAYER_SEED'];
const LONGEST_MS = Math.max(90_000, RUNS * 9);

test(
  'whatever happens to a page, it ends with the service’s answer, and never shows an older one after a newer',
  async () => {
    const sum: Tally = {};
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 20, maxLength: 120, size: 'max' }), async (tape) => {
        for (const [what, times] of Object.entries(await runSchedule(tape)))
          sum[what] = (sum[what] ?? 0) + times;
      }),
      {
        numRuns: RUNS,
        ...(SEED !== undefined && { seed: Number(SEED) }),
        interruptAfterTimeLimit: LONGEST_MS, // a failure is made simpler for as long as that
        markInterruptAsFailure: true,
      },
    );
    expect(sum['settle']).toBeGreaterThanOrEqual(RUNS);
    if (RUNS < 1000) return;
    const all = ['dies', 'reopens', 'loses', 'grace over', 'turn', 'shown after a reload', 'unannounced'];
    expect(all.filter((what) => sum[what] === undefined)).toEqual([]);
  },
  LONGEST_MS + 30_000,
);
