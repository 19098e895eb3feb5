import { token as wire } from '@gomomento/generated-types';
import { permission_messages } from '@gomomento/generated-types/dist/permissionmessages.js';
import { AllCaches, CacheRole, CredentialProvider, ExpiresIn, TopicRole } from '@gomomento/sdk';
import { expect, onTestFinished, test } from 'vitest';
import { startMomento, type MomentoStandIn } from '../../../local/momento/server.ts';
import { statusCodes } from '../../../local/momento/status.ts';
import {
  authClient,
  CACHE,
  cacheClient,
  disposableToken,
  fakeClock,
  outcome,
  startForTest,
  topicClient,
} from './fixtures.ts';
import { callByWeb } from './grpc-web.ts';

const { _GenerateDisposableTokenRequest, UnimplementedTokenService } = wire.token;
const { Permissions, ExplicitPermissions, PermissionsType, TopicRole: WireTopicRole } = permission_messages;

const readOneKey = { permissions: [{ role: CacheRole.ReadOnly, cache: CACHE, item: { key: 'account-1' } }] };

test('a key is of the kind the SDKs accept as current', async () => {
  const momento = await startForTest();
  const key = momento.mintKey('super');
  expect(() => CredentialProvider.fromApiKeyV2({ apiKey: key, endpoint: 'momento.example' })).not.toThrow();
  expect(momento.mintKey('super')).not.toBe(key);
});

test('a data key reads and writes everything, but neither mints tokens nor manages caches', async () => {
  const momento = await startForTest();
  const key = momento.mintKey('data');
  const cache = cacheClient(momento, key);
  expect(outcome(await cache.set(CACHE, 'k', 'v'))).toBe('Success');
  expect((await cache.get(CACHE, 'k')).value()).toBe('v');
  expect(outcome(await topicClient(momento, key).publish(CACHE, 'room', 'x'))).toBe('Success');
  expect(
    outcome(await authClient(momento, key).generateDisposableToken(readOneKey, ExpiresIn.minutes(1))),
  ).toBe('PERMISSION_ERROR');
  expect(outcome(await cache.createCache('mine'))).toBe('PERMISSION_ERROR');
  expect(outcome(await cache.deleteCache(CACHE))).toBe('PERMISSION_ERROR');
  expect(outcome(await cache.flushCache(CACHE))).toBe('PERMISSION_ERROR');
  expect(outcome(await cache.listCaches())).toBe('PERMISSION_ERROR');
});

test('a disposable token neither mints tokens nor manages caches', async () => {
  const momento = await startForTest();
  const everything = { permissions: [{ role: CacheRole.ReadWrite, cache: AllCaches }] };
  const token = await disposableToken(momento, everything, ExpiresIn.minutes(1));
  expect(
    outcome(await authClient(momento, token).generateDisposableToken(readOneKey, ExpiresIn.minutes(1))),
  ).toBe('PERMISSION_ERROR');
  expect(outcome(await cacheClient(momento, token).createCache('mine'))).toBe('PERMISSION_ERROR');
  expect(outcome(await cacheClient(momento, token).set(CACHE, 'k', 'v'))).toBe('Success');
});

test('a token ends at its expiry to the second', async () => {
  const clock = fakeClock();
  const momento = await startForTest(clock);
  const minted = await authClient(momento).generateDisposableToken(readOneKey, ExpiresIn.minutes(30));
  if (minted.type !== 'Success') throw new Error(minted.toString());
  expect(minted.expiresAt.epoch()).toBe(clock.now() / 1000 + 1800);
  expect(minted.endpoint).toBe(momento.url);
  const cache = cacheClient(momento, minted.authToken);
  clock.advance(1_799_999);
  expect(outcome(await cache.get(CACHE, 'account-1'))).toBe('Miss');
  clock.advance(1);
  expect(outcome(await cache.get(CACHE, 'account-1'))).toBe('AUTHENTICATION_ERROR');
});

test('a revoked key is refused at once; a token it minted lives on until its expiry', async () => {
  const momento = await startForTest();
  const key = momento.mintKey('super');
  const minted = await authClient(momento, key).generateDisposableToken(readOneKey, ExpiresIn.minutes(5));
  if (minted.type !== 'Success') throw new Error(minted.toString());
  const cache = cacheClient(momento, key);
  expect(outcome(await cache.get(CACHE, 'k'))).toBe('Miss');
  momento.revokeKey(key);
  expect(outcome(await cache.get(CACHE, 'k'))).toBe('AUTHENTICATION_ERROR');
  expect(outcome(await cache.listCaches())).toBe('AUTHENTICATION_ERROR');
  const again = await authClient(momento, key).generateDisposableToken(readOneKey, ExpiresIn.minutes(5));
  expect(outcome(again)).toBe('AUTHENTICATION_ERROR');
  expect(outcome(await cacheClient(momento, minted.authToken).get(CACHE, 'account-1'))).toBe('Miss');
  expect(outcome(await cacheClient(momento).get(CACHE, 'k'))).toBe('Miss');
});

test('keys outlive a restart under the same signing secret, and no other', async () => {
  const first = await startForTest({ signingSecret: 'one' });
  const key = first.mintKey('data');
  const same = await startForTest({ signingSecret: 'one' });
  const other = await startForTest({ signingSecret: 'two' });
  expect(outcome(await cacheClient(same, key).get(CACHE, 'k'))).toBe('Miss');
  expect(outcome(await cacheClient(other, key).get(CACHE, 'k'))).toBe('AUTHENTICATION_ERROR');
});

test('a key that was tampered with is refused, and an error never repeats it', async () => {
  const momento = await startForTest();
  const [header, payload, signature] = momento.mintKey('data').split('.');
  const claims: unknown = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString());
  const raised = Buffer.from(JSON.stringify({ ...(claims as object), scope: 'super' })).toString('base64url');
  const forged = `${header}.${raised}.${signature}`;
  const response = await cacheClient(momento, forged).listCaches();
  expect(outcome(response)).toBe('AUTHENTICATION_ERROR');
  expect(response.toString()).not.toContain(raised);
});

test('an item token opens exactly its key, or the keys with its prefix', async () => {
  const momento = await startForTest();
  await cacheClient(momento).set(CACHE, 'account-1', 'mine');
  const byKey = cacheClient(momento, await disposableToken(momento, readOneKey, ExpiresIn.minutes(5)));
  expect((await byKey.get(CACHE, 'account-1')).value()).toBe('mine');
  for (const key of ['account-10', 'account-', 'account-2']) {
    expect(outcome(await byKey.get(CACHE, key)), `get ${key}`).toBe('PERMISSION_ERROR');
  }
  expect(outcome(await byKey.getBatch(CACHE, ['account-1', 'account-2']))).toBe('PERMISSION_ERROR');
  expect(outcome(await byKey.set(CACHE, 'account-1', 'x'))).toBe('PERMISSION_ERROR');

  const prefix = {
    permissions: [{ role: CacheRole.ReadWrite, cache: CACHE, item: { keyPrefix: 'account-1' } }],
  };
  const byPrefix = cacheClient(momento, await disposableToken(momento, prefix, ExpiresIn.minutes(5)));
  expect(outcome(await byPrefix.set(CACHE, 'account-10', 'x'))).toBe('Success');
  expect(outcome(await byPrefix.get(CACHE, 'account'))).toBe('PERMISSION_ERROR');
  expect(outcome(await byPrefix.keysExist(CACHE, []))).toBe('PERMISSION_ERROR');
});

// The SDK drops `item` as soon as a topic permission stands beside it (it then sends a grant for the whole cache), so
// two tokens are needed; the stand-in must not hide that by being stricter than the request.
test('a scope that mixes an item with a topic is granted as the SDK widens it', async () => {
  const momento = await startForTest();
  const mixed = {
    permissions: [
      ...readOneKey.permissions,
      { role: TopicRole.SubscribeOnly, cache: CACHE, topic: 'account-1' },
    ],
  };
  const token = await disposableToken(momento, mixed, ExpiresIn.minutes(5));
  expect(outcome(await cacheClient(momento, token).get(CACHE, 'somebody-else'))).toBe('Miss');
});

const topicPermission = (topic_name: string, prefix = false) =>
  new PermissionsType({
    topic_permissions: new PermissionsType.TopicPermissions({
      role: WireTopicRole.TopicReadWrite,
      cache_selector: new PermissionsType.CacheSelector({ cache_name: CACHE }),
      topic_selector: new PermissionsType.TopicSelector(
        prefix ? { topic_name_prefix: topic_name } : { topic_name },
      ),
    }),
  });

const noTopic = new PermissionsType({
  topic_permissions: new PermissionsType.TopicPermissions({
    role: WireTopicRole.TopicReadWrite,
    cache_selector: new PermissionsType.CacheSelector({ cache_name: CACHE }),
  }),
});

async function mintRaw(
  momento: MomentoStandIn,
  permissions: ReturnType<typeof topicPermission>[],
  overrides: { seconds?: number; tokenId?: string } = {},
) {
  const request = new _GenerateDisposableTokenRequest({
    expires: new _GenerateDisposableTokenRequest.Expires({ valid_for_seconds: overrides.seconds ?? 60 }),
    auth_token: momento.mintKey('super'),
    permissions: new Permissions({ explicit: new ExplicitPermissions({ permissions }) }),
    token_id: overrides.tokenId ?? '',
  });
  const definition = UnimplementedTokenService.definition.GenerateDisposableToken;
  return await callByWeb(momento.url, definition, request, {});
}

test('a token may name topics by prefix', async () => {
  const momento = await startForTest();
  const { responses } = await mintRaw(momento, [topicPermission('room', true)]);
  const client = topicClient(momento, responses[0]?.api_key);
  expect(outcome(await client.publish(CACHE, 'roommate', 'x'))).toBe('Success');
  expect(outcome(await client.publish(CACHE, 'roo', 'x'))).toBe('PERMISSION_ERROR');
});

test('what Momento does not grant is refused: lifetime, number of statements, token id, contradictions', async () => {
  const momento = await startForTest();
  const statements = (count: number) =>
    Array.from({ length: count }, (_, n) => topicPermission(`topic ${n}`));
  const attempts = {
    'no lifetime': await mintRaw(momento, statements(1), { seconds: 0 }),
    'over 25 hours': await mintRaw(momento, statements(1), { seconds: 25 * 3600 + 1 }),
    'no statement': await mintRaw(momento, []),
    '21 statements': await mintRaw(momento, statements(21)),
    'a long token id': await mintRaw(momento, statements(1), { tokenId: 'x'.repeat(65) }),
    'the same topic twice': await mintRaw(momento, [topicPermission('a'), topicPermission('a')]),
    'a statement about nothing': await mintRaw(momento, [new PermissionsType()]),
    'a topic without a name': await mintRaw(momento, [topicPermission('')]),
    'no topic at all': await mintRaw(momento, [noTopic]),
  };
  for (const [what, { code }] of Object.entries(attempts))
    expect(code, `with ${what}`).toBe(statusCodes.INVALID_ARGUMENT);
  const most = await mintRaw(momento, statements(20), { seconds: 25 * 3600, tokenId: 'x'.repeat(64) });
  expect(most.code).toBe(statusCodes.OK);
});

test('a stopped stand-in frees its port for the next one', async () => {
  const first = await startMomento();
  await first.stop();
  const second = await startMomento({ port: Number(new URL(first.url).port) });
  onTestFinished(() => second.stop());
  expect(second.url).toBe(first.url);
});
