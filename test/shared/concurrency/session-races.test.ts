import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runSchedule, type Tally } from '../../support/session-model.ts';

/** 10,000 schedules; another seed or number to look further, or to see a failure again. */
const RUNS = Number(process.env['SESSION_RACES'] ?? 10_000);
const SEED = process.env['SESSION_SEED'];

test('no order of operations gives an account a stream too many, or takes one from it', async () => {
  const sum: Tally = {};
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 40, maxLength: 400, size: 'max' }), async (tape) => {
      for (const [what, times] of Object.entries(await runSchedule(tape)))
        sum[what] = (sum[what] ?? 0) + times;
    }),
    {
      numRuns: RUNS,
      ...(SEED !== undefined && { seed: Number(SEED) }),
      interruptAfterTimeLimit: 90_000, // a failure is made simpler for as long as that
      markInterruptAsFailure: true,
    },
  );
  expect(sum['rest']).toBeGreaterThanOrEqual(RUNS);
}, 120_000);
