import { mkdirSync } from 'node:fs';
import type { RequestListener, ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import dynalite from 'dynalite';
import { listen, type Listening } from '../loopback.ts';
import { createThrottling, type Throttling } from './throttling.ts';

interface DynamoDbOptions {
  /** 0 takes any free port. */
  readonly port?: number | undefined;
  /** Keeps the tables in LevelDB across restarts; without it they live in memory. */
  readonly directory?: string | undefined;
}

export interface DynamoDbStandIn extends Listening {
  /** How many calls have arrived since the start. */
  readonly calls: number;
  /** How many of them are signed with this access key, which in the runner is a function's name. */
  callsBy(accessKeyId: string): number;
  /** From now on calls for items are refused, as those of a table that is asked for too much. */
  throttle(throttling?: Throttling): void;
  unthrottle(): void;
  /** How many calls were refused for that. */
  readonly throttled: number;
}

/** A call that takes longer when the stand-in is stopped is broken off. */
const LONGEST_ANSWER_MS = 5000;

/** DynamoDB by dynalite, on 127.0.0.1. It has no transactions, streams, backups or expiry by TTL. */
export async function startDynamoDb({ port = 0, directory }: DynamoDbOptions = {}): Promise<DynamoDbStandIn> {
  if (directory !== undefined) mkdirSync(directory, { recursive: true });
  const immediately = { createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 };
  const server = dynalite({ ...immediately, ...(directory !== undefined && { path: directory }) });
  let calls = 0;
  const callsBy = new Map<string, number>();
  const throttling = createThrottling();
  const answering = new Set<ServerResponse>();
  const [answer] = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request').on('request', (request, response) => {
    const { headers } = request;
    calls += 1;
    const [, accessKeyId = ''] = /Credential=([^/]+)\//.exec(headers.authorization ?? '') ?? [];
    callsBy.set(accessKeyId, (callsBy.get(accessKeyId) ?? 0) + 1);
    if (throttling.strikes(request, response)) return;
    answering.add(response);
    const end = response.end.bind(response) as (...given: unknown[]) => ServerResponse;
    response.end = (...given: unknown[]) => {
      answering.delete(response);
      return end(...given);
    };
    answer?.(request, response);
  });
  const listening = await listen(server, port);
  return {
    ...listening,
    get calls() {
      return calls;
    },
    callsBy: (accessKeyId) => callsBy.get(accessKeyId) ?? 0,
    throttle: (which = {}) => throttling.start(which),
    unthrottle: () => throttling.stop(),
    get throttled() {
      return throttling.refused;
    },
    /** Whoever asked may be gone, as a function that was stopped: dynalite goes on all the same, and needs its store. */
    async stop() {
      const untilMs = performance.now() + LONGEST_ANSWER_MS;
      while (answering.size > 0 && performance.now() < untilMs) await nextTurn();
      await listening.stop();
    },
  };
}
