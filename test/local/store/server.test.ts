import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listen, type Listening, readBody } from '../../../local/loopback.ts';
import { startStore } from '../../../local/store/server.ts';

const secret = `whsec_${Buffer.from('the secret that both sides know!').toString('base64')}`;

interface Delivery {
  readonly path: string | undefined;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

let api: Listening;
let store: Listening;
let deliveries: Delivery[];

beforeEach(async () => {
  deliveries = [];
  api = await listen(
    createServer((request, response) => {
      void readBody(request, 1e9).then((body = Buffer.alloc(0)) => {
        deliveries.push({ path: request.url, headers: request.headers as Record<string, string>, body });
        return response
          .writeHead(202, { 'content-type': 'application/problem+json', 'retry-after': '7' })
          .end('{"a":1}');
      });
    }),
  );
  store = await startStore({ apiUrl: `${api.url}/dev`, secret: () => secret });
});
afterEach(async () => {
  await store.stop();
  await api.stop();
});

function post(body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${store.url}/events`, { method: 'POST', body, headers });
}

function verify({ headers, body }: Delivery): unknown {
  return new Webhook(secret).verify(body.toString(), headers);
}

test('signs an event, delivers it and answers what the API answered', async () => {
  const response = await post('{"id":"evt_1"}');
  expect(response.status).toBe(202);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(response.headers.get('retry-after')).toBe('7');
  expect(await response.json()).toEqual({ a: 1 });
  expect(deliveries.map(({ path }) => path)).toEqual(['/dev/checkout-events']);
  expect(verify(deliveries[0]!)).toEqual({ id: 'evt_1' });
});

test.each(['{bad json', '', '{ "spaces":  1 }', 'ümläut'])('passes %j through byte by byte', async (body) => {
  await post(body);
  const [delivery] = deliveries;
  expect(delivery?.body.toString()).toBe(body);
  expect(() =>
    new Webhook(secret).verify(body, delivery!.headers, { parseJson: false } as never),
  ).not.toThrow(/signature/i);
});

test('delivers without a signature, on request', async () => {
  await post('{}', { 'x-store-fault': 'unsigned' });
  expect(Object.keys(deliveries[0]!.headers).filter((name) => name.startsWith('webhook-'))).toEqual([]);
});

test.each([
  ['forged', /No matching signature/],
  ['stale', /too old/],
])('spoils the signature on request: %s', async (fault, message) => {
  await post('{}', { 'x-store-fault': fault });
  expect(() => verify(deliveries[0]!)).toThrow(message);
});

test('refuses a fault it does not know', async () => {
  expect((await post('{}', { 'x-store-fault': 'slow' })).status).toBe(400);
  expect(deliveries).toEqual([]);
});

test('lets any page call it', async () => {
  const preflight = await fetch(`${store.url}/events`, { method: 'OPTIONS' });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-headers')).toContain('x-store-fault');
  expect((await post('{}')).headers.get('access-control-allow-origin')).toBe('*');
});

test('says so when the API cannot be reached', async () => {
  await api.stop();
  expect((await post('{}')).status).toBe(502);
});
