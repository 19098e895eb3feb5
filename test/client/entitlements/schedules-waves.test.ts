import { expect, test } from 'vitest';
import { checkSchedules, longestMs, RUNS } from './model/check-schedules.ts';
import { runWaves } from './model/run-waves.ts';

const runs = Math.ceil(RUNS / 10);

test(
  'whatever waves come, each is followed once and in its time: not after an abort, when it is shown if it is hidden',
  async () => {
    const sum = await checkSchedules({ runs, bytes: [12, 60] }, runWaves);
    if (runs < 100) return;
    const all = ['turn', 'turn when shown', 'is called off', 'is not concerned any more', 'reads cache'];
    expect(all.filter((what) => sum[what] === undefined)).toEqual([]);
  },
  longestMs(runs) + 30_000,
);
