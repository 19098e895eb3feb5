import fc from 'fast-check';

/** What happened in a run, so that a test can say that it happened at all. */
export type Tally = Record<string, number>;

interface Schedules {
  readonly runs: number;
  /** How many bytes a schedule has, at least and at most. */
  readonly bytes: readonly [least: number, most: number];
}

/** 10,000 schedules; another seed or number to look further, or to see a failure again. */
export const RUNS = Number(process.env['PLAYER_SCHEDULES'] ?? 10_000);
const SEED = process.env['PLAYER_SEED'];

/** A failure is made simpler for as long as that. */
export const longestMs = (runs: number): number => Math.max(90_000, runs * 9);

/**
 * Runs so many random schedules, and gives what happened in all of them. @throws Error with the seed, for the simplest
 * schedule found that breaks a law
 */
export async function checkSchedules(
  { runs, bytes: [minLength, maxLength] }: Schedules,
  run: (tape: Uint8Array) => Promise<Tally>,
): Promise<Tally> {
  const sum: Tally = {};
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0; // a million failed calls, whose stacks nobody reads, took a tenth of the time
  const schedules = fc.uint8Array({ minLength, maxLength, size: 'max' });
  const property = fc.asyncProperty(schedules, async (tape) => {
    for (const [what, times] of Object.entries(await run(tape))) sum[what] = (sum[what] ?? 0) + times;
  });
  try {
    await fc.assert(property, {
      numRuns: runs,
      ...(SEED !== undefined && { seed: Number(SEED) }),
      interruptAfterTimeLimit: longestMs(runs),
      markInterruptAsFailure: true,
    });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return sum;
}
