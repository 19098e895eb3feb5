import { once } from 'node:events';
import { createServer, request as forward, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watchCalls, type CallWatch } from '../../bench/remote-calls.ts';

let watch: CallWatch;
let servers: Server[] = [];
beforeEach(() => {
  watch = watchCalls();
});
afterEach(() => {
  watch.stop();
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  servers = [];
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const PUT = {
  'x-amz-target': 'DynamoDB_20120810.PutItem',
  'amz-sdk-invocation-id': 'b0a5',
  'amz-sdk-request': 'attempt=1; max=3',
};

describe('the calls that reach servers of this process', () => {
  it('are named by what they ask for and timed until their answer is complete', async () => {
    const url = await serve((_, response) => void response.end('{}'));
    const answered = watch.answered('POST /checkout-events');
    await (await fetch(`${url}/checkout-events`, { method: 'POST' })).text();
    await answered;
    await (await fetch(url, { headers: { 'x-amz-target': 'AmazonSQS.SendMessage' } })).text();
    expect(watch.calls.map(({ name }) => name)).toEqual(['POST /checkout-events', 'SQS SendMessage']);
    const [post] = watch.calls;
    expect(post?.finishedMs).toBeGreaterThanOrEqual(post?.startedMs ?? Infinity);
  });

  it('count once when one server passes them on to another, and again when they are repeated', async () => {
    const behind = await serve((_, response) => void response.end('{}'));
    const before = await serve((incoming, response) => {
      forward(behind, { headers: incoming.headers }, (answer) => answer.pipe(response)).end();
    });
    const answered = watch.answered('DynamoDB PutItem');
    await (await fetch(before, { headers: PUT })).text();
    await answered;
    expect(watch.calls).toHaveLength(1);
    await (await fetch(before, { headers: { ...PUT, 'amz-sdk-request': 'attempt=2; max=3' } })).text();
    expect(watch.calls).toHaveLength(2);
  });

  it('are forgotten once answered, while a long poll that still waits is kept', async () => {
    const held = Promise.withResolvers<void>();
    const waiting = Promise.withResolvers<void>();
    const url = await serve((request, response) => {
      if (request.url === '/poll') {
        waiting.resolve();
        void held.promise.then(() => response.end());
      } else {
        response.end();
      }
    });
    const poll = fetch(`${url}/poll`);
    await waiting.promise;
    const answered = watch.answered('GET /short');
    await (await fetch(`${url}/short`)).text();
    await answered;
    watch.forget();
    expect(watch.calls.map(({ name }) => name)).toEqual(['GET /poll']);
    held.resolve();
    await poll;
  });

  it('can be waited for until so many are under way at once', async () => {
    const held: (() => void)[] = [];
    const url = await serve((_, response) => void held.push(() => response.end()));
    let both = false;
    const underWay = watch.underWay('GET /poll', 2).then(() => (both = true));
    const first = fetch(`${url}/poll`);
    await watch.underWay('GET /poll', 1);
    expect(both).toBe(false);
    const second = fetch(`${url}/poll`);
    await underWay;
    for (const release of held) release();
    await Promise.all([first, second]);
  });

  it('are left alone after the watch has ended', async () => {
    watch.stop();
    const url = await serve((_, response) => void response.end());
    await (await fetch(url)).text();
    expect(watch.calls).toEqual([]);
  });
});
