import type { createCallLog } from './calls.ts';
import type { createFaults } from './faults.ts';
import { nameOf, type Call, type Reply, type Rpc } from './rpc.ts';
import { invalid, statusOf, unsupported } from './status.ts';
import type { ReadConcern } from './store.ts';

/** A call as a transport receives it: the path, the metadata it cares about, and the unframed message. */
export interface Incoming {
  readonly path: string;
  readonly cacheName: string | undefined;
  readonly token: string | undefined;
  readonly readConcern: string | undefined;
  /** The header `grpc-timeout`, for instance `5S` or `500m`. */
  readonly timeout: string | undefined;
  readonly message: Buffer;
  /** Aborted when the client has gone. */
  readonly gone: AbortSignal;
}

/** Answers a call. `reply` gets exactly one status, and nothing after it or after the client has gone. */
export type Dispatch = (incoming: Incoming, reply: Reply<Buffer>) => void;

export function createDispatch({
  rpcs,
  calls,
  faults,
}: {
  readonly rpcs: readonly Rpc[];
  readonly calls: Pick<ReturnType<typeof createCallLog>, 'record'>;
  readonly faults: Pick<ReturnType<typeof createFaults>, 'next'>;
}): Dispatch {
  const byPath = new Map(rpcs.map((rpc) => [rpc.path, rpc]));

  return (incoming, reply) => {
    const { signal, once } = untilEnded(incoming, reply);
    try {
      const rpc = byPath.get(incoming.path);
      if (rpc === undefined) {
        calls.record(nameOf(incoming.path), {}, incoming.message.length);
        throw unsupported(incoming.path);
      }
      const call: Call = {
        cacheName: incoming.cacheName,
        token: incoming.token,
        readConcern: readConcernOf(incoming.readConcern),
        signal,
      };
      const prepared = rpc.prepare(call, incoming.message);
      const answered = calls.record(rpc.name, prepared.subject, incoming.message.length);
      const failure = faults.next(rpc.name, prepared.subject);
      const carryOut = () => prepared.run(counted(once, answered));
      if (failure === undefined) return carryOut();
      if (failure.until !== undefined) return void failure.until.then(carryOut);
      if (failure.takesEffect) prepared.run({ send: () => undefined, end: () => undefined });
      if (failure.status !== undefined) once.end(failure.status);
    } catch (error) {
      once.end(statusOf(error));
    }
  };
}

function counted(reply: Reply<Buffer>, answered: (bytes: number) => void): Reply<Buffer> {
  return {
    send(message) {
      answered(message.length);
      reply.send(message);
    },
    end: (status) => reply.end(status),
  };
}

/** An abort without a reason makes an error with a stack, which nobody reads and every call would pay for. */
const ENDED = 'the call has ended';

/** Lets one status through, ends the call at its deadline, and tells the RPC when it is over. */
function untilEnded({ gone, timeout }: Incoming, reply: Reply<Buffer>) {
  const over = new AbortController();
  const deadlineMs = millisecondsOf(timeout);
  const timer =
    deadlineMs === undefined
      ? undefined
      : setTimeout(() => end({ code: 'DEADLINE_EXCEEDED', message: 'The deadline has passed' }), deadlineMs);
  over.signal.addEventListener('abort', () => clearTimeout(timer));
  if (gone.aborted) over.abort(ENDED);
  else gone.addEventListener('abort', () => over.abort(ENDED), { once: true });

  const end: Reply<Buffer>['end'] = (status) => {
    if (over.signal.aborted) return;
    over.abort(ENDED);
    reply.end(status);
  };
  const send: Reply<Buffer>['send'] = (message) => {
    if (!over.signal.aborted) reply.send(message);
  };
  return { signal: over.signal, once: { send, end } };
}

// Longer than this setTimeout fires at once; nobody waits 24 days for an answer.
const MAX_TIMER_MS = 2 ** 31 - 1;
const unitMs = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 } as const;

function millisecondsOf(timeout: string | undefined): number | undefined {
  const [, amount, unit] = /^(\d+)([HMSmun])$/.exec(timeout ?? '') ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  return Math.min(MAX_TIMER_MS, Number(amount) * unitMs[unit as keyof typeof unitMs]);
}

/** The SDKs leave the header out for BALANCED. */
function readConcernOf(header: string | undefined): ReadConcern {
  const concern = header?.toLowerCase() ?? 'balanced';
  if (concern === 'balanced' || concern === 'consistent' || concern === 'express') return concern;
  throw invalid('The read concern is balanced, consistent or express');
}
