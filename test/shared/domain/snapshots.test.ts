import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadCatalog } from '../../../shared/catalog.ts';
import type { Entitlement } from '../../../shared/domain/entitlements.ts';
import { fromMs, toMs } from '../../../shared/domain/instants.ts';
import {
  changesBetween,
  compareSnapshots,
  firstSnapshot,
  isOverdue,
  nextSnapshot,
  takesAway,
  type Change,
} from '../../../shared/domain/snapshots.ts';
import { boughtBy, moments } from '../../support/arbitraries.ts';
import { catalogOf, entitlement, product } from '../../support/catalogs.ts';
import { purchase } from '../../support/world.ts';

const nowMs = toMs('2026-11-22T10:00:00.000Z');
const catalog = catalogOf([product({ grants: ['movies'], maxStreams: 4 })]);

/** What a player does with the deltas it hears. */
function apply(held: readonly Entitlement[], changes: readonly Change[]): readonly Entitlement[] {
  const byId = new Map(held.map((each) => [each.entitlementId, each]));
  for (const { entitlementId, entitlement: now } of changes) {
    if (now) byId.set(entitlementId, now);
    else byId.delete(entitlementId);
  }
  return [...byId.values()].toSorted((a, b) => (a.entitlementId < b.entitlementId ? -1 : 1));
}

describe('the changes from one answer to the next', () => {
  it('tell what came, what is different and what is gone, in the order of the ids', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((entitlementId) => entitlement({ entitlementId }));
    const paid = { ...b!, status: 'cancelled' as const };
    expect(changesBetween([b!, c!], [a!, paid])).toEqual([
      { type: 'created', entitlementId: 'a', entitlement: a },
      { type: 'updated', entitlementId: 'b', entitlement: paid },
      { type: 'deleted', entitlementId: 'c' },
    ]);
  });

  it('are none when only the order of the fields differs, as after a stored one is read back', () => {
    const one = entitlement({ features: { quality: 'uhd', hdr: 'yes' } });
    const reordered = Object.fromEntries(Object.entries(one).toReversed()) as unknown as Entitlement;
    const inside = { ...reordered, features: { hdr: 'yes', quality: 'uhd' } };
    expect(changesBetween([one], [inside])).toEqual([]);
  });

  it('lead from the previous entitlements to the next, one version for each', () => {
    const all = loadCatalog();
    fc.assert(
      fc.property(boughtBy('ada'), boughtBy('ada'), moments, moments, (before, after, atMs, laterMs) => {
        const first = nextSnapshot(firstSnapshot('ada', all, atMs), before, all, atMs).snapshot;
        const { snapshot, changes } = nextSnapshot(first, after, all, laterMs);
        expect(apply(first.entitlements, changes)).toEqual(snapshot.entitlements);
        expect(snapshot.version).toBe(first.version + changes.length);
        expect(nextSnapshot(snapshot, after, all, laterMs).changes).toEqual([]);
      }),
    );
  });
});

describe('an account’s answer', () => {
  it('starts at epoch 0, version 0, with what everyone has', () => {
    const everyone = catalogOf([product({ productType: 'free', productId: 'basic', maxStreams: 1 })]);
    expect(firstSnapshot('ada', everyone, nowMs)).toMatchObject({
      accountId: 'ada',
      epoch: '0',
      version: 0,
      catalogVersion: '2026-11-22.1',
      asOf: '2026-11-22T10:00:00.000Z',
      nextChangeAt: null,
      entitlements: [{ entitlementId: 'free:basic' }],
      access: { maxStreams: 1 },
    });
  });

  it('keeps its version when nothing changed, although time went by', () => {
    const { snapshot } = nextSnapshot(firstSnapshot('ada', catalog, nowMs), [purchase()], catalog, nowMs);
    const later = nextSnapshot(snapshot, [purchase()], catalog, nowMs + 3_600_000);
    expect(later).toMatchObject({ changes: [], snapshot: { version: 1, asOf: '2026-11-22T11:00:00.000Z' } });
  });

  it('keeps its epoch', () => {
    const restored = { ...firstSnapshot('ada', catalog, nowMs), epoch: '3' };
    expect(nextSnapshot(restored, [purchase()], catalog, nowMs).snapshot.epoch).toBe('3');
  });

  it('changes by the passing of a boundary alone, as one update', () => {
    const rented = [purchase({ status: 'cancelled', validUntil: '2026-11-22T11:00:00.000Z' })];
    const first = nextSnapshot(firstSnapshot('ada', catalog, nowMs), rented, catalog, nowMs).snapshot;
    const atEnd = toMs('2026-11-22T11:00:00.000Z');
    expect(nextSnapshot(first, rented, catalog, atEnd - 1).changes).toEqual([]);
    const { snapshot, changes } = nextSnapshot(first, rented, catalog, atEnd);
    expect(changes).toMatchObject([{ type: 'updated', entitlement: { held: false } }]);
    expect(snapshot).toMatchObject({ version: 2, access: { maxStreams: 0 } });
  });

  it('is overdue from its next change on', () => {
    const due = { nextChangeAt: fromMs(nowMs) };
    expect(isOverdue(due, nowMs - 1)).toBe(false);
    expect(isOverdue(due, nowMs)).toBe(true);
    expect(isOverdue({ nextChangeAt: null }, nowMs)).toBe(false);
  });
});

describe('of two answers', () => {
  const answer = { epoch: '2', version: 10, catalogVersion: '2026-11-22.1' };

  it.each([
    ['the higher epoch is newer, whatever its version', { epoch: '10', version: 1 }],
    ['the higher version is newer', { version: 11, catalogVersion: '2026-01-01.1' }],
    ['with the same version the newer catalogue is newer', { catalogVersion: '2026-11-22.10' }],
  ])('%s', (_, changes) => {
    expect(compareSnapshots({ ...answer, ...changes }, answer)).toBeGreaterThan(0);
    expect(compareSnapshots(answer, { ...answer, ...changes })).toBeLessThan(0);
  });

  it('neither is newer when all three agree', () => {
    expect(compareSnapshots(answer, { ...answer })).toBe(0);
  });
});

describe('a change takes something away', () => {
  const sold = catalogOf([
    product({ grants: ['movies'], maxStreams: 4 }),
    product({ productId: 'mobile', grants: ['movies'], maxStreams: 4, deviceTypes: ['mobile'] }),
    product({ productId: 'screens', productType: 'addon', extraStreams: 1 }),
  ]);
  const answer = (...purchases: readonly Parameters<typeof purchase>[0][]) =>
    nextSnapshot(firstSnapshot('ada', sold, nowMs), purchases.map(purchase), sold, nowMs).snapshot;
  const one = { purchaseId: 'p_1' };
  const two = { purchaseId: 'p_2', productId: 'screens' };

  it.each([
    ['when a purchase is gone', answer(one, two), answer(one)],
    [
      'when a purchase has ended',
      answer(one),
      answer({ ...one, status: 'cancelled', validUntil: fromMs(nowMs) }),
    ],
    ['when there are fewer screens', answer(one, two), answer(one, { ...two, status: 'refunded' })],
    ['when it counts on fewer devices', answer(one), answer({ ...one, productId: 'mobile' })],
    [
      'when its end comes nearer',
      answer(one),
      answer({ ...one, status: 'cancelled', validUntil: fromMs(nowMs + 1000) }),
    ],
    ['when another catalogue is in force', answer(one), { ...answer(one), catalogVersion: '2027-01-01.1' }],
  ])('%s', (_, before, after) => expect(takesAway(before, after)).toBe(true));

  it.each([
    ['when nothing changed', answer(one), answer(one)],
    ['when something is bought', answer(one), answer(one, two)],
    [
      'when a purchase is renewed',
      answer({ ...one, validUntil: fromMs(nowMs + 1000) }),
      answer({ ...one, validUntil: fromMs(nowMs + 2000) }),
    ],
    ['when what has ended long ago leaves', answer(one, { ...two, validUntil: fromMs(0) }), answer(one)],
  ])('not %s', (_, before, after) => expect(takesAway(before, after)).toBe(false));
});
