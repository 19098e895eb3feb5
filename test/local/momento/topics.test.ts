import { CacheRole, ExpiresIn, TopicRole } from '@gomomento/sdk';
import { expect, onTestFinished, test } from 'vitest';
import { startMomento } from '../../../local/momento/server.ts';
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

const publishByHttp = (url: string, key: string, topic: string, body: string) =>
  fetch(`${url}/topics/${CACHE}/${topic}`, {
    method: 'POST',
    headers: { authorization: key, 'content-type': 'text/plain' },
    body,
  });

test('a subscriber hears text and bytes in order, with sequence numbers and the publisher’s token id', async () => {
  const momento = await startForTest();
  const token = await disposableToken(
    momento,
    { permissions: [{ role: TopicRole.PublishOnly, cache: CACHE, topic: 'room' }] },
    ExpiresIn.minutes(5),
    { tokenId: 'account-1' },
  );
  const ear = listener();
  await subscribe(topicClient(momento), 'room', ear);
  await ear.firstHeartbeat;
  const publisher = topicClient(momento, token);
  expect(outcome(await publisher.publish(CACHE, 'room', 'hello'))).toBe('Success');
  await publisher.publish(CACHE, 'room', Uint8Array.of(1, 2));
  await topicClient(momento).publish(CACHE, 'room', 'from a key');
  expect(await ear.next()).toEqual({ kind: 'item', value: 'hello', sequence: 1, from: 'account-1' });
  expect(await ear.next()).toEqual({
    kind: 'item',
    value: Uint8Array.of(1, 2),
    sequence: 2,
    from: 'account-1',
  });
  expect(await ear.next()).toEqual({ kind: 'item', value: 'from a key', sequence: 3, from: '' });
});

test('who subscribes later does not hear what was published before', async () => {
  const momento = await startForTest();
  const client = topicClient(momento);
  await client.publish(CACHE, 'room', 'early');
  const ear = listener();
  await subscribe(client, 'room', ear);
  await client.publish(CACHE, 'room', 'late');
  expect(await ear.next()).toMatchObject({ value: 'late', sequence: 2 });
});

test('topics of other names and other caches are not heard', async () => {
  const momento = await startForTest();
  momento.createCache('other');
  const client = topicClient(momento);
  const ear = listener();
  await subscribe(client, 'room', ear);
  await client.publish('other', 'room', 'another cache');
  await client.publish(CACHE, 'room2', 'another topic');
  await client.publish(CACHE, 'room', 'mine');
  expect(await ear.next()).toMatchObject({ value: 'mine' });
});

test('a subscriber whose connection was cut takes up where it stopped, without loss', async () => {
  const momento = await startForTest();
  const ear = listener();
  await subscribe(topicClient(momento), 'room', ear);
  const key = momento.mintKey('data');
  await publishByHttp(momento.url, key, 'room', 'one');
  expect(await ear.next()).toMatchObject({ value: 'one', sequence: 1 });
  momento.block();
  momento.unblock();
  await publishByHttp(momento.url, key, 'room', 'two');
  await publishByHttp(momento.url, key, 'room', 'three');
  expect(await ear.next()).toMatchObject({ value: 'two', sequence: 2 });
  expect(await ear.next()).toMatchObject({ value: 'three', sequence: 3 });
  expect(momento.countCalls('Subscribe')).toBeGreaterThan(1);
});

test('after a restart a subscriber is told of the discontinuity, and its token still holds', async () => {
  const before = await startMomento({ signingSecret: 'of this machine' });
  before.createCache(CACHE);
  const key = before.mintKey('data');
  const ear = listener();
  await subscribe(topicClient(before, key), 'room', ear);
  await publishByHttp(before.url, key, 'room', 'one');
  await ear.next();
  await before.stop();

  const port = Number(new URL(before.url).port);
  const after = await startMomento({ signingSecret: 'of this machine', port });
  onTestFinished(() => after.stop());
  after.createCache(CACHE);
  expect(await ear.next()).toMatchObject({ kind: 'discontinuity' });
  await publishByHttp(after.url, key, 'room', 'two');
  expect(await ear.next()).toMatchObject({ value: 'two', sequence: 1 });
});

test('an outage refuses everybody until it is over', async () => {
  const momento = await startForTest();
  const key = momento.mintKey('data');
  momento.block();
  await expect(publishByHttp(momento.url, key, 'room', 'lost')).rejects.toThrow('fetch failed');
  momento.unblock();
  expect((await publishByHttp(momento.url, key, 'room', 'heard')).status).toBe(204);
});

test('a subscription ends when its token expires, and hears nothing more', async () => {
  const clock = fakeClock();
  const momento = await startForTest(clock);
  const token = await disposableToken(
    momento,
    { permissions: [{ role: TopicRole.SubscribeOnly, cache: CACHE, topic: 'room' }] },
    ExpiresIn.seconds(30),
  );
  const ear = listener();
  await subscribe(topicClient(momento, token), 'room', ear);
  clock.advance(29_999);
  await topicClient(momento).publish(CACHE, 'room', 'in time');
  expect(await ear.next()).toMatchObject({ value: 'in time' });
  clock.advance(1);
  await topicClient(momento).publish(CACHE, 'room', 'too late');
  expect(await ear.next()).toEqual({ kind: 'error', code: 'AUTHENTICATION_ERROR' });
});

test('an idle subscription ends by itself when its token expires or its key is revoked', async () => {
  const clock = fakeClock();
  const momento = await startForTest(clock);
  const key = momento.mintKey('data');
  const token = await disposableToken(
    momento,
    { permissions: [{ role: TopicRole.SubscribeOnly, cache: CACHE, topic: 'room' }] },
    ExpiresIn.seconds(30),
  );
  const withToken = listener();
  const withKey = listener();
  await subscribe(topicClient(momento, token), 'room', withToken);
  await subscribe(topicClient(momento, key), 'room', withKey);
  clock.advance(30_000);
  expect(await withToken.next()).toEqual({ kind: 'error', code: 'AUTHENTICATION_ERROR' });
  momento.revokeKey(key);
  expect(await withKey.next()).toEqual({ kind: 'error', code: 'AUTHENTICATION_ERROR' });
});

test('a subscription ends when its cache is deleted', async () => {
  const momento = await startForTest();
  const ear = listener();
  await subscribe(topicClient(momento), 'room', ear);
  await cacheClient(momento).deleteCache(CACHE);
  expect(await ear.next()).toEqual({ kind: 'error', code: 'NOT_FOUND_ERROR' });
});

test('refuses a message that is empty or larger than 4 KB, and a topic without a cache or name', async () => {
  const momento = await startForTest();
  const client = topicClient(momento);
  const tooLarge = await client.publish(CACHE, 'room', 'x'.repeat(4097));
  expect(outcome(tooLarge)).toBe('LIMIT_EXCEEDED_ERROR');
  expect(tooLarge.toString()).toContain('Request size limit exceeded');
  expect(outcome(await client.publish(CACHE, 'room', 'x'.repeat(4096)))).toBe('Success');
  expect(outcome(await client.publish(CACHE, 'room', 'é'.repeat(2049)))).toBe('LIMIT_EXCEEDED_ERROR');
  expect(outcome(await client.publish(CACHE, 'room', ''))).toBe('INVALID_ARGUMENT_ERROR');
  expect(outcome(await client.publish('elsewhere', 'room', 'x'))).toBe('NOT_FOUND_ERROR');
  expect(outcome(await client.subscribe('elsewhere', 'room', listener().callbacks))).toBe('NOT_FOUND_ERROR');
});

const scopes = [
  { role: TopicRole.PublishOnly, topic: 'room', may: { publish: ['room'], subscribe: [] } },
  { role: TopicRole.SubscribeOnly, topic: 'room', may: { publish: [], subscribe: ['room'] } },
  { role: TopicRole.PublishSubscribe, topic: 'room', may: { publish: ['room'], subscribe: ['room'] } },
] as const;

test.each(scopes)('a token to $role on one topic opens that topic only', async ({ role, topic, may }) => {
  const momento = await startForTest();
  momento.createCache('other');
  const permission = { role, cache: CACHE, topic };
  const client = topicClient(
    momento,
    await disposableToken(momento, { permissions: [permission] }, ExpiresIn.minutes(5)),
  );
  for (const name of ['room', 'roommate', 'roo']) {
    const publish: readonly string[] = may.publish;
    const listen: readonly string[] = may.subscribe;
    expect(outcome(await client.publish(CACHE, name, 'x')), `publish ${name}`).toBe(
      publish.includes(name) ? 'Success' : 'PERMISSION_ERROR',
    );
    const subscription = await client.subscribe(CACHE, name, listener().callbacks);
    expect(outcome(subscription), `subscribe ${name}`).toBe(
      listen.includes(name) ? 'Subscription' : 'PERMISSION_ERROR',
    );
    if (subscription.type === 'Subscription') subscription.unsubscribe();
  }
  expect(outcome(await client.publish('other', 'room', 'x'))).toBe('PERMISSION_ERROR');
});

test('a cache permission opens no topic, and a topic permission no item', async () => {
  const momento = await startForTest();
  const ofCache = await disposableToken(
    momento,
    { permissions: [{ role: CacheRole.ReadWrite, cache: CACHE }] },
    ExpiresIn.minutes(5),
  );
  const ofTopic = await disposableToken(
    momento,
    { permissions: [{ role: TopicRole.PublishSubscribe, cache: CACHE, topic: 'room' }] },
    ExpiresIn.minutes(5),
  );
  expect(outcome(await topicClient(momento, ofCache).publish(CACHE, 'room', 'x'))).toBe('PERMISSION_ERROR');
  expect(outcome(await cacheClient(momento, ofTopic).get(CACHE, 'room'))).toBe('PERMISSION_ERROR');
});
