import { expect, test } from 'vitest';
import { checkSchedules, longestMs, RUNS } from './model/check-schedules.ts';
import { runSchedule } from './model/run-schedule.ts';

test(
  'whatever happens to a page, it ends with the service’s answer, and never shows an older one after a newer',
  async () => {
    const sum = await checkSchedules({ runs: RUNS, bytes: [20, 120] }, runSchedule);
    expect(sum['settle']).toBeGreaterThanOrEqual(RUNS);
    if (RUNS < 1000) return;
    const all = ['dies', 'reopens', 'loses', 'grace over', 'turn', 'shown after a reload', 'unannounced'];
    expect(all.filter((what) => sum[what] === undefined)).toEqual([]);
  },
  longestMs(RUNS) + 30_000,
);
