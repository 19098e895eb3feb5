import { cache as cacheTypes, pubsub } from '@gomomento/generated-types';
import { expect, test } from 'vitest';
import { statusCodes } from '../../../local/momento/status.ts';
import { CACHE, startForTest } from './fixtures.ts';
import { callByWeb } from './grpc-web.ts';

const scs = cacheTypes.cache_client.UnimplementedScsService.definition;
const { _GetRequest, _SetRequest } = cacheTypes.cache_client;
const { _SubscriptionItem, _SubscriptionRequest, UnimplementedPubsubService } = pubsub.cache_client.pubsub;

const set = (key: string, value: string) =>
  new _SetRequest({ cache_key: Buffer.from(key), cache_body: Buffer.from(value), ttl_milliseconds: 60_000 });

test.each(['binary', 'text'] as const)(
  'gRPC-Web in its %s form answers messages and status',
  async (form) => {
    const momento = await startForTest();
    const metadata = { cache: CACHE, authorization: momento.mintKey('data') };
    const stored = await callByWeb(momento.url, scs.Set, set('k', 'größe'), metadata, form);
    expect(stored).toMatchObject({ code: statusCodes.OK, http: { status: 200 } });
    const get = new _GetRequest({ cache_key: Buffer.from('k') });
    const { responses, http } = await callByWeb(momento.url, scs.Get, get, metadata, form);
    expect(Buffer.from(responses[0]?.cache_body ?? []).toString()).toBe('größe');
    expect(http.headers.get('content-type')).toContain(form === 'text' ? 'grpc-web-text' : 'grpc-web+proto');
  },
);

test.each(['binary', 'text'] as const)(
  'gRPC-Web in its %s form carries errors with their cause',
  async (form) => {
    const momento = await startForTest();
    const metadata = { cache: CACHE, authorization: momento.mintKey('data') };
    const tooLarge = await callByWeb(momento.url, scs.Set, set('k', 'x'.repeat(5_000_000)), metadata, form);
    expect(tooLarge).toMatchObject({
      code: statusCodes.RESOURCE_EXHAUSTED,
      cause: 'item_size_limit_exceeded',
    });
    const huge = await callByWeb(momento.url, scs.Set, set('k', 'x'.repeat(7_000_000)), metadata, form);
    expect(huge).toMatchObject({
      code: statusCodes.RESOURCE_EXHAUSTED,
      cause: 'request_size_limit_exceeded',
    });
    const unknown = await callByWeb(
      momento.url,
      scs.Set,
      set('k', 'v'),
      { ...metadata, cache: 'absent' },
      form,
    );
    expect(unknown).toMatchObject({
      code: statusCodes.NOT_FOUND,
      message: 'A cache with the specified name does not exist.',
    });
  },
);

test('a browser is told at once that its subscription stands, then hears messages as they come', async () => {
  const momento = await startForTest();
  const key = momento.mintKey('data');
  const gone = new AbortController();
  const request = new _SubscriptionRequest({ cache_name: CACHE, topic: 'room' });
  const bytes = UnimplementedPubsubService.definition.Subscribe.requestSerialize(request);
  const header = Buffer.alloc(5);
  header.writeUInt32BE(bytes.length, 1);
  const response = await fetch(`${momento.url}${UnimplementedPubsubService.definition.Subscribe.path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/grpc-web-text', authorization: key },
    body: Buffer.concat([header, bytes]).toString('base64'),
    signal: gone.signal,
  });
  const reader = response.body?.getReader();
  const nextItem = async () => {
    const chunk = await reader?.read();
    const frame = Buffer.from(Buffer.from(chunk?.value ?? []).toString(), 'base64');
    return _SubscriptionItem.deserialize(frame.subarray(5));
  };
  expect((await nextItem()).kind).toBe('heartbeat');
  await fetch(`${momento.url}/topics/${CACHE}/room`, {
    method: 'POST',
    headers: { authorization: key },
    body: 'hi',
  });
  expect((await nextItem()).item.value.text).toBe('hi');
  gone.abort();
});

test('a preflight allows what the browser SDK sends, and every answer can be read across origins', async () => {
  const momento = await startForTest();
  const preflight = await fetch(`${momento.url}${scs.Get.path}`, {
    method: 'OPTIONS',
    headers: {
      origin: 'http://localhost:3000',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,cache,x-grpc-web',
    },
  });
  expect(preflight.status).toBe(204);
  const allowed = preflight.headers.get('access-control-allow-headers')?.split(',') ?? [];
  expect(allowed).toEqual(
    expect.arrayContaining([
      'authorization',
      'cache',
      'agent',
      'runtime-version',
      'content-type',
      'grpc-timeout',
    ]),
  );
  expect(allowed).toEqual(expect.arrayContaining(['x-grpc-web', 'x-user-agent', 'read-concern']));
  expect(allowed).not.toContain('x-anything');
  expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
  const refused = await fetch(`${momento.url}/topics/${CACHE}/room`, { method: 'POST', body: 'x' });
  expect(refused.status).toBe(401);
  expect(refused.headers.get('access-control-allow-origin')).toBe('*');
  const get = new _GetRequest({ cache_key: Buffer.from('k') });
  const { http } = await callByWeb(momento.url, scs.Get, get, { cache: CACHE });
  expect(http.headers.get('access-control-expose-headers')).toBe('grpc-status,grpc-message,err');
});

test('a request that is cut short, compressed or no message at all is refused', async () => {
  const momento = await startForTest();
  const send = async (body: Buffer<ArrayBuffer>) => {
    const response = await fetch(`${momento.url}${scs.Get.path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/grpc-web+proto', cache: CACHE },
      body,
    });
    return Number(/grpc-status: (\d+)/.exec(await response.text())?.[1]);
  };
  expect(await send(Buffer.of(0, 0))).toBe(statusCodes.INVALID_ARGUMENT);
  expect(await send(Buffer.of(0, 0, 0, 0, 9, 1))).toBe(statusCodes.INVALID_ARGUMENT);
  expect(await send(Buffer.of(1, 0, 0, 0, 0))).toBe(statusCodes.UNIMPLEMENTED);
  expect(await send(Buffer.of(0, 0, 0, 0, 2, 0xff, 0xff))).toBe(statusCodes.INVALID_ARGUMENT);
});
