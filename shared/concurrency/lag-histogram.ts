/** In milliseconds; `p50` to the ten, `null` where nothing was measured. */
export interface Lag {
  readonly p50: number | null;
  readonly max: number | null;
}

const BUCKET_MS = 10;

/** Measures any number of lags in fixed memory; those beyond ten seconds count as ten for the median. */
export function lagHistogram(): { add(ms: number): void; read(): Lag } {
  const buckets = new Uint32Array(1000);
  let [measured, longest] = [0, 0];

  return {
    add(ms) {
      buckets[Math.min(buckets.length - 1, Math.max(0, Math.floor(ms / BUCKET_MS)))]! += 1;
      measured += 1;
      longest = Math.max(longest, ms);
    },
    read() {
      if (measured === 0) return { p50: null, max: null };
      let passed = 0;
      const median = buckets.findIndex((count) => (passed += count) * 2 >= measured);
      return { p50: median * BUCKET_MS, max: longest };
    },
  };
}
