import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { loadCatalog } from '../../../shared/catalog.ts';
import { firstSnapshot } from '../../../shared/domain/snapshots.ts';
import { Unavailable } from '../../../shared/errors.ts';
import { momentoCache } from '../../../shared/momento/cache-client.ts';
import { momentoSnapshotCache } from '../../../shared/momento/snapshot-cache.ts';
import { accessTo, CACHE, cacheClient, momentoForTest } from '../../support/momento.ts';

const snapshot = firstSnapshot('ada', loadCatalog(), Date.parse('2026-11-22T10:00:00.000Z'));
const newer = { ...snapshot, version: 1 };
const newest = { ...snapshot, version: 2 };

async function world() {
  const momento = await momentoForTest();
  const secrets = accessTo(momento);
  const cache = momentoSnapshotCache(momentoCache(secrets), CACHE);
  return { momento, secrets, cache };
}

describe('a cached snapshot', () => {
  it('is nothing at first', async () => {
    const { cache } = await world();
    expect(await cache.read('ada')).toBeUndefined();
  });

  it('is read back as it was stored, by its account alone', async () => {
    const { cache } = await world();
    expect(await cache.replace(snapshot, undefined, 60)).toBe(true);
    expect((await cache.read('ada'))?.snapshot).toEqual(snapshot);
    expect(await cache.read('bob')).toBeUndefined();
  });

  it('lies under the account’s id as JSON, where the player reads it', async () => {
    const { cache, momento } = await world();
    await cache.replace(snapshot, undefined, 60);
    const answer = await cacheClient(momento, momento.mintKey('data')).get(CACHE, 'ada');
    expect(JSON.parse(answer.value() ?? '')).toEqual(snapshot);
  });

  it('is gone after its time', async () => {
    let nowMs = Date.parse('2026-11-22T10:00:00.000Z');
    const momento = await momentoForTest({ now: () => nowMs });
    const cache = momentoSnapshotCache(momentoCache(accessTo(momento)), CACHE);
    await cache.replace(snapshot, undefined, 60);
    nowMs += 59_999;
    expect(await cache.read('ada')).toBeDefined();
    nowMs += 1;
    expect(await cache.read('ada')).toBeUndefined();
  });
});

describe('a snapshot is replaced', () => {
  it('where nothing was read, only if nothing is there', async () => {
    const { cache } = await world();
    await cache.replace(newer, undefined, 60);
    expect(await cache.replace(snapshot, undefined, 60)).toBe(false);
    expect((await cache.read('ada'))?.snapshot).toEqual(newer);
  });

  it('only if it is still the one that was read', async () => {
    const { cache } = await world();
    await cache.replace(snapshot, undefined, 60);
    const read = await cache.read('ada');
    expect(await cache.replace(newest, read, 60)).toBe(true);
    expect(await cache.replace(newer, read, 60)).toBe(false);
    expect((await cache.read('ada'))?.snapshot).toEqual(newest);
  });

  it('by one of two that read the same', async () => {
    const { cache } = await world();
    await cache.replace(snapshot, undefined, 60);
    const read = await cache.read('ada');
    const outcomes = await Promise.all([cache.replace(newer, read, 60), cache.replace(newest, read, 60)]);
    expect(outcomes.toSorted()).toEqual([false, true]);
  });

  it('by the one that follows it, unread', async () => {
    const { cache, momento } = await world();
    await cache.replace(snapshot, undefined, 60);
    expect(await cache.supersede(snapshot, newer, 60)).toBe(true);
    expect((await cache.read('ada'))?.snapshot).toEqual(newer);
    expect(momento.countCalls('GetWithHash')).toBe(1);
  });

  it('not unread where anything else is cached, be it the same in other words, or nothing', async () => {
    const { cache, momento } = await world();
    expect(await cache.supersede(snapshot, newer, 60)).toBe(false);
    expect(await cache.read('ada')).toBeUndefined();
    for (const other of [newest, { ...snapshot, asOf: '2026-11-22T09:59:59.999Z' }]) {
      momento.flushCache(CACHE);
      await cache.replace(other, undefined, 60);
      expect(await cache.supersede(snapshot, newer, 60)).toBe(false);
      expect((await cache.read('ada'))?.snapshot).toEqual(other);
    }
  });

  it('not if it is gone since it was read', async () => {
    const { cache, momento } = await world();
    await cache.replace(snapshot, undefined, 60);
    const read = await cache.read('ada');
    momento.flushCache(CACHE);
    expect(await cache.replace(newer, read, 60)).toBe(false);
    expect(await cache.read('ada')).toBeUndefined();
  });

  it.each([
    ['no JSON', 'not JSON'],
    ['nothing', ''],
    ['null', 'null'],
    ['a list', '[]'],
    ['half a snapshot', JSON.stringify({ version: 9, epoch: '0', catalogVersion: '2026-11-22.1' })],
    ['a version that is no number', JSON.stringify({ ...snapshot, version: '9' })],
    ['a catalogue that is no text', JSON.stringify({ ...snapshot, catalogVersion: 20_261_122 })],
    ['an epoch that is no number', JSON.stringify({ ...snapshot, epoch: 'first' })],
    ['no entitlements', JSON.stringify({ ...snapshot, entitlements: null })],
    ['another account’s snapshot', JSON.stringify({ ...snapshot, accountId: 'bob' })],
  ])('also where %s is found, which is never given out as an answer', async (_, text) => {
    const { cache, momento } = await world();
    await cacheClient(momento, momento.mintKey('data')).set(CACHE, 'ada', text === '' ? ' ' : text);
    const read = await cache.read('ada');
    expect(read).toBeDefined();
    expect(read?.snapshot).toBeUndefined();
    expect(await cache.replace(snapshot, read, 60)).toBe(true);
    expect((await cache.read('ada'))?.snapshot).toEqual(snapshot);
  });
});

describe('reading', () => {
  it('never sees an older snapshot than the last that was written, although Momento may serve stale reads', async () => {
    const { cache, momento } = await world();
    await cache.replace(snapshot, undefined, 60);
    momento.serveStaleReads(true);
    await cache.replace(newer, await cache.read('ada'), 60);
    expect((await cache.read('ada'))?.snapshot).toEqual(newer);
    // The reader that takes the SDK's default does see it: the stand-in really was stale.
    const careless = await cacheClient(momento, momento.mintKey('data')).get(CACHE, 'ada');
    expect(JSON.parse(careless.value() ?? '')).toEqual(snapshot);
  });
});

describe('a rotated key', () => {
  it('is followed without a failed call once the old one is revoked, by one refresh and one retry', async () => {
    const { cache, momento, secrets } = await world();
    const { key: old } = await secrets.get();
    await cache.replace(snapshot, undefined, 60);
    secrets.rotate({ key: momento.mintKey('data'), endpoint: momento.url });
    momento.revokeKey(old);

    const before = momento.countCalls('GetWithHash');
    expect((await cache.read('ada'))?.snapshot).toEqual(snapshot);
    expect(secrets.refreshes()).toBe(1);
    expect(momento.countCalls('GetWithHash') - before).toBe(2);

    await cache.read('ada');
    expect(secrets.refreshes()).toBe(1);
  });

  it('is followed by a write that was refused, once', async () => {
    const { cache, momento, secrets } = await world();
    const { key: old } = await secrets.get();
    await cache.replace(snapshot, undefined, 60);
    const read = await cache.read('ada');
    secrets.rotate({ key: momento.mintKey('data'), endpoint: momento.url });
    momento.revokeKey(old);
    expect(await cache.replace(newer, read, 60)).toBe(true);
    expect((await cache.read('ada'))?.snapshot).toEqual(newer);
  });

  it('is followed to another endpoint', async () => {
    const { cache, momento, secrets } = await world();
    const other = await momentoForTest();
    await cache.replace(snapshot, undefined, 60);
    const { key: old } = await secrets.get();
    secrets.rotate({ key: other.mintKey('data'), endpoint: other.url });
    momento.revokeKey(old);
    expect(await cache.read('ada')).toBeUndefined();
    expect(other.countCalls('GetWithHash')).toBe(1);
  });

  it('that was not put into Parameter Store is tried once more and no further, and never quoted', async () => {
    const { cache, momento, secrets } = await world();
    const { key } = await secrets.get();
    momento.revokeKey(key);
    const refusal: unknown = await cache.read('ada').catch((reason: unknown) => reason);
    expect(refusal).toBeInstanceOf(Unavailable);
    expect(momento.countCalls('GetWithHash')).toBe(2);
    expect(inspect(refusal, { depth: 9, showHidden: true })).not.toContain(key);
  });
});

describe('Momento', () => {
  it('that cannot be reached is unavailable, and answers again when it is back', async () => {
    const { cache, momento } = await world();
    await cache.replace(snapshot, undefined, 60);
    momento.block();
    await expect(cache.read('ada')).rejects.toBeInstanceOf(Unavailable);
    await expect(cache.replace(newer, undefined, 60)).rejects.toBeInstanceOf(Unavailable);
    momento.unblock();
    await expect.poll(() => cache.read('ada').catch(() => undefined), { timeout: 10_000 }).toBeDefined();
  });

  it.each(['RESOURCE_EXHAUSTED', 'INTERNAL', 'UNAVAILABLE', 'PERMISSION_DENIED', 'NOT_FOUND'] as const)(
    'that says %s is unavailable for now, since nothing of it makes a purchase bad',
    async (code) => {
      const { cache, momento, secrets } = await world();
      momento.fail({ rpc: 'GetWithHash', code, times: 9 });
      const failure: unknown = await cache.read('ada').catch((reason: unknown) => reason);
      expect(failure).toBeInstanceOf(Unavailable);
      expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain((await secrets.get()).key);
    },
  );
});
