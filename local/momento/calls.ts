import type { Subject } from './rpc.ts';

/** One call that arrived, answered or refused. */
export interface RecordedCall extends Subject {
  readonly rpc: string;
  /** The stand-in's clock, in ms. */
  readonly at: number;
  /** The message's own size, without what a protocol puts around it. */
  readonly requestBytes: number;
  /** Of all messages that were sent in answer so far. */
  readonly answerBytes: number;
}

/** Bytes of messages, without what a protocol puts around them. */
export interface Traffic {
  readonly requests: number;
  readonly answers: number;
}

// A runner that is left on for days must not grow; the counts stay exact.
const KEPT = 10_000;

const nothing: Traffic = { requests: 0, answers: 0 };

/** What arrived: the latest calls in order, and how many there were of each RPC. */
export function createCallLog({ now }: { readonly now: () => number }) {
  const latest: RecordedCall[] = [];
  const counts = new Map<string, number>();
  const awaited = new Map<string, (() => void)[]>();
  const bytes = new Map<string, Traffic>();
  const add = (rpc: string, { requests, answers }: Traffic) => {
    const before = bytes.get(rpc) ?? nothing;
    bytes.set(rpc, { requests: before.requests + requests, answers: before.answers + answers });
  };
  return {
    latest: latest as readonly RecordedCall[],
    /** @param rpc for instance `SetIf`; all of them when absent */
    count: (rpc?: string): number =>
      rpc === undefined
        ? [...counts.values()].reduce((sum, count) => sum + count, 0)
        : (counts.get(rpc) ?? 0),
    /** @param rpc as for `count` */
    bytes: (rpc?: string): Traffic =>
      (rpc === undefined ? [...bytes.values()] : [bytes.get(rpc) ?? nothing]).reduce(
        (sum, one) => ({
          requests: sum.requests + one.requests,
          answers: sum.answers + one.answers,
        }),
        nothing,
      ),
    /** Resolves when the next call of this RPC arrives. */
    next: (rpc: string): Promise<void> =>
      new Promise((resolve) => {
        awaited.set(rpc, [...(awaited.get(rpc) ?? []), resolve]);
      }),
    /** @returns a function that hears of each message sent in answer */
    record(rpc: string, subject: Subject, requestBytes: number): (answerBytes: number) => void {
      const call = { rpc, ...subject, at: now(), requestBytes, answerBytes: 0 };
      counts.set(rpc, (counts.get(rpc) ?? 0) + 1);
      add(rpc, { requests: requestBytes, answers: 0 });
      latest.push(call);
      if (latest.length > KEPT) latest.splice(0, KEPT / 2);
      for (const resolve of awaited.get(rpc) ?? []) resolve();
      awaited.delete(rpc);
      return (answerBytes) => {
        call.answerBytes += answerBytes;
        add(rpc, { requests: 0, answers: answerBytes });
      };
    },
  };
}
