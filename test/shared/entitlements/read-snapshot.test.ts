import { describe, expect, test } from 'vitest';
import { readSnapshot } from '../../../shared/entitlements/read-snapshot.ts';
import { recompute } from '../../../shared/entitlements/recompute.ts';
import { Unavailable } from '../../../shared/errors.ts';
import type { AccountStore } from '../../../shared/ports.ts';
import { memoryWorld, purchase, type MemoryWorld } from '../../support/world.ts';

const DAY_MS = 86_400_000;
const quietly = (world: MemoryWorld) => ({ ...world, warn: () => {} });
const unavailable = () => Promise.reject(new Unavailable('down'));

describe('a read', () => {
  test('of an account that nothing is known of gives what is free, caches it, and asks for a recompute', async () => {
    const world = memoryWorld();
    const { snapshot, provisional } = await readSnapshot(quietly(world), 'ada');
    expect(snapshot).toMatchObject({ epoch: '0', version: 0, access: { grants: ['free'], maxStreams: 1 } });
    expect(provisional).toBe(false);
    expect(world.cached.get('ada')).toEqual(snapshot);
    expect(world.queued).toEqual([{ kind: 'recompute', accountId: 'ada' }]);
  });

  test('is answered from the cache, without the table', async () => {
    const world = memoryWorld();
    await recompute(world, 'ada', [purchase()]);
    const accounts: AccountStore = { ...world.accounts, read: unavailable, readAll: unavailable };
    expect((await readSnapshot({ ...quietly(world), accounts }, 'ada')).snapshot.version).toBe(1);
  });

  test('for a version that the cache does not have yet is answered from the table', async () => {
    const world = memoryWorld();
    await recompute(world, 'ada', [purchase()]);
    const older = { ...world.cached.get('ada')!, version: 0, entitlements: [] };
    world.cached.set('ada', older);
    expect((await readSnapshot(quietly(world), 'ada')).snapshot.version).toBe(0);
    expect((await readSnapshot(quietly(world), 'ada', 1)).snapshot.version).toBe(1);
    expect(world.cached.get('ada')?.version).toBe(1);
  });

  test('is right while the cache cannot be reached', async () => {
    const world = memoryWorld();
    await recompute(world, 'ada', [purchase()]);
    const missed: string[] = [];
    const cache = { ...world.cache, read: unavailable, replace: unavailable };
    const reading = await readSnapshot({ ...world, cache, warn: (what) => missed.push(what) }, 'ada');
    expect(reading.snapshot).toEqual(world.stored.get('ada'));
    expect(missed).toEqual(['cache not read', 'cache not filled']);
  });

  test('after a boundary in time is folded afresh, not cached, and asks for a recompute', async () => {
    const world = memoryWorld();
    const validUntil = '2026-11-24T09:00:00.000Z';
    await recompute(world, 'ada', [purchase({ productId: 'nightfall-48h', validUntil })]);
    expect((await readSnapshot(quietly(world), 'ada')).snapshot.access.grants).toContain('nightfall');
    world.now.advance(3 * DAY_MS);
    const { snapshot, provisional } = await readSnapshot(quietly(world), 'ada');
    expect(snapshot).toMatchObject({ version: 1, access: { grants: ['free'] }, nextChangeAt: null });
    expect(provisional).toBe(true);
    expect(world.cached.get('ada')?.access.grants).toContain('nightfall');
    expect(world.queued).toEqual([{ kind: 'recompute', accountId: 'ada' }]);
  });

  test('under a newer catalogue is computed by it, and the older function keeps serving what is newer', async () => {
    const world = memoryWorld();
    await recompute(world, 'ada', [purchase()]);
    const products = world.catalog.products.map((product) =>
      product.productId === 'premium' ? { ...product, grants: ['movies'] } : product,
    );
    const newer = { ...world, catalog: { ...world.catalog, catalogVersion: '2027-01-01.1', products } };
    const { snapshot, provisional } = await readSnapshot(quietly(newer), 'ada');
    expect(snapshot).toMatchObject({
      catalogVersion: '2027-01-01.1',
      access: { grants: ['free', 'movies'] },
    });
    expect(provisional).toBe(true);

    await recompute(newer, 'ada');
    expect((await readSnapshot(quietly(world), 'ada')).snapshot.access.grants).toEqual(['free', 'movies']);
  });

  test('by a function with an older catalogue takes away nothing that the newer one sells', async () => {
    const world = memoryWorld();
    const gold = { ...world.catalog.products[1]!, productId: 'gold', grants: ['gold'] };
    const catalog = {
      ...world.catalog,
      catalogVersion: '2027-01-01.1',
      products: [...world.catalog.products, gold],
    };
    const validUntil = '2026-11-23T09:00:00.000Z';
    await recompute({ ...world, catalog }, 'ada', [
      purchase({ productId: 'gold' }),
      purchase({ purchaseId: 'short', productId: 'nightfall-48h', validUntil }),
    ]);
    world.now.advance(3 * DAY_MS);
    world.cache.flush();
    const { snapshot, provisional } = await readSnapshot(quietly(world), 'ada');
    expect(snapshot.access.grants).toEqual(['free', 'gold']);
    expect([provisional, snapshot.catalogVersion]).toEqual([true, '2027-01-01.1']);
  });

  test('knows a purchase that has no item of its own yet', async () => {
    const world = memoryWorld();
    const accounts = { ...world.accounts, putPurchase: unavailable };
    await expect(recompute({ ...world, accounts }, 'ada', [purchase()])).rejects.toThrow(Unavailable);
    world.cache.flush();
    const newer = { ...world.catalog, catalogVersion: '2027-01-01.1' }; // computed afresh, from the purchases
    const { snapshot } = await readSnapshot({ ...quietly(world), catalog: newer }, 'ada');
    expect(snapshot.entitlements.map(({ entitlementId }) => entitlementId)).toContain('sub_1');
  });

  test('never takes a purchase for lost because its item was read before the account’s', async () => {
    const world = memoryWorld();
    await recompute(world, 'ada', [purchase()]);
    const { purchases: before } = await world.accounts.readAll('ada');
    world.now.advance(DAY_MS);
    await recompute(world, 'ada', [purchase({ purchaseId: 'sub_2', productId: 'sports' })]);
    world.cache.flush();
    let reads = 0;
    const accounts: AccountStore = {
      ...world.accounts,
      read: async () => undefined, // not there yet when the reader first looked
      readAll: async (accountId) => {
        const account = await world.accounts.readAll(accountId);
        return reads++ === 0 ? { ...account, purchases: before } : account;
      },
    };
    const { snapshot } = await readSnapshot({ ...quietly(world), accounts }, 'ada');
    expect(snapshot.entitlements.map(({ entitlementId }) => entitlementId)).toContain('sub_2');
  });

  test('fails when the table cannot be reached and the cache has nothing', async () => {
    const world = memoryWorld();
    const accounts: AccountStore = { ...world.accounts, read: unavailable };
    await expect(readSnapshot({ ...quietly(world), accounts }, 'ada')).rejects.toThrow(Unavailable);
  });
});
