/** What a set of samples comes to, in the samples' own unit. */
export interface Summary {
  readonly count: number;
  readonly min: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** @throws RangeError when there are no samples, since nothing can be said of none. */
export function summarize(samples: readonly number[]): Summary {
  const sorted = samples.toSorted((a, b) => a - b);
  return {
    count: sorted.length,
    min: percentile(sorted, 0),
    p50: percentile(sorted, 50),
    p99: percentile(sorted, 99),
    max: percentile(sorted, 100),
  };
}

/**
 * The nearest-rank percentile: the smallest sample that at least `percent` of all samples do not exceed. Always a
 * sample that was measured, never a value between two.
 */
function percentile(sorted: readonly number[], percent: number): number {
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  const sample = sorted[rank - 1];
  if (sample === undefined) throw new RangeError('there are no samples');
  return sample;
}
