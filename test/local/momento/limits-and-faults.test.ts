import { CacheRole, ExpiresIn } from '@gomomento/sdk';
import { expect, test } from 'vitest';
import {
  authClient,
  CACHE,
  cacheClient,
  fakeClock,
  listener,
  outcome,
  startForTest,
  subscribe,
  topicClient,
} from './fixtures.ts';

const readOneKey = { permissions: [{ role: CacheRole.ReadOnly, cache: CACHE, item: { key: 'k' } }] };

test('five tokens a second are minted, the sixth is over the limit, and a second later it is not', async () => {
  const clock = fakeClock();
  const momento = await startForTest({ ...clock, limits: { authPerSecond: 5 } });
  const auth = authClient(momento);
  const mint = async () => outcome(await auth.generateDisposableToken(readOneKey, ExpiresIn.minutes(1)));
  for (let n = 0; n < 5; n += 1) {
    expect(await mint()).toBe('Success');
    clock.advance(100);
  }
  expect(await mint()).toBe('LIMIT_EXCEEDED_ERROR');
  clock.advance(499);
  expect(await mint()).toBe('LIMIT_EXCEEDED_ERROR');
  clock.advance(1);
  expect(await mint()).toBe('Success');
});

test('cache operations are limited, and a multi-element one costs half an operation per element', async () => {
  const clock = fakeClock();
  const momento = await startForTest({ ...clock, limits: { cacheOperationsPerSecond: 4 } });
  const cache = cacheClient(momento);
  const eight = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`field ${n}`, 'v']));
  expect(outcome(await cache.dictionarySetFields(CACHE, 'd', eight))).toBe('Success');
  const refused = await cache.get(CACHE, 'k');
  expect(outcome(refused)).toBe('LIMIT_EXCEEDED_ERROR');
  expect(refused.toString()).toContain('Request rate limit exceeded');
  clock.advance(1000);
  expect(outcome(await cache.dictionaryFetch(CACHE, 'd'))).toBe('Hit');
  expect(outcome(await cache.get(CACHE, 'k'))).toBe('LIMIT_EXCEEDED_ERROR');
  clock.advance(1000);
  expect(outcome(await cache.getBatch(CACHE, ['one', 'two', 'three', 'four']))).toBe('Success');
  expect(outcome(await cache.get(CACHE, 'k'))).toBe('LIMIT_EXCEEDED_ERROR');
});

test('topic traffic is limited by publication and delivery, per begun KB', async () => {
  const clock = fakeClock();
  const momento = await startForTest({ ...clock, limits: { topicUnitsPerSecond: 4 } });
  const client = topicClient(momento);
  await subscribe(client, 'room', listener());
  clock.advance(1000);
  expect(outcome(await client.publish(CACHE, 'room', 'x'.repeat(1025)))).toBe('Success');
  expect(outcome(await client.publish(CACHE, 'nobody', 'x'))).toBe('LIMIT_EXCEEDED_ERROR');
  clock.advance(1000);
  expect(outcome(await client.publish(CACHE, 'nobody', 'x'))).toBe('Success');
});

test('subscriptions are limited while they are open', async () => {
  const momento = await startForTest({ limits: { subscriptions: 1 } });
  const client = topicClient(momento);
  const first = await subscribe(client, 'room', listener());
  const second = await client.subscribe(CACHE, 'room', listener().callbacks);
  expect(outcome(second)).toBe('LIMIT_EXCEEDED_ERROR');
  expect(second.toString()).toContain('Topic subscriptions limit exceeded');
  first.unsubscribe();
  await expect
    .poll(async () => {
      const again = await client.subscribe(CACHE, 'room', listener().callbacks);
      if (again.type === 'Subscription') again.unsubscribe();
      return outcome(again);
    })
    .toBe('Subscription');
});

test('caches are created, listed, flushed and deleted, up to their limit', async () => {
  const momento = await startForTest({ limits: { caches: 2 } });
  const cache = cacheClient(momento);
  expect(outcome(await cache.createCache(CACHE))).toBe('AlreadyExists');
  expect(outcome(await cache.createCache('second'))).toBe('Success');
  expect(outcome(await cache.createCache('third'))).toBe('LIMIT_EXCEEDED_ERROR');
  const list = await cache.listCaches();
  expect(list.type === 'Success' ? list.getCaches().map((info) => info.getName()) : list.type).toEqual([
    CACHE,
    'second',
  ]);
  await cache.set('second', 'k', 'v');
  expect(outcome(await cache.flushCache('second'))).toBe('Success');
  expect(outcome(await cache.get('second', 'k'))).toBe('Miss');
  expect(outcome(await cache.deleteCache('second'))).toBe('Success');
  expect(outcome(await cache.get('second', 'k'))).toBe('NOT_FOUND_ERROR');
  expect(outcome(await cache.deleteCache('second'))).toBe('NOT_FOUND_ERROR');
  expect(outcome(await cache.flushCache('second'))).toBe('NOT_FOUND_ERROR');
  expect(outcome(await cache.createCache('no spaces'))).toBe('INVALID_ARGUMENT_ERROR');
});

test('the next calls of an RPC fail as asked, others do not, and then it works again', async () => {
  const momento = await startForTest();
  const cache = cacheClient(momento);
  momento.fail({ rpc: 'SetIf', code: 'UNAVAILABLE', times: 2, message: 'Out for lunch' });
  expect(outcome(await cache.set(CACHE, 'k', 'v'))).toBe('Success');
  const failed = await cache.setIfAbsent(CACHE, 'slot', 'v');
  expect(outcome(failed)).toBe('SERVER_UNAVAILABLE');
  expect(failed.toString()).toContain('Out for lunch');
  expect(outcome(await cache.setIfAbsent(CACHE, 'slot', 'v'))).toBe('SERVER_UNAVAILABLE');
  expect(outcome(await cache.setIfAbsent(CACHE, 'slot', 'v'))).toBe('Stored');
});

test('a call can take effect although its answer is lost', async () => {
  const momento = await startForTest();
  const cache = cacheClient(momento);
  momento.fail({ rpc: 'SetIf', code: 'DEADLINE_EXCEEDED', takesEffect: true });
  expect(outcome(await cache.setIfAbsent(CACHE, 'slot', 'v'))).toBe('TIMEOUT_ERROR');
  expect((await cache.get(CACHE, 'slot')).value()).toBe('v');
});

test('a call can be kept waiting while others are answered', async () => {
  const momento = await startForTest();
  const cache = cacheClient(momento);
  const { promise: until, resolve: proceed } = Promise.withResolvers<void>();
  momento.fail({ rpc: 'SetIf', until });
  const arrived = momento.nextCall('SetIf');
  const waiting = cache.setIfAbsent(CACHE, 'slot', 'v');
  await arrived;
  expect(outcome(await cache.get(CACHE, 'slot'))).toBe('Miss');
  proceed();
  expect(outcome(await waiting)).toBe('Stored');
  expect((await cache.get(CACHE, 'slot')).value()).toBe('v');
});

test('a fault for an RPC that does not exist is refused', async () => {
  const momento = await startForTest();
  expect(() => momento.fail({ rpc: 'SetIff', code: 'UNAVAILABLE' })).toThrow('SetIff');
});

test('calls are recorded with their cache and key, so that round trips can be counted', async () => {
  const clock = fakeClock();
  const momento = await startForTest(clock);
  const cache = cacheClient(momento);
  await cache.get(CACHE, 'a');
  clock.advance(5);
  await cache.setIfEqual(CACHE, 'slot', 'v', 'v');
  await cache.getBatch(CACHE, ['a', 'b']);
  await topicClient(momento).publish(CACHE, 'room', 'x');
  expect(momento.calls).toMatchObject([
    { rpc: 'Get', cache: CACHE, key: 'a', at: clock.now() - 5 },
    { rpc: 'SetIf', cache: CACHE, key: 'slot', at: clock.now() },
    { rpc: 'GetBatch', cache: CACHE, at: clock.now() },
    { rpc: 'Publish', cache: CACHE, key: 'room', at: clock.now() },
  ]);
  expect(momento.countCalls()).toBe(4);
  expect(momento.countCalls('SetIf')).toBe(1);
  expect(momento.countCalls('Set')).toBe(0);
});

test('it listens on loopback only', async () => {
  const momento = await startForTest();
  expect(new URL(momento.url).hostname).toBe('127.0.0.1');
});
