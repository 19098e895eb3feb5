import { productOf, type Catalog, type Product } from './catalog.ts';
import { entitlementsOf, type Entitlement, type Snapshot } from './entitlements.ts';
import { toMs, type Instant } from './instants.ts';
import type { Purchase } from './purchases.ts';
import { changesBetween, firstSnapshot, type Change } from './snapshots.ts';

/** One message for an account's topic: CloudEvents 1.0 JSON with the extensions `epoch` and `version`. */
export interface Announcement {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type:
    | 'entitlement.created'
    | 'entitlement.updated'
    | 'entitlement.deleted'
    | 'entitlements.replaced';
  readonly subject: string;
  readonly time: Instant;
  readonly datacontenttype: 'application/json';
  readonly epoch: string;
  readonly version: number;
  /** The whole entitlement; of a deleted one its reference; of a replacement nothing. */
  readonly data: Entitlement | { readonly entitlementId: string } | Record<string, never>;
}

/** More changes than this at once are announced as one replacement, which sends the player to re-read. */
export const MOST_ANNOUNCED_AT_ONCE = 16;

/** Momento bills a message by the KB. */
export const LARGEST_ANNOUNCEMENT_BYTES = 1024;

const SOURCE = 'usher';

/**
 * What the account's topic is told about these changes, in the order of their versions. `snapshot` is the
 * one they lead to. A quiet change takes its version and is not announced; a player learns of it when it reads.
 */
export function announcementsOf(
  changes: readonly Change[],
  snapshot: Snapshot,
  isQuiet: (entitlementId: string) => boolean,
): readonly Announcement[] {
  const loud = changes.filter(({ entitlementId }) => !isQuiet(entitlementId));
  if (loud.length === 0) return [];
  if (changes.length > MOST_ANNOUNCED_AT_ONCE) return [replacement(snapshot)];
  const before = snapshot.version - changes.length;
  return changes.flatMap((change, index) =>
    isQuiet(change.entitlementId) ? [] : [announcementOf(change, snapshot, before + index + 1)],
  );
}

/** "Read again": stands for any number of changes up to and including the snapshot's version. */
export function replacement(snapshot: Snapshot): Announcement {
  return { ...envelope(snapshot, snapshot.version), type: 'entitlements.replaced', data: {} };
}

function announcementOf(change: Change, snapshot: Snapshot, version: number): Announcement {
  return {
    ...envelope(snapshot, version),
    type: `entitlement.${change.type}`,
    data: change.entitlement ?? { entitlementId: change.entitlementId },
  };
}

function envelope({ accountId, epoch, asOf }: Snapshot, version: number) {
  return {
    specversion: '1.0',
    id: `${epoch}.${version}`,
    source: SOURCE,
    subject: accountId,
    time: asOf,
    datacontenttype: 'application/json',
    epoch,
    version,
  } as const;
}

/** Which entitlements change without a message: their purchase or their product says `notify: false`. */
export function quietOnes(
  purchases: readonly Purchase[],
  catalog: Catalog,
): (entitlementId: string) => boolean {
  const quiet = new Set([
    ...purchases.filter((purchase) => !isLoud(purchase, catalog)).map(({ purchaseId }) => purchaseId),
    ...catalog.products.filter(({ notify }) => !notify).map(({ productId }) => `free:${productId}`),
  ]);
  return (entitlementId) => quiet.has(entitlementId);
}

function isLoud({ notify, productId }: Purchase, catalog: Catalog): boolean {
  return notify && (productOf(catalog, productId)?.notify ?? true);
}

/** The largest message that a change of this product can make, in bytes: the longest ids, dates and version. */
export function largestAnnouncementBytes(product: Product): number {
  const longest = 'x'.repeat(64);
  const at = '2026-11-22T10:00:00.000Z';
  const purchase: Purchase = {
    accountId: longest,
    purchaseId: longest,
    productId: product.productId,
    status: 'cancelled',
    validFrom: at,
    validUntil: at,
    notify: true,
    reported: { eventId: longest, occurredAt: at, revision: 0 },
  };
  const catalog: Catalog = { catalogVersion: '', products: [product], contents: [] };
  const entitlements = entitlementsOf(longest, [purchase], catalog, toMs(at));
  const before = {
    ...firstSnapshot(longest, catalog, toMs(at)),
    epoch: '99',
    version: 9_999_999,
    entitlements: [],
  };
  const messages = changesBetween([], entitlements).map((change) =>
    announcementOf(change, before, before.version),
  );
  return Math.max(...messages.map((message) => new TextEncoder().encode(JSON.stringify(message)).length));
}
