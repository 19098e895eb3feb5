import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { scopeOf, type TokenScope } from '../../../shared/domain/token-scope.ts';
import { TooOften, Unavailable } from '../../../shared/errors.ts';
import { momentoTokenMint } from '../../../shared/momento/token-mint.ts';
import type { MomentoOptions } from '../../../local/momento/server.ts';
import {
  accessTo,
  CACHE,
  cacheClient,
  listenTo,
  momentoForTest,
  topicClient,
} from '../../support/momento.ts';

const TTL_SECONDS = 1800;
/** What a viewer may do where heartbeats are not followed, and where they are. */
const QUIET = scopeOf('ada', { followsHeartbeatTopic: false });
const BEATING = scopeOf('ada', { followsHeartbeatTopic: true });

async function world(options: MomentoOptions = {}) {
  const momento = await momentoForTest(options);
  const secrets = accessTo(momento, 'super');
  const writer = cacheClient(momento, momento.mintKey('data'));
  await writer.set(CACHE, 'ada', 'of ada');
  await writer.set(CACHE, 'ada:slot:1', 'of ada’s player');
  await writer.set(CACHE, 'bob', 'of bob');
  return { momento, secrets, mint: momentoTokenMint(secrets, CACHE) };
}

/** The SDK's answer in one word. */
function outcomeOf(answer: { readonly type: string; errorCode?: () => string }): string {
  return answer.errorCode?.() ?? answer.type;
}

describe('the token for the cache', () => {
  async function viewer() {
    const { momento, mint } = await world();
    momento.createCache('another-stage');
    const { token } = await mint.mintForCache(QUIET, TTL_SECONDS);
    return { cache: cacheClient(momento, token), topics: topicClient(momento, token) };
  }

  it('reads the account’s own key', async () => {
    const { cache } = await viewer();
    expect((await cache.get(CACHE, 'ada')).value()).toBe('of ada');
  });

  it.each(['bob', 'ada:slot:1', 'ad', 'ada2', ''])('does not read the key "%s"', async (key) => {
    const { cache } = await viewer();
    expect(outcomeOf(await cache.get(CACHE, key))).toMatch(/^(PERMISSION|INVALID_ARGUMENT)_ERROR$/);
  });

  it('does not read the own key together with another’s', async () => {
    const { cache } = await viewer();
    const batch = await cache.getBatch(CACHE, ['ada', 'bob']);
    expect(inspect(batch, { depth: 9 })).not.toContain('of bob');
  });

  it('does not read another stage’s cache', async () => {
    const { cache } = await viewer();
    expect(outcomeOf(await cache.get('another-stage', 'ada'))).toBe('PERMISSION_ERROR');
  });

  it('changes nothing, not even the own key', async () => {
    const { cache } = await viewer();
    expect(outcomeOf(await cache.set(CACHE, 'ada', 'granted'))).toBe('PERMISSION_ERROR');
    expect(outcomeOf(await cache.delete(CACHE, 'ada'))).toBe('PERMISSION_ERROR');
    expect(outcomeOf(await cache.increment(CACHE, 'ada', 1))).toBe('PERMISSION_ERROR');
    expect(outcomeOf(await cache.setIfPresent(CACHE, 'ada', 'granted'))).toBe('PERMISSION_ERROR');
    expect((await cache.get(CACHE, 'ada')).value()).toBe('of ada');
  });

  it('does nothing to the cache as a whole', async () => {
    const { cache } = await viewer();
    expect(outcomeOf(await cache.flushCache(CACHE))).toBe('PERMISSION_ERROR');
    expect(outcomeOf(await cache.deleteCache(CACHE))).toBe('PERMISSION_ERROR');
    expect(outcomeOf(await cache.createCache('mine'))).toBe('PERMISSION_ERROR');
    expect(outcomeOf(await cache.listCaches())).toBe('PERMISSION_ERROR');
  });

  it('hears no topic and publishes to none', async () => {
    const { topics } = await viewer();
    expect(outcomeOf((await listenTo(topics, 'ada')).answer)).toBe('PERMISSION_ERROR');
    expect(outcomeOf(await topics.publish(CACHE, 'ada', 'x'))).toBe('PERMISSION_ERROR');
  });
});

describe.each([
  ['where heartbeats are not followed', QUIET],
  ['where they are', BEATING],
])('the token for topics %s', (_, scope) => {
  async function viewer() {
    const { momento, mint } = await world();
    momento.createCache('another-stage');
    const { token } = await mint.mintForTopics(scope, TTL_SECONDS);
    const publisher = topicClient(momento, momento.mintKey('data'));
    return { publisher, cache: cacheClient(momento, token), topics: topicClient(momento, token) };
  }

  it.each(['ada', 'catalog'])('hears the topic %s', async (topic) => {
    const { publisher, topics } = await viewer();
    const { next } = await listenTo(topics, topic);
    await publisher.publish(CACHE, topic, 'news');
    expect((await next()).valueString()).toBe('news');
  });

  it.each(['bob', 'heartbeat', 'ad', 'ada2'])('does not hear the topic %s', async (topic) => {
    const { topics } = await viewer();
    expect(outcomeOf((await listenTo(topics, topic)).answer)).toBe('PERMISSION_ERROR');
  });

  it.each(['ada', 'bob', 'catalog', 'heartbeats'])('does not publish to the topic %s', async (topic) => {
    const { topics } = await viewer();
    expect(outcomeOf(await topics.publish(CACHE, topic, 'granted'))).toBe('PERMISSION_ERROR');
  });

  it('does not publish to another stage’s heartbeats', async () => {
    const { topics } = await viewer();
    expect(outcomeOf(await topics.publish('another-stage', 'heartbeat', 'x'))).toBe('PERMISSION_ERROR');
  });

  it.each(['ada', 'bob'])('does not read the key %s', async (key) => {
    const { cache } = await viewer();
    expect(outcomeOf(await cache.get(CACHE, key))).toBe('PERMISSION_ERROR');
  });
});

describe('a heartbeat', () => {
  async function viewer(scope: TokenScope) {
    const { momento, mint } = await world();
    const { token } = await mint.mintForTopics(scope, TTL_SECONDS);
    const { next } = await listenTo(topicClient(momento, momento.mintKey('data')), 'heartbeat');
    const { api_key: key } = JSON.parse(Buffer.from(token, 'base64').toString()) as { api_key: string };
    const post = (topic: string, headers: Record<string, string>, query = '') =>
      fetch(`${momento.url}/topics/${CACHE}/${topic}${query}`, { method: 'POST', headers, body: 'beat' });
    return { topics: topicClient(momento, token), next, key, post };
  }

  it('is published by SDK and heard with the account as the token’s id', async () => {
    const { topics, next } = await viewer(BEATING);
    expect(outcomeOf(await topics.publish(CACHE, 'heartbeat', 'beat'))).toBe('Success');
    const item = await next();
    expect([item.valueString(), item.tokenId()]).toEqual(['beat', 'ada']);
  });

  it('is published by plain HTTP and heard with the account as the token’s id', async () => {
    const { next, key, post } = await viewer(BEATING);
    expect((await post('heartbeat', { authorization: key })).status).toBe(204);
    expect((await post('heartbeat', {}, `?token=${key}`)).status).toBe(204);
    for (const item of [await next(), await next()]) {
      expect([item.valueString(), item.tokenId()]).toEqual(['beat', 'ada']);
    }
  });

  it.each(['ada', 'catalog', 'bob'])('is not published to the topic %s by plain HTTP', async (topic) => {
    const { key, post } = await viewer(BEATING);
    expect((await post(topic, { authorization: key })).status).toBe(403);
  });

  it('is published by no means where heartbeats are not followed', async () => {
    const { topics, key, post } = await viewer(QUIET);
    expect(outcomeOf(await topics.publish(CACHE, 'heartbeat', 'beat'))).toBe('PERMISSION_ERROR');
    expect((await post('heartbeat', { authorization: key })).status).toBe(403);
    expect((await post('heartbeat', {}, `?token=${key}`)).status).toBe(403);
  });
});

describe('both tokens', () => {
  it('end when they say they do', async () => {
    let nowMs = Date.parse('2026-11-22T10:00:00.000Z');
    const { momento, mint } = await world({ now: () => nowMs });
    const forCache = await mint.mintForCache(QUIET, TTL_SECONDS);
    const forTopics = await mint.mintForTopics(QUIET, TTL_SECONDS);
    expect(forCache.expiresAtMs).toBe(nowMs + TTL_SECONDS * 1000);
    expect(forTopics.expiresAtMs).toBe(forCache.expiresAtMs);

    nowMs = forCache.expiresAtMs - 1;
    // The snapshot itself has gone by then: a miss is an answer.
    expect(outcomeOf(await cacheClient(momento, forCache.token).get(CACHE, 'ada'))).toBe('Miss');
    nowMs = forCache.expiresAtMs;
    expect(outcomeOf(await cacheClient(momento, forCache.token).get(CACHE, 'ada'))).toBe(
      'AUTHENTICATION_ERROR',
    );
    const { answer } = await listenTo(topicClient(momento, forTopics.token), 'ada');
    expect(outcomeOf(answer)).toBe('AUTHENTICATION_ERROR');
  });

  it('bear the account as their id', async () => {
    const { mint } = await world();
    const tokens = [
      await mint.mintForCache(QUIET, TTL_SECONDS),
      await mint.mintForTopics(QUIET, TTL_SECONDS),
    ];
    for (const { token } of tokens) {
      const { api_key: key } = JSON.parse(Buffer.from(token, 'base64').toString()) as { api_key: string };
      const claims = Buffer.from(key.split('.')[1] ?? '', 'base64url').toString();
      expect(JSON.parse(claims)).toMatchObject({ tid: 'ada' });
    }
  });

  it('come with the address at which they are good', async () => {
    const { momento, mint } = await world();
    expect((await mint.mintForTopics(QUIET, TTL_SECONDS)).endpoint).toBe(momento.url);
  });

  it('hold neither the key that minted them nor each other’s rights', async () => {
    const { mint, secrets } = await world();
    const { key } = await secrets.get();
    const { token } = await mint.mintForTopics(QUIET, TTL_SECONDS);
    expect(Buffer.from(token, 'base64').toString()).not.toContain(key);
  });
});

describe('minting', () => {
  it('follows a rotated key without a failed request', async () => {
    const { momento, mint, secrets } = await world();
    const { key: old } = await secrets.get();
    await mint.mintForTopics(QUIET, TTL_SECONDS);
    secrets.rotate({ key: momento.mintKey('super'), endpoint: momento.url });
    momento.revokeKey(old);
    await expect(mint.mintForTopics(QUIET, TTL_SECONDS)).resolves.toBeDefined();
    expect(secrets.refreshes()).toBe(1);
  });

  it('beyond Momento’s five per second asks the viewer to come back', async () => {
    const { mint } = await world({ limits: { authPerSecond: 5 }, now: () => 1_800_000_000_000 });
    for (let n = 0; n < 5; n++) await mint.mintForTopics(QUIET, TTL_SECONDS);
    const refusal: unknown = await mint.mintForTopics(QUIET, TTL_SECONDS).catch((e: unknown) => e);
    expect(refusal).toBeInstanceOf(TooOften);
    expect(refusal).toMatchObject({ retryAfterSeconds: 1 });
  });

  it('with a key that may not mint is unavailable, and the error does not quote the key', async () => {
    const { momento } = await world();
    const data = accessTo(momento, 'data');
    const failure: unknown = await momentoTokenMint(data, CACHE)
      .mintForCache(QUIET, TTL_SECONDS)
      .catch((reason: unknown) => reason);
    expect(failure).toBeInstanceOf(Unavailable);
    expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain((await data.get()).key);
  });

  it.each(['UNAVAILABLE', 'INTERNAL', 'DEADLINE_EXCEEDED'] as const)(
    'that Momento answers with %s is unavailable',
    async (code) => {
      const { momento, mint } = await world();
      momento.fail({ rpc: 'GenerateDisposableToken', code, times: 9 });
      await expect(mint.mintForTopics(QUIET, TTL_SECONDS)).rejects.toBeInstanceOf(Unavailable);
    },
  );
});
