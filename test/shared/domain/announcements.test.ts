import { describe, expect, it } from 'vitest';
import { loadCatalog } from '../../../shared/catalog.ts';
import {
  announcementsOf,
  largestAnnouncementBytes,
  LARGEST_ANNOUNCEMENT_BYTES,
  MOST_ANNOUNCED_AT_ONCE,
  quietOnes,
} from '../../../shared/domain/announcements.ts';
import { toMs } from '../../../shared/domain/instants.ts';
import { PURCHASE_STATUSES, type Purchase } from '../../../shared/domain/purchases.ts';
import { firstSnapshot, nextSnapshot } from '../../../shared/domain/snapshots.ts';
import { catalogOf, product } from '../../support/catalogs.ts';
import { purchase } from '../../support/world.ts';

const nowMs = toMs('2026-11-22T10:00:00.000Z');
const catalog = catalogOf([
  product({ grants: ['movies'] }),
  product({ productId: 'gift', notify: false }),
  product({ productId: 'basic', productType: 'free' }),
]);
const loud = () => false;

function bought(purchases: readonly Purchase[], version = 7) {
  const previous = { ...firstSnapshot('ada', catalog, nowMs), version };
  return nextSnapshot(previous, purchases, catalog, nowMs);
}

function several(count: number): readonly Purchase[] {
  return Array.from({ length: count }, (_, n) => purchase({ purchaseId: `p_${n}` }));
}

describe('an announcement', () => {
  it('is a CloudEvent that carries the whole entitlement, so that the player needs no further call', () => {
    const { snapshot, changes } = bought([purchase()]);
    expect(announcementsOf(changes, snapshot, loud)).toEqual([
      {
        specversion: '1.0',
        id: '0.8',
        source: 'usher',
        type: 'entitlement.created',
        subject: 'ada',
        time: '2026-11-22T10:00:00.000Z',
        datacontenttype: 'application/json',
        epoch: '0',
        version: 8,
        data: snapshot.entitlements.find(({ entitlementId }) => entitlementId === 'sub_1'),
      },
    ]);
  });

  it('of an entitlement that is gone holds its reference only', () => {
    const before = bought([purchase()]).snapshot;
    const { snapshot, changes } = nextSnapshot(before, [purchase({ status: 'refunded' })], catalog, nowMs);
    expect(announcementsOf(changes, snapshot, loud)).toMatchObject([
      { type: 'entitlement.deleted', version: 9, data: { entitlementId: 'sub_1' } },
    ]);
  });

  it('has a version of its own for each change: three move 7 to 10 and say 8, 9, 10', () => {
    const { snapshot, changes } = bought(several(3));
    const announced = announcementsOf(changes, snapshot, loud);
    expect(snapshot.version).toBe(10);
    expect(announced.map(({ version }) => version)).toEqual([8, 9, 10]);
    expect(announced.map(({ id }) => id)).toEqual(['0.8', '0.9', '0.10']);
  });

  it('is not made of a quiet change, which takes its version all the same', () => {
    const { snapshot, changes } = bought(several(3));
    const announced = announcementsOf(changes, snapshot, (id) => id === 'p_1');
    expect(announced.map(({ version, data }) => [version, data])).toMatchObject([
      [8, { entitlementId: 'p_0' }],
      [10, { entitlementId: 'p_2' }],
    ]);
  });

  it('stands alone for more than 16 changes, and says no more than "read again"', () => {
    const atMost = bought(several(MOST_ANNOUNCED_AT_ONCE));
    expect(announcementsOf(atMost.changes, atMost.snapshot, loud)).toHaveLength(16);

    const { snapshot, changes } = bought(several(MOST_ANNOUNCED_AT_ONCE + 1));
    expect(announcementsOf(changes, snapshot, loud)).toMatchObject([
      { type: 'entitlements.replaced', version: 24, id: '0.24', subject: 'ada', data: {} },
    ]);
  });

  it('is not made at all when every change is quiet, however many', () => {
    const { snapshot, changes } = bought(several(20));
    expect(announcementsOf(changes, snapshot, () => true)).toEqual([]);
  });
});

describe('quiet is', () => {
  const isQuiet = quietOnes(
    [
      purchase({ purchaseId: 'loud' }),
      purchase({ purchaseId: 'hushed', notify: false }),
      purchase({ purchaseId: 'given', productId: 'gift' }),
      purchase({ purchaseId: 'later', productId: 'of-a-later-catalogue' }),
    ],
    catalogOf([...catalog.products, product({ productId: 'hum', productType: 'free', notify: false })]),
  );

  it.each([
    ['a purchase that says so', 'hushed', true],
    ['a purchase of a product that says so', 'given', true],
    ['a free product that says so', 'free:hum', true],
    ['no other purchase', 'loud', false],
    ['no other free product', 'free:basic', false],
    ['no purchase of a product that is not known yet', 'later', false],
    ['nothing that has lost its purchase', 'unknown', false],
  ])('%s', (_, entitlementId, quiet) => {
    expect(isQuiet(entitlementId)).toBe(quiet);
  });
});

describe('no message about a product in catalog.json', () => {
  const all = loadCatalog();
  const longest = 'x'.repeat(64);

  it.each(all.products.map((each) => [each.productId, each] as const))(
    'exceeds 1 KB, %s’s least of all',
    (_, sold) => {
      const purchases = PURCHASE_STATUSES.map((status) =>
        purchase({
          accountId: longest,
          purchaseId: longest,
          productId: sold.productId,
          status,
          validUntil: '2026-12-22T10:00:00.000Z',
        }),
      );
      const previous = { ...firstSnapshot(longest, all, nowMs), epoch: '99', version: 9_999_000 };
      const bytes = purchases.flatMap((each) => {
        const { snapshot, changes } = nextSnapshot({ ...previous, entitlements: [] }, [each], all, nowMs);
        return announcementsOf(changes, snapshot, loud).map((message) =>
          Buffer.byteLength(JSON.stringify(message)),
        );
      });
      expect(Math.max(...bytes)).toBeLessThanOrEqual(LARGEST_ANNOUNCEMENT_BYTES);
      expect(largestAnnouncementBytes(sold)).toBeLessThanOrEqual(LARGEST_ANNOUNCEMENT_BYTES);
    },
  );

  it('is larger than what synth reckons with', () => {
    for (const sold of all.products.filter(({ productType }) => productType !== 'free')) {
      const alone = catalogOf([sold]);
      const previous = { ...firstSnapshot(longest, alone, nowMs), epoch: '99', version: 9_999_000 };
      const ended = purchase({
        accountId: longest,
        purchaseId: longest,
        productId: sold.productId,
        status: 'cancelled',
        validUntil: '2026-11-22T09:30:00.000Z', // "held": false is the longer text
      });
      const { snapshot, changes } = nextSnapshot(previous, [ended], alone, nowMs);
      const [message] = announcementsOf(changes, snapshot, loud);
      expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThanOrEqual(largestAnnouncementBytes(sold));
    }
  });

  it('counts bytes and not characters', () => {
    const ascii = largestAnnouncementBytes(product({ features: { audio: 'aa' } }));
    const japanese = largestAnnouncementBytes(product({ features: { audio: '音声' } }));
    expect(japanese - ascii).toBe(4);
  });
});
