import type { Subject } from './rpc.ts';

/** One call that arrived, answered or refused. */
export interface RecordedCall extends Subject {
  readonly rpc: string;
  /** The stand-in's clock, in ms. */
  readonly at: number;
}

// A runner that is left on for days must not grow; the counts stay exact.
const KEPT = 10_000;

/** What arrived: the latest calls in order, and how many there were of each RPC. */
export function createCallLog({ now }: { readonly now: () => number }) {
  const latest: RecordedCall[] = [];
  const counts = new Map<string, number>();
  return {
    latest: latest as readonly RecordedCall[],
    /** @param rpc for instance `SetIf`; all of them when absent */
    count: (rpc?: string): number =>
      rpc === undefined
        ? [...counts.values()].reduce((sum, count) => sum + count, 0)
        : (counts.get(rpc) ?? 0),
    record(rpc: string, subject: Subject): void {
      counts.set(rpc, (counts.get(rpc) ?? 0) + 1);
      latest.push({ rpc, ...subject, at: now() });
      if (latest.length > KEPT) latest.splice(0, KEPT / 2);
    },
  };
}
