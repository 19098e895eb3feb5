import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen, type Listening, readBody } from '../loopback.ts';
import { type LambdaFunction, throttledType } from './function.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const synchronousLimitBytes = 6 * 1024 * 1024;
const asynchronousLimitBytes = 1024 * 1024;

/** How long Lambda waits before it repeats an asynchronous invocation that failed. */
const retryDelaysMs = [60_000, 120_000];

export interface LambdaService extends Listening {
  /** Adds what can be invoked; the endpoint's address has to be known before a function can be told of it. */
  serve(functions: Iterable<LambdaFunction>): void;
}

/**
 * Lambda's `Invoke`, so that a function can invoke another one through the SDK: `RequestResponse`, and `Event` with
 * Lambda's two repetitions. Every other operation is refused by name.
 */
export async function startLambdaService({
  port = 0,
}: { readonly port?: number } = {}): Promise<LambdaService> {
  const functions = new Map<string, LambdaFunction>();
  const retries = new Set<NodeJS.Timeout>();

  const attempt = async (
    target: LambdaFunction,
    payload: string,
    delaysMs: readonly number[],
  ): Promise<void> => {
    const outcome = await target.invoke(payload);
    const [delayMs, ...rest] = delaysMs;
    if (outcome.ok || delayMs === undefined) return;
    const timer = setTimeout(() => {
      retries.delete(timer);
      void attempt(target, payload, rest);
    }, delayMs);
    retries.add(timer.unref());
  };

  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) =>
      refuse(response, 500, 'ServiceException', String(error)),
    );
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, encoded] = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(request.url ?? '') ?? [];
    if (encoded === undefined || request.method !== 'POST') {
      const what = `${request.method} ${request.url} is not supported by the local Lambda endpoint`;
      return refuse(response, 501, 'UnsupportedOperation', what);
    }
    const name = decodeURIComponent(encoded);
    const target = functions.get(name);
    if (target === undefined) {
      return refuse(response, 404, 'ResourceNotFoundException', `Function not found: ${name}`);
    }
    const type = String(request.headers['x-amz-invocation-type'] ?? 'RequestResponse');
    if (type !== 'RequestResponse' && type !== 'Event') {
      return refuse(response, 501, 'UnsupportedOperation', `The invocation type ${type} is not supported`);
    }
    const body = await readBody(request, type === 'Event' ? asynchronousLimitBytes : synchronousLimitBytes);
    if (body === undefined) {
      return refuse(response, 413, 'RequestTooLargeException', 'The event is too large');
    }
    const payload = body.toString() || '{}';
    if (!isJson(payload)) {
      return refuse(response, 400, 'InvalidRequestContentException', 'The event is not JSON');
    }
    if (type === 'Event') {
      void attempt(target, payload, retryDelaysMs);
      return void response.writeHead(202).end();
    }
    const outcome = await target.invoke(payload);
    if (!outcome.ok && outcome.error.errorType === throttledType) {
      return refuse(response, 429, throttledType, outcome.error.errorMessage);
    }
    const headers = { 'content-type': 'application/json', 'x-amz-executed-version': '$LATEST' };
    return outcome.ok
      ? void response.writeHead(200, headers).end(outcome.payload)
      : void response
          .writeHead(200, { ...headers, 'x-amz-function-error': 'Unhandled' })
          .end(JSON.stringify(outcome.error));
  }

  const listening = await listen(server, port);
  return {
    ...listening,
    serve(served) {
      for (const one of served) functions.set(one.name, one).set(one.arn, one);
    },
    async stop() {
      for (const timer of retries) clearTimeout(timer);
      await listening.stop();
    },
  };
}

function isJson(payload: string): boolean {
  try {
    JSON.parse(payload);
    return true;
  } catch {
    return false;
  }
}

function refuse(response: ServerResponse, status: number, type: string, message: string): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': type })
    .end(JSON.stringify({ Type: 'User', Message: message }));
}
