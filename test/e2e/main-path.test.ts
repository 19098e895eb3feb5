import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Entitlement, Snapshot } from '../../shared/domain/entitlements.ts';
import { openStage, originOf, type RunningStage } from './running-stage.ts';
import { buy, cacheClient, call, checkoutEvent, listen, newViewer, snapshotOf, tokensOf } from './support.ts';

let stack: RunningStage;
beforeAll(async () => {
  stack = await openStage();
});
afterAll(() => stack?.stop());

test('a purchase reaches a listening player, the cache and the API', async () => {
  const viewer = await newViewer(stack);
  const tokens = await tokensOf(stack, viewer);
  expect(tokens).toMatchObject({ userId: viewer.accountId, endpoint: stack.config.momentoEndpoint });
  const player = await listen(tokens);

  const cache = cacheClient(tokens);
  const before = await cache.get(tokens.cacheName, tokens.userId);
  expect(JSON.parse(before.value()!)).toMatchObject({
    version: 0,
    epoch: '0',
    access: { grants: ['free'], maxStreams: 1 },
  });

  const event = checkoutEvent(viewer.accountId);
  await buy(stack, event);
  const announcement = await player.until(({ type }) => type === 'entitlement.created');
  expect(announcement).toMatchObject({
    specversion: '1.0',
    id: '0.1',
    subject: viewer.accountId,
    version: 1,
    data: { entitlementId: event.purchaseId, productId: 'premium', status: 'active', maxStreams: 4 },
  });

  const after = JSON.parse((await cache.get(tokens.cacheName, tokens.userId)).value()!) as Snapshot;
  expect(after).toMatchObject({
    version: 1,
    access: { grants: ['free', 'movies', 'series'], maxStreams: 4 },
  });
  expect(await snapshotOf(stack, viewer)).toEqual(after);
  player.stop();
});

test('a cancellation and a refund follow on the same topic, each as the next version', async () => {
  const viewer = await newViewer(stack);
  const player = await listen(await tokensOf(stack, viewer));
  const bought = checkoutEvent(viewer.accountId);
  const validUntil = new Date(Date.now() + 86_400_000).toISOString();
  await buy(stack, bought);
  await player.until(({ version }) => version === 1);
  await buy(stack, { ...bought, id: 'evt-2', revision: 2, status: 'cancelled', validUntil });
  const updated = await player.until(({ version }) => version === 2);
  expect(updated).toMatchObject({ type: 'entitlement.updated', data: { status: 'cancelled', validUntil } });
  await buy(stack, { ...bought, id: 'evt-3', revision: 3, status: 'refunded' });
  const deleted = await player.until(({ version }) => version === 3);
  expect(deleted).toMatchObject({ type: 'entitlement.deleted', data: { entitlementId: bought.purchaseId } });
  expect(Object.keys(deleted.data)).toEqual(['entitlementId']);
  expect((await snapshotOf(stack, viewer)).access.grants).toEqual(['free']);
  player.stop();
});

test('what a player knows already is answered with 304, and a newer version when it asks for one', async () => {
  const viewer = await newViewer(stack);
  const first = await call(stack, '/entitlements', { viewer });
  const etag = first.headers.get('etag')!;
  expect(etag).toMatch(/^W\/"0\.0\.\d{4}-\d{2}-\d{2}\.\d+"$/);
  expect(first.headers.get('vary')).toContain('Authorization');
  const again = await call(stack, '/entitlements', { viewer, headers: { 'if-none-match': etag } });
  expect([again.status, await again.text()]).toEqual([304, '']);

  const player = await listen(await tokensOf(stack, viewer));
  await buy(stack, checkoutEvent(viewer.accountId));
  await player.until(({ version }) => version === 1);
  expect(await snapshotOf(stack, viewer, '?atLeast=1')).toMatchObject({ version: 1 });
  const changed = await call(stack, '/entitlements', { viewer, headers: { 'if-none-match': etag } });
  expect(changed.status).toBe(200);
  player.stop();
});

test('a quiet purchase sends nothing and is read all the same', async () => {
  const viewer = await newViewer(stack);
  const player = await listen(await tokensOf(stack, viewer));
  await buy(stack, checkoutEvent(viewer.accountId, { notify: false, purchaseId: 'quiet' }));
  await buy(stack, checkoutEvent(viewer.accountId, { productId: 'sports', purchaseId: 'loud' }));
  const heard = await player.until(({ data }) => (data as Entitlement).entitlementId === 'loud');
  const snapshot = await snapshotOf(stack, viewer, `?atLeast=${heard.version}`);
  expect(player.heard.map(({ data }) => (data as Entitlement).entitlementId)).toEqual(['loud']);
  expect(snapshot.access.grants).toContain('sports');
  await expect.poll(async () => (await snapshotOf(stack, viewer)).access.grants).toContain('movies');
  player.stop();
});

test('restored purchases are computed afresh, and not all the time', async () => {
  const viewer = await newViewer(stack);
  const first = await call(stack, '/entitlements/recompute', { viewer, method: 'POST' });
  expect(first.status).toBe(202);
  const second = await call(stack, '/entitlements/recompute', { viewer, method: 'POST' });
  expect(second.status).toBe(429);
  expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await second.json()).toMatchObject({ type: 'urn:usher:problem:too-often', status: 429 });
});

test('the catalogue is open to anyone, and every answer may be read by the stage’s origin alone', async () => {
  const response = await call(stack, '/catalog');
  expect(await response.json()).toMatchObject({ products: expect.any(Array), contents: expect.any(Array) });
  expect(response.headers.get('access-control-allow-origin')).toBe(originOf(stack));
  expect(response.headers.get('access-control-allow-credentials')).toBeNull();
  expect(response.headers.get('access-control-expose-headers')).toBe('ETag, Retry-After');

  const preflight = await call(stack, '/entitlements', {
    method: 'OPTIONS',
    headers: { 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' },
  });
  expect(preflight.ok).toBe(true);
  expect(preflight.headers.get('access-control-allow-origin')).toBe(originOf(stack));
  expect(preflight.headers.get('access-control-allow-headers')).toContain('Authorization');
});

test('a hundred purchases at once of one account are all held, each version told once or more', async () => {
  const viewer = await newViewer(stack);
  const player = await listen(await tokensOf(stack, viewer));
  const events = Array.from({ length: 100 }, (_, index) =>
    checkoutEvent(viewer.accountId, { purchaseId: `sub-${index}`, productId: 'sports' }),
  );
  await Promise.all(events.map((event) => buy(stack, event)));
  await player.until(({ version }) => version === 100);
  const { entitlements, version } = await snapshotOf(stack, viewer, '?atLeast=100');
  expect(version).toBe(100);
  expect(entitlements).toHaveLength(101);
  player.stop();
});
