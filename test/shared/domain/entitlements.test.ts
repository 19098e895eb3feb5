import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadCatalog } from '../../../shared/catalog.ts';
import {
  entitlementsOf,
  foldAccess,
  isHeld,
  nextChangeAt,
  type Entitlement,
} from '../../../shared/domain/entitlements.ts';
import { fromMs, toMs } from '../../../shared/domain/instants.ts';
import { boughtBy, moments } from '../../support/arbitraries.ts';
import { catalogOf, entitlement, product } from '../../support/catalogs.ts';
import { purchase } from '../../support/world.ts';

const nowMs = toMs('2026-11-22T10:00:00.000Z');
const free = product({ productId: 'basic', productType: 'free', grants: ['free'] });
const sold = product({ grants: ['movies'], features: { quality: 'uhd' }, maxStreams: 4, regions: ['JP'] });
const catalog = catalogOf([free, sold]);

describe('what an account is entitled to', () => {
  it('is, before it has bought anything, what everyone has', () => {
    expect(entitlementsOf('ada', [], catalog, nowMs)).toMatchObject([
      { entitlementId: 'free:basic', accountId: 'ada', productType: 'free', held: true, validUntil: null },
    ]);
  });

  it('says all that a player needs to know of a purchase', () => {
    const [bought] = entitlementsOf('ada', [purchase()], catalogOf([sold]), nowMs);
    expect(bought).toEqual({
      entitlementId: 'sub_1',
      accountId: 'ada',
      productId: 'premium',
      productType: 'subscription',
      status: 'active',
      validFrom: '2026-11-22T09:00:00.000Z',
      validUntil: null,
      heldUntil: null,
      held: true,
      grants: ['movies'],
      features: { quality: 'uhd' },
      maxStreams: 4,
      regions: ['JP'],
    });
  });

  it.each(['paused', 'refunded'] as const)('has nothing of a purchase that is %s', (status) => {
    expect(entitlementsOf('ada', [purchase({ status })], catalogOf([sold]), nowMs)).toEqual([]);
  });

  it('has nothing of a product that this catalogue does not know', () => {
    expect(entitlementsOf('ada', [purchase({ productId: 'later' })], catalogOf([sold]), nowMs)).toEqual([]);
  });

  it('lists what is bought for later, as not held yet', () => {
    const later = purchase({ validFrom: '2026-12-01T00:00:00.000Z' });
    expect(entitlementsOf('ada', [later], catalogOf([sold]), nowMs)).toMatchObject([{ held: false }]);
  });

  it('lists what has ended for 30 days and not a millisecond longer', () => {
    const ended = purchase({ status: 'cancelled', validUntil: '2026-11-22T10:00:00.000Z' });
    const listed = (atMs: number) => entitlementsOf('ada', [ended], catalogOf([sold]), atMs);
    const thirtyDaysLater = nowMs + 30 * 24 * 3_600_000;
    expect(listed(nowMs)).toMatchObject([{ held: false }]);
    expect(listed(thirtyDaysLater - 1)).toHaveLength(1);
    expect(listed(thirtyDaysLater)).toHaveLength(0);
  });

  it('is the same in whatever order its purchases are read', () => {
    fc.assert(
      fc.property(boughtBy('ada'), moments, (purchases, atMs) => {
        const all = loadCatalog();
        expect(entitlementsOf('ada', purchases.toReversed(), all, atMs)).toEqual(
          entitlementsOf('ada', purchases, all, atMs),
        );
      }),
    );
  });
});

describe('an entitlement is held', () => {
  const [from, until] = ['2026-11-22T10:00:00.000Z', '2026-11-22T11:00:00.000Z'];
  const bounded = { validFrom: from, heldUntil: until };

  it.each([
    ['not a millisecond before its start', bounded, toMs(from) - 1, false],
    ['from its start', bounded, toMs(from), true],
    ['until the last millisecond before its end', bounded, toMs(until) - 1, true],
    ['not at its end', bounded, toMs(until), false],
    ['for ever when it has no end', { validFrom: from, heldUntil: null }, toMs('9999-01-01T00:00:00Z'), true],
    ['never when it ends as it starts', { validFrom: from, heldUntil: from }, toMs(from), false],
  ])('%s', (_, when, atMs, held) => {
    expect(isHeld(when, atMs)).toBe(held);
  });
});

describe('access', () => {
  const [soon, late] = ['2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'];

  it('has the largest number of streams and every extra one', () => {
    const held = [
      entitlement({ entitlementId: 'a', maxStreams: 2 }),
      entitlement({ entitlementId: 'b', maxStreams: 4 }),
      entitlement({ entitlementId: 'c', extraStreams: 1 }),
      entitlement({ entitlementId: 'd', extraStreams: 2 }),
    ];
    expect(foldAccess(held, nowMs).maxStreams).toBe(7);
  });

  it('has no stream when nothing is held', () => {
    expect(foldAccess([], nowMs)).toEqual({ maxStreams: 0, features: {}, grants: [] });
  });

  it('counts nothing that has not begun or has ended', () => {
    const before = entitlement({ entitlementId: 'a', validFrom: soon, maxStreams: 9, grants: ['early'] });
    const after = entitlement({ entitlementId: 'b', heldUntil: fromMs(nowMs), extraStreams: 9 });
    expect(foldAccess([before, after, entitlement({ maxStreams: 1 })], nowMs)).toEqual({
      maxStreams: 1,
      features: {},
      grants: ['movies'],
    });
  });

  it('asks the clock and not what was held when it was computed', () => {
    const stale = entitlement({ held: true, heldUntil: fromMs(nowMs), maxStreams: 4 });
    expect(foldAccess([stale], nowMs).maxStreams).toBe(0);
  });

  it('grants each tag once, sorted', () => {
    const held = [entitlement({ grants: ['series', 'movies'] }), entitlement({ grants: ['movies', 'free'] })];
    expect(foldAccess(held, nowMs).grants).toEqual(['free', 'movies', 'series']);
  });

  it('has a feature from the entitlement that ends last', () => {
    const uhd = entitlement({
      entitlementId: 'a',
      heldUntil: late,
      features: { quality: 'uhd', hdr: 'yes' },
    });
    const hd = entitlement({ entitlementId: 'b', heldUntil: soon, features: { quality: 'hd', ads: 'no' } });
    expect(foldAccess([uhd, hd], nowMs).features).toEqual({ quality: 'uhd', hdr: 'yes', ads: 'no' });
    const endless = entitlement({ entitlementId: 'c', heldUntil: null, features: { quality: 'sd' } });
    expect(foldAccess([endless, uhd, hd], nowMs).features['quality']).toBe('sd');
  });

  it('has, of two that end together, the feature of the lesser id', () => {
    const a = entitlement({ entitlementId: 'a', features: { quality: 'uhd' } });
    const b = entitlement({ entitlementId: 'b', features: { quality: 'hd' } });
    expect(foldAccess([a, b], nowMs).features).toEqual({ quality: 'uhd' });
    expect(foldAccess([b, a], nowMs).features).toEqual({ quality: 'uhd' });
  });

  it('is the same in whatever order the entitlements stand', () => {
    const held: fc.Arbitrary<Entitlement> = fc
      .record({
        entitlementId: fc.integer({ min: 1, max: 50 }).map(String),
        validFrom: moments.map(fromMs),
        heldUntil: fc.option(moments.map(fromMs)),
        grants: fc.subarray(['movies', 'series', 'free']),
        features: fc.dictionary(fc.constantFrom('quality', 'ads'), fc.constantFrom('uhd', 'hd', 'sd')),
        maxStreams: fc.integer({ min: 1, max: 4 }),
        extraStreams: fc.integer({ min: 1, max: 4 }),
      })
      .map(entitlement);
    const several = fc.uniqueArray(held, { selector: ({ entitlementId }) => entitlementId, maxLength: 8 });
    const shuffled = several.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    fc.assert(
      fc.property(shuffled, moments, ([one, other], atMs) => {
        expect(foldAccess(other, atMs)).toEqual(foldAccess(one, atMs));
      }),
    );
  });
});

describe('the next change', () => {
  const begins = entitlement({ entitlementId: 'a', validFrom: '2026-11-22T10:00:00.001Z' });
  const ends = entitlement({ entitlementId: 'b', heldUntil: '2026-11-22T11:00:00.000Z' });

  it('is the first start or end that lies ahead', () => {
    expect(nextChangeAt([ends, begins], nowMs)).toBe('2026-11-22T10:00:00.001Z');
    expect(nextChangeAt([ends, begins], nowMs + 1)).toBe('2026-11-22T11:00:00.000Z');
  });

  it('never comes when all that is held is held for ever', () => {
    expect(nextChangeAt([entitlement()], nowMs)).toBeNull();
    expect(nextChangeAt([ends], toMs('2026-11-22T11:00:00.000Z'))).toBeNull();
  });

  it('is not announced too late: until then what is held stays what it is', () => {
    fc.assert(
      fc.property(boughtBy('ada'), moments, moments, (purchases, atMs, otherMs) => {
        const all = entitlementsOf('ada', purchases, loadCatalog(), atMs);
        const next = nextChangeAt(all, atMs);
        fc.pre(otherMs >= atMs && (next === null || otherMs < toMs(next)));
        expect(foldAccess(all, otherMs)).toEqual(foldAccess(all, atMs));
      }),
    );
    expect.hasAssertions();
  });
});
