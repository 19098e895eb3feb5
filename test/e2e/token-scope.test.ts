import { TopicClient, CacheClient, Configurations, TopicConfigurations } from '@gomomento/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStage, type RunningStage } from './running-stage.ts';
import { cacheClient, credentials, newViewer, tokensOf, topicClient, type TokenAnswer } from './support.ts';

let stack: RunningStage;
let ada: TokenAnswer;
let bob: TokenAnswer;
beforeAll(async () => {
  stack = await openStage();
  ada = await tokensOf(stack, await newViewer(stack));
  bob = await tokensOf(stack, await newViewer(stack));
});
afterAll(() => stack?.stop());

/** Momento's HTTP API; the stand-in has one address for all. */
const httpApi = ({ endpoint }: TokenAnswer) =>
  endpoint.startsWith('http://') ? endpoint : `https://api.cache.${endpoint}`;
const codeOf = (answer: object) => ('errorCode' in answer ? (answer.errorCode as () => string)() : 'allowed');

describe('a cache token', () => {
  test('reads its own account’s snapshot', async () => {
    const answer = await cacheClient(ada).get(ada.cacheName, ada.userId);
    expect(JSON.parse(answer.value()!)).toMatchObject({ accountId: ada.userId });
  });

  test('reads nothing of another account, and no other key', async () => {
    const cache = cacheClient(ada);
    for (const key of [bob.userId, `${ada.userId}:slot:1`, `${ada.userId}x`, ada.userId.slice(0, -1)]) {
      expect(codeOf(await cache.get(ada.cacheName, key))).toBe('PERMISSION_ERROR');
    }
    expect(codeOf(await cache.get('another-cache', ada.userId))).not.toBe('allowed');
  });

  test('writes nothing, not even its own key', async () => {
    const cache = cacheClient(ada);
    expect(codeOf(await cache.set(ada.cacheName, ada.userId, '{}'))).toBe('PERMISSION_ERROR');
    expect(codeOf(await cache.delete(ada.cacheName, ada.userId))).toBe('PERMISSION_ERROR');
    expect(codeOf(await cache.setIfAbsent(ada.cacheName, ada.userId, '{}'))).toBe('PERMISSION_ERROR');
    expect(codeOf(await cache.increment(ada.cacheName, ada.userId, 1))).toBe('PERMISSION_ERROR');
  });

  test('hears no topic', async () => {
    const topics = new TopicClient({
      configuration: TopicConfigurations.Default.latest(),
      credentialProvider: credentials(ada, ada.cacheToken),
    });
    expect(codeOf(await topics.subscribe(ada.cacheName, ada.userId, {}))).toBe('PERMISSION_ERROR');
  });
});

test('a cache token publishes nothing, heartbeats included', async () => {
  const topics = new TopicClient({
    configuration: TopicConfigurations.Default.latest(),
    credentialProvider: credentials(ada, ada.cacheToken),
  });
  for (const topic of [ada.userId, 'heartbeat', 'catalog']) {
    expect(codeOf(await topics.publish(ada.cacheName, topic, 'forged'))).toBe('PERMISSION_ERROR');
  }
});

describe('a topic token', () => {
  test('hears its own account’s topic and the catalogue’s', async () => {
    for (const topic of [ada.userId, 'catalog']) {
      const subscription = await topicClient(ada).subscribe(ada.cacheName, topic, {});
      expect(subscription.type).toBe('Subscription');
      if ('unsubscribe' in subscription) subscription.unsubscribe();
    }
  });

  test('hears no other account’s topic', async () => {
    const topics = topicClient(ada);
    for (const topic of [bob.userId, 'heartbeat', `${ada.userId}x`]) {
      expect(codeOf(await topics.subscribe(ada.cacheName, topic, {}))).toBe('PERMISSION_ERROR');
    }
  });

  test('publishes heartbeats, and nowhere else: not to others, not to everyone, not to its own', async () => {
    const topics = topicClient(ada);
    const beat = JSON.stringify({ deviceId: 'tv', mediaId: 'harbour' });
    expect(codeOf(await topics.publish(ada.cacheName, 'heartbeat', beat))).toBe('allowed');
    for (const topic of [ada.userId, bob.userId, 'catalog', 'heartbeats', 'heartbeat/tv']) {
      expect(codeOf(await topics.publish(ada.cacheName, topic, 'forged'))).toBe('PERMISSION_ERROR');
    }
    expect(codeOf(await topics.publish('another-cache', 'heartbeat', beat))).not.toBe('allowed');
  });

  test('may do by plain HTTP what it may do by the SDK, and no more', async () => {
    const publish = (topic: string) =>
      fetch(`${httpApi(ada)}/topics/${ada.cacheName}/${topic}`, {
        method: 'POST',
        headers: { authorization: ada.token, 'content-type': 'application/json' },
        body: JSON.stringify({ deviceId: 'tv', mediaId: 'harbour' }),
      });
    expect((await publish('heartbeat')).status).toBe(204);
    for (const topic of [ada.userId, bob.userId, 'catalog']) {
      expect((await publish(topic)).status).toBe(403);
    }
    const listening = await fetch(`${httpApi(ada)}/topics/${ada.cacheName}/heartbeat`, {
      headers: { authorization: ada.token },
    });
    expect(listening.status).toBe(403);
  });

  test('reads nothing from the cache', async () => {
    const cache = new CacheClient({
      configuration: Configurations.Lambda.latest(),
      credentialProvider: credentials(ada, ada.token),
      defaultTtlSeconds: 60,
    });
    expect(codeOf(await cache.get(ada.cacheName, ada.userId))).toBe('PERMISSION_ERROR');
  });
});
