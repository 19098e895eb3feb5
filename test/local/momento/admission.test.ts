/* What exact admission and the tracker ask of Momento, through the real SDK. */
import { CollectionTtl, ExpiresIn, ReadConcern, TopicRole } from '@gomomento/sdk';
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { MomentoStandIn } from '../../../local/momento/server.ts';
import {
  CACHE,
  cacheClient,
  disposableToken,
  fakeClock,
  listener,
  outcome,
  startForTest,
  subscribe,
  topicClient,
} from './fixtures.ts';

const slots = Array.from({ length: 16 }, (_, n) => `account-1:slot:${n + 1}`);

test('one consistent batch reads a snapshot and all 16 slots, whatever balanced reads would say', async () => {
  const momento = await startForTest();
  const cache = cacheClient(momento, momento.mintKey('data'), ReadConcern.CONSISTENT);
  await cache.set(CACHE, 'account-1', 'snapshot');
  await cache.setIfAbsent(CACHE, 'account-1:slot:2', 'first');
  await cache.setIfEqual(CACHE, 'account-1:slot:2', 'second', 'first');
  momento.serveStaleReads(true);
  const before = momento.countCalls();
  const batch = await cache.getBatch(CACHE, ['account-1', ...slots]);
  if (batch.type !== 'Success') throw new Error(batch.toString());
  const values = batch.results().map((result) => result.value());
  expect(values).toEqual(['snapshot', undefined, 'second', ...Array<undefined>(14)]);
  expect(momento.countCalls() - before).toBe(1);
});

const ttl = { ttl: 45 };
type Client = ReturnType<typeof cacheClient>;
const stored: readonly [string, (cache: Client, key: string) => Promise<{ readonly type: string }>][] = [
  ['setIfEqual', (cache, key) => cache.setIfEqual(CACHE, key, 'v', 'v', ttl)],
  ['setIfAbsentOrEqual', (cache, key) => cache.setIfAbsentOrEqual(CACHE, key, 'v', 'v', ttl)],
  ['setIfPresentAndNotEqual', (cache, key) => cache.setIfPresentAndNotEqual(CACHE, key, 'w', 'x', ttl)],
];
const refused: typeof stored = [
  ['setIfAbsent', (cache, key) => cache.setIfAbsent(CACHE, key, 'w', ttl)],
  ['setIfEqual', (cache, key) => cache.setIfEqual(CACHE, key, 'w', 'x', ttl)],
  ['setIfAbsentOrEqual', (cache, key) => cache.setIfAbsentOrEqual(CACHE, key, 'w', 'x', ttl)],
  ['setIfPresentAndNotEqual', (cache, key) => cache.setIfPresentAndNotEqual(CACHE, key, 'w', 'v', ttl)],
];

test.each(stored)('%s that stores renews the lease to the whole TTL', async (_name, write) => {
  const clock = fakeClock();
  const cache = cacheClient(await startForTest(clock));
  await cache.setIfAbsent(CACHE, 'slot', 'v', ttl);
  clock.advance(44_000);
  expect((await write(cache, 'slot')).type).toBe('Stored');
  clock.advance(44_999);
  expect(outcome(await cache.get(CACHE, 'slot'))).toBe('Hit');
  clock.advance(1);
  expect(outcome(await cache.get(CACHE, 'slot'))).toBe('Miss');
});

test.each(refused)('%s that does not store leaves value and lease alone', async (_name, write) => {
  const clock = fakeClock();
  const cache = cacheClient(await startForTest(clock));
  await cache.setIfAbsent(CACHE, 'slot', 'v', ttl);
  clock.advance(44_000);
  expect((await write(cache, 'slot')).type).toBe('NotStored');
  expect((await cache.get(CACHE, 'slot')).value()).toBe('v');
  clock.advance(1_000);
  expect(outcome(await cache.get(CACHE, 'slot'))).toBe('Miss');
});

test('an interval’s dictionary counts each device’s beats, tells how many devices there are, and ends', async () => {
  const clock = fakeClock();
  const cache = cacheClient(await startForTest(clock));
  const kept = { ttl: CollectionTtl.of(120).withNoRefreshTtlOnUpdates() };
  const beat = (device: string, beats: number) =>
    cache.dictionaryIncrement(CACHE, 'account-1-0', device, beats, kept);
  expect(outcome(await cache.dictionaryLength(CACHE, 'account-1-0'))).toBe('Miss');
  expect((await beat('tv', 1)).value()).toBe(1);
  expect((await beat('tv', 3)).value()).toBe(4);
  expect((await beat('phone', 1)).value()).toBe(1);
  expect((await cache.dictionaryLength(CACHE, 'account-1-0')).value()).toBe(2);
  clock.advance(120_000);
  expect(outcome(await cache.dictionaryLength(CACHE, 'account-1-0'))).toBe('Miss');
});

/** A token as `GET /token` gives it on a stage that follows the topic `heartbeat`. */
function playerToken(momento: MomentoStandIn): Promise<string> {
  const topic = (role: TopicRole, name: string) => ({ role, cache: CACHE, topic: name });
  const permissions = [
    topic(TopicRole.SubscribeOnly, 'account-1'),
    topic(TopicRole.SubscribeOnly, 'catalog'),
    topic(TopicRole.PublishOnly, 'heartbeat'),
  ];
  return disposableToken(momento, { permissions }, ExpiresIn.minutes(30), { tokenId: 'account-1' });
}

test('a player publishes heartbeats by SDK, by header and by query, and each names its account', async () => {
  const momento = await startForTest();
  const token = await playerToken(momento);
  const ear = listener();
  await subscribe(topicClient(momento, momento.mintKey('data')), 'heartbeat', ear);
  const url = `${momento.url}/topics/${CACHE}/heartbeat`;
  const post = (address: string, headers: Readonly<Record<string, string>>, body: string) =>
    fetch(address, { method: 'POST', headers, body });

  expect(outcome(await topicClient(momento, token).publish(CACHE, 'heartbeat', 'sdk'))).toBe('Success');
  expect(await ear.next()).toMatchObject({ value: 'sdk', from: 'account-1' });
  expect((await post(url, { authorization: token }, 'header')).status).toBe(204);
  expect(await ear.next()).toMatchObject({ value: 'header', from: 'account-1' });
  expect((await post(`${url}?token=${encodeURIComponent(token)}`, {}, 'query')).status).toBe(204);
  expect(await ear.next()).toMatchObject({ value: 'query', from: 'account-1' });
});

test('a player may neither listen to heartbeats nor publish elsewhere, by SDK or by HTTP', async () => {
  const momento = await startForTest();
  const token = await playerToken(momento);
  const client = topicClient(momento, token);
  const listening = await client.subscribe(CACHE, 'heartbeat', listener().callbacks);
  expect(outcome(listening)).toBe('PERMISSION_ERROR');
  for (const topic of ['account-1', 'account-2', 'catalog', 'heartbeats']) {
    expect(outcome(await client.publish(CACHE, topic, 'x')), `to ${topic}`).toBe('PERMISSION_ERROR');
    const url = `${momento.url}/topics/${CACHE}/${topic}`;
    const posted = await fetch(url, { method: 'POST', headers: { authorization: token }, body: 'x' });
    expect(posted.status, `to ${topic}`).toBe(403);
  }
});

test('4 KB of noise arrive as they were sent, as text and as bytes, and not a byte more is taken', async () => {
  const momento = await startForTest();
  const ear = listener();
  await subscribe(topicClient(momento, momento.mintKey('data')), 'heartbeat', ear);
  const client = topicClient(momento, await playerToken(momento));
  const bytes = new Uint8Array(randomBytes(4096));
  const text = randomBytes(2048).toString('hex');
  expect(outcome(await client.publish(CACHE, 'heartbeat', bytes))).toBe('Success');
  expect(await ear.next()).toMatchObject({ value: bytes, from: 'account-1' });
  expect(outcome(await client.publish(CACHE, 'heartbeat', text))).toBe('Success');
  expect(await ear.next()).toMatchObject({ value: text });
  expect(outcome(await client.publish(CACHE, 'heartbeat', `${text}x`))).toBe('LIMIT_EXCEEDED_ERROR');
  expect(outcome(await client.publish(CACHE, 'heartbeat', '{}'))).toBe('Success');
  expect(await ear.next()).toMatchObject({ value: '{}' });
});

test.each([
  ['answered that its time is over', { code: 'DEADLINE_EXCEEDED' }],
  ['not answered at all', {}],
] as const)(
  'a write that is %s may or may not have taken effect, as the test wants it',
  async (_what, fault) => {
    const momento = await startForTest();
    const cache = cacheClient(momento);
    momento.fail({ rpc: 'SetIf', ...fault });
    expect(outcome(await cache.setIfAbsent(CACHE, 'before', 'v'))).toBe('TIMEOUT_ERROR');
    expect(outcome(await cache.get(CACHE, 'before'))).toBe('Miss');
    momento.fail({ rpc: 'SetIf', takesEffect: true, ...fault });
    expect(outcome(await cache.setIfAbsent(CACHE, 'after', 'v'))).toBe('TIMEOUT_ERROR');
    expect((await cache.get(CACHE, 'after')).value()).toBe('v');
  },
);

test('a batch that is not answered waits for whoever asked', async () => {
  const momento = await startForTest();
  momento.fail({ rpc: 'GetBatch' });
  const leaving = new AbortController();
  const batch = cacheClient(momento).getBatch(CACHE, slots, { abortSignal: leaving.signal });
  await expect.poll(() => momento.countCalls('GetBatch')).toBe(1);
  leaving.abort();
  expect(outcome(await batch)).toBe('CANCELLED_ERROR');
});

test('one slot can fail while the others do not', async () => {
  const momento = await startForTest();
  const cache = cacheClient(momento);
  momento.fail({ rpc: 'SetIf', key: 'account-1:slot:2', code: 'UNAVAILABLE' });
  expect(outcome(await cache.setIfAbsent(CACHE, 'account-1:slot:1', 'v'))).toBe('Stored');
  expect(outcome(await cache.setIfAbsent(CACHE, 'account-1:slot:2', 'v'))).toBe('SERVER_UNAVAILABLE');
  expect(outcome(await cache.setIfAbsent(CACHE, 'account-1:slot:2', 'v'))).toBe('Stored');
});

test('bytes are counted per operation, and those of a heartbeat do not grow with the cache', async () => {
  const momento = await startForTest();
  const cache = cacheClient(momento);
  await cache.setIfAbsent(CACHE, 'account-1:slot:1', 'session');
  const beat = async () => {
    const from = momento.calls.length;
    await cache.setIfEqual(CACHE, 'account-1:slot:1', 'session', 'session', ttl);
    await cache.dictionaryIncrement(CACHE, 'account-1-0', 'tv', 1);
    return momento.calls
      .slice(from)
      .map(({ rpc, requestBytes, answerBytes }) => ({ rpc, requestBytes, answerBytes }));
  };
  const alone = await beat();
  for (let n = 2; n < 50; n += 1) {
    await cache.set(CACHE, `account-${n}`, 'x'.repeat(n));
    await cache.dictionaryIncrement(CACHE, 'account-1-0', `device ${n}`, 1);
  }
  expect(await beat()).toEqual(alone);
  expect(alone.map(({ rpc }) => rpc)).toEqual(['SetIf', 'DictionaryIncrement']);
  for (const { requestBytes, answerBytes } of alone) {
    expect(requestBytes).toBeGreaterThan(20);
    expect(answerBytes).toBeGreaterThan(0);
  }
});

test('the bytes of all calls add up, a batch’s many answers and an answer that was lost included', async () => {
  const momento = await startForTest();
  const cache = cacheClient(momento);
  await cache.set(CACHE, slots[0] ?? '', 'v'.repeat(1000));
  await cache.getBatch(CACHE, slots);
  momento.fail({ rpc: 'Get', code: 'PERMISSION_DENIED', takesEffect: true });
  await cache.get(CACHE, slots[0] ?? '');
  const sum = (of: 'requestBytes' | 'answerBytes', rpc?: string) =>
    momento.calls
      .filter((call) => rpc === undefined || call.rpc === rpc)
      .reduce((total, call) => total + call[of], 0);
  expect(momento.countBytes('GetBatch').answers).toBeGreaterThan(1000);
  expect(momento.countBytes('Get')).toEqual({ requests: sum('requestBytes', 'Get'), answers: 0 });
  expect(momento.countBytes()).toEqual({ requests: sum('requestBytes'), answers: sum('answerBytes') });
  expect(momento.countBytes('Publish')).toEqual({ requests: 0, answers: 0 });
});
