import { expect, test } from 'vitest';
import { checkSchedules, longestMs, RUNS } from './model/check-schedules.ts';
import { runTabs } from './model/run-tabs.ts';

const runs = Math.ceil(RUNS / 5);

test(
  'whatever two tabs do, what they keep goes back neither in version nor in its confirmation, and no page starts older',
  async () => {
    const sum = await checkSchedules({ runs, bytes: [20, 120] }, runTabs);
    if (runs < 100) return;
    const all = ['keeps the same', 'keeps a newer', 'tab 0 shows stale', 'tab 1 shows confirmed', 'restore'];
    expect(all.filter((what) => sum[what] === undefined)).toEqual([]);
  },
  longestMs(runs) + 30_000,
);
