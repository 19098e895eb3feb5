import { describe, expect, it } from 'vitest';
import { lookForBoundaries } from '../../functions/announce-boundaries.ts';
import type { Run } from '../../shared/entitlements/announce-boundaries.ts';
import { capturedLog } from '../support/captured-log.ts';

const done: Run = { requested: 3, buckets: 16, lateSeconds: 0, overtaken: false };
const now = () => 1000;

describe('the run that is started every minute', () => {
  it('has forty seconds, which leaves the function time to finish what is under way', async () => {
    const untils: number[] = [];
    capturedLog();
    const announce = async (untilMs: number) => {
      untils.push(untilMs);
      return done;
    };
    await lookForBoundaries({ announce, now })();
    expect(untils).toEqual([41_000]);
  });

  it.each([
    [0, 'INFO'],
    [61, 'WARN'],
  ])('that is %i seconds late says so in one line, which an alarm counts', async (lateSeconds, level) => {
    const log = capturedLog();
    await lookForBoundaries({ announce: async () => ({ ...done, lateSeconds }), now })();
    expect(log.lines()).toMatchObject([
      { level, message: 'looked for boundaries', requested: 3, buckets: 16, lateSeconds },
    ]);
  });

  it('that fails is an error of the function, which an alarm counts too', async () => {
    const announce = () => Promise.reject(new Error('down'));
    await expect(lookForBoundaries({ announce, now })()).rejects.toThrow('down');
  });
});
