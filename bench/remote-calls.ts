import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { nowMs } from './clock.ts';

/** One call that reached a server of this process. Times are those of `nowMs`. */
export interface RemoteCall {
  /** `DynamoDB GetItem`, `Momento Publish`, `POST /dev/checkout-events`. */
  readonly name: string;
  readonly startedMs: number;
  /** When its answer was complete; undefined as long as it is not. */
  readonly finishedMs: number | undefined;
}

export interface CallWatch {
  /** All calls since the last `forget`, in the order in which they arrived. */
  readonly calls: readonly RemoteCall[];
  /** Resolves when the next call of this name has been answered. */
  answered(name: string): Promise<void>;
  /** Resolves when this many calls of this name have arrived and are not answered yet. */
  underWay(name: string, count: number): Promise<void>;
  forget(): void;
  stop(): void;
}

/**
 * Watches every call that the servers of this process answer, from Node's own diagnostics channels: the stand-ins run
 * here while the functions run in threads, so what arrives is what a function calls over the network in AWS.
 */
export function watchCalls(): CallWatch {
  let calls: { name: string; startedMs: number; finishedMs: number | undefined }[] = [];
  const open = new WeakMap<object, (typeof calls)[number]>();
  const attempts = new Map<string, object>();
  const waiting = new Map<string, PromiseWithResolvers<void>>();
  let onArrival: (() => void)[] = [];

  const begin = (key: object, name: string) => {
    const call = { name, startedMs: nowMs(), finishedMs: undefined };
    open.set(key, call);
    calls.push(call);
    for (const look of onArrival) look();
  };
  const countUnderWay = (name: string) =>
    calls.filter((call) => call.name === name && call.finishedMs === undefined).length;
  const beginRequest = (request: IncomingMessage) => {
    const attempt = attemptOf(request);
    if (attempt !== undefined && attempts.has(attempt)) return; // the same call, passed on by one server to another
    if (attempt !== undefined) attempts.set(attempt, request);
    begin(request, nameOfRequest(request));
  };
  const endRequest = (request: IncomingMessage) => {
    const attempt = attemptOf(request);
    if (attempt !== undefined && attempts.get(attempt) === request) attempts.delete(attempt);
    end(request);
  };
  const end = (key: object) => {
    const call = open.get(key);
    if (call === undefined) return;
    call.finishedMs = nowMs();
    waiting.get(call.name)?.resolve();
    waiting.delete(call.name);
  };
  const channels: readonly (readonly [string, (message: unknown) => void])[] = [
    ['http.server.request.start', (message) => beginRequest(requestIn(message))],
    ['http.server.response.finish', (message) => endRequest(requestIn(message))],
    ['http2.server.stream.start', (message) => begin(streamIn(message), nameOfRpc(message))],
    ['http2.server.stream.close', (message) => end(streamIn(message))],
  ];
  for (const [channel, listener] of channels) subscribe(channel, listener);

  return {
    get calls() {
      return calls;
    },
    answered(name) {
      const found = waiting.get(name) ?? Promise.withResolvers<void>();
      waiting.set(name, found);
      return found.promise;
    },
    underWay(name, count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = () => {
        if (countUnderWay(name) < count) return;
        onArrival = onArrival.filter((other) => other !== look);
        resolve();
      };
      onArrival = [...onArrival, look];
      look();
      return promise;
    },
    forget() {
      calls = calls.filter(({ finishedMs }) => finishedMs === undefined);
    },
    stop() {
      for (const [channel, listener] of channels) unsubscribe(channel, listener);
    },
  };
}

function requestIn(message: unknown): IncomingMessage {
  return (message as { readonly request: IncomingMessage }).request;
}

function streamIn(message: unknown): ServerHttp2Stream {
  return (message as { readonly stream: ServerHttp2Stream }).stream;
}

/** What AWS's SDK numbers its calls and their retries by. */
function attemptOf({ headers }: IncomingMessage): string | undefined {
  const { 'amz-sdk-invocation-id': call, 'amz-sdk-request': attempt } = headers;
  return call === undefined ? undefined : `${String(call)} ${String(attempt)}`;
}

/** AWS's JSON protocols name the operation in a header: `AmazonSQS.SendMessage`, `DynamoDB_20120810.GetItem`. */
function nameOfRequest({ headers, method, url }: IncomingMessage): string {
  const [, service, operation] =
    /^(?:Amazon)?([A-Za-z]+)[^.]*\.(\w+)$/.exec(String(headers['x-amz-target'])) ?? [];
  return service === undefined ? `${method} ${url}` : `${service} ${operation}`;
}

/** gRPC names it in the path: `/cache_client.Scs/SetIf`. */
function nameOfRpc(message: unknown): string {
  const { headers } = message as { readonly headers: Readonly<Record<string, unknown>> };
  return `Momento ${String(headers[':path']).split('/').at(-1)}`;
}
