/** What a latency is of: from the service's clock to hearing a message, or from pressing Pay to seeing the title open. */
export type LatencyKind = 'message' | 'purchase';

export interface Latency {
  readonly kind: LatencyKind;
  readonly ms: number;
}

/** One line of the log. */
export interface LogEntry {
  /** When it was heard; the service's time, in ms since the epoch. */
  readonly atMs: number;
  readonly type: string;
  readonly version?: string | undefined;
  readonly text: string;
  readonly latency?: Latency | undefined;
}

/** How many lines are kept. */
const MOST_ENTRIES = 50;

/** The log with one more line: newest first, and what is too much is forgotten. */
export function withEntry(log: readonly LogEntry[], entry: LogEntry): readonly LogEntry[] {
  return [entry, ...log].slice(0, MOST_ENTRIES);
}

/** What a number of latencies come to. */
export interface LatencySummary {
  readonly count: number;
  /** Half of them took at most this long. */
  readonly medianMs: number;
  readonly longestMs: number;
}

/** Of one kind; `undefined` when there are none. */
export function summaryOf(log: readonly LogEntry[], kind: LatencyKind): LatencySummary | undefined {
  const sorted = log
    .flatMap(({ latency }) => (latency?.kind === kind ? [latency.ms] : []))
    .toSorted((a, b) => a - b);
  const medianMs = sorted[Math.ceil(sorted.length / 2) - 1];
  const longestMs = sorted.at(-1);
  if (medianMs === undefined || longestMs === undefined) return undefined;
  return { count: sorted.length, medianMs, longestMs };
}
