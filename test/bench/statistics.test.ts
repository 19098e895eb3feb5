import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { summarize } from '../../bench/statistics.ts';

describe('a summary of samples', () => {
  it('gives the middle one, the extremes and the one that 99 of 100 do not exceed', () => {
    const samples = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(summarize(samples)).toEqual({ count: 100, min: 1, p50: 50, p99: 99, max: 100 });
  });

  it('sorts by size, not as text', () => {
    expect(summarize([9, 100, 10]).p50).toBe(10);
  });

  it('gives the worst as p99 while there are fewer than a hundred', () => {
    expect(summarize([1, 2, 3, 40]).p99).toBe(40);
  });

  it('leaves the samples in their order', () => {
    const samples = [3, 1, 2];
    summarize(samples);
    expect(samples).toEqual([3, 1, 2]);
  });

  it('reports only what was measured, in order of size', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1 }), (samples) => {
        const { min, p50, p99, max } = summarize(samples);
        for (const value of [min, p50, p99, max]) expect(samples).toContain(value);
        expect([min, p50, p99, max]).toEqual([min, p50, p99, max].toSorted((a, b) => a - b));
      }),
    );
  });

  it('says nothing of no samples', () => {
    expect(() => summarize([])).toThrow(RangeError);
  });
});
