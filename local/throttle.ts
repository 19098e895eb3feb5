export interface ThrottleSettings {
  /** Requests per second in the long run. */
  readonly rate: number;
  /** Requests at once after a pause. */
  readonly burst: number;
}

/** A token bucket: says for each request whether it may pass. */
export function createThrottle(
  { now }: { readonly now: () => number },
  { rate, burst }: ThrottleSettings,
): () => boolean {
  let tokens = burst;
  let filledAtMs = now();
  return () => {
    const nowMs = now();
    tokens = Math.min(burst, tokens + ((nowMs - filledAtMs) / 1000) * rate);
    filledAtMs = nowMs;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
