/** When a call arrived at its server and when its answer was complete, in milliseconds on one clock. */
export interface TimedCall {
  readonly name: string;
  readonly arrivedMs: number;
  readonly answeredMs: number;
}

/**
 * The calls that the last one had to wait for, one after the other, itself included: before each stands the call that
 * was answered last before it arrived. Calls that ran beside them are left out.
 */
export function sequenceTo<Call extends TimedCall>(last: Call, calls: readonly Call[]): readonly Call[] {
  const [before] = calls
    .filter(({ answeredMs }) => answeredMs <= last.arrivedMs)
    .toSorted((a, b) => b.answeredMs - a.answeredMs);
  return before === undefined ? [last] : [...sequenceTo(before, calls), last];
}
