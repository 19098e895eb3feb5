import type { Catalog, DeviceType, Features, Product, ProductType } from './catalog.ts';
import { productOf } from './catalog.ts';
import { fromMs, toMs, type Instant } from './instants.ts';
import { endOf, heldUntil, type Purchase, type PurchaseStatus } from './purchases.ts';

/** What an account holds by one purchase. Complete: a player needs no further call to use it. */
export interface Entitlement {
  readonly entitlementId: string;
  readonly accountId: string;
  readonly productId: string;
  readonly productType: ProductType;
  readonly status: PurchaseStatus;
  readonly validFrom: Instant;
  readonly validUntil: Instant | null;
  /** The end that counts: `validUntil` and the product's grace. */
  readonly heldUntil: Instant | null;
  /** Whether it counted when this was computed, so that a boundary in time is a change like any other. */
  readonly held: boolean;
  readonly grants: readonly string[];
  readonly features: Features;
  readonly maxStreams?: number;
  readonly extraStreams?: number;
  readonly regions?: readonly string[];
  readonly deviceTypes?: readonly DeviceType[];
}

/** What all entitlements held at one moment come to. */
export interface Access {
  readonly maxStreams: number;
  readonly features: Features;
  readonly grants: readonly string[];
}

/** An account's whole answer, as it is cached, read and stored. */
export interface Snapshot {
  readonly accountId: string;
  /** Raised only when the table is restored from a backup. */
  readonly epoch: string;
  /** One more for every changed entitlement. */
  readonly version: number;
  readonly catalogVersion: string;
  readonly asOf: Instant;
  /** When time alone changes the answer; `null` = never. */
  readonly nextChangeAt: Instant | null;
  readonly entitlements: readonly Entitlement[];
  readonly access: Access;
}

/** Ended entitlements stay listed this long, so that a player can say what has ended. */
const LISTED_AFTER_END_MS = 30 * 24 * 3_600_000;

/** What an account holds: its purchases and the products that everyone has, by entitlement id. */
export function entitlementsOf(
  accountId: string,
  purchases: readonly Purchase[],
  catalog: Catalog,
  nowMs: number,
): readonly Entitlement[] {
  const free = catalog.products.filter(({ productType }) => productType === 'free');
  return [
    ...free.map((product) => freeEntitlement(accountId, product)),
    ...purchases.flatMap((purchase) => purchased(purchase, catalog, nowMs)),
  ].toSorted((a, b) => (a.entitlementId < b.entitlementId ? -1 : 1));
}

function purchased(purchase: Purchase, catalog: Catalog, nowMs: number): Entitlement[] {
  const product = productOf(catalog, purchase.productId);
  if (!product) return []; // an older function may meet a purchase of a newer catalogue
  const until = heldUntil(purchase, product);
  if (until === undefined) return [];
  if (until !== null && toMs(until) + LISTED_AFTER_END_MS <= nowMs) return [];
  return [
    {
      entitlementId: purchase.purchaseId,
      accountId: purchase.accountId,
      status: purchase.status,
      validFrom: purchase.validFrom,
      validUntil: endOf(purchase, product),
      heldUntil: until,
      held: isHeld({ validFrom: purchase.validFrom, heldUntil: until }, nowMs),
      ...given(product),
    },
  ];
}

/** The epoch as start: a constant, since a changing one would make every recompute a change. */
const ALWAYS: Instant = fromMs(0);

function freeEntitlement(accountId: string, product: Product): Entitlement {
  return {
    entitlementId: `free:${product.productId}`,
    accountId,
    status: 'active',
    validFrom: ALWAYS,
    validUntil: null,
    heldUntil: null,
    held: true,
    ...given(product),
  };
}

function given(product: Product) {
  const { productId, productType, grants, features, maxStreams, extraStreams, regions, deviceTypes } =
    product;
  return {
    productId,
    productType,
    grants,
    features,
    ...(maxStreams !== undefined && { maxStreams }),
    ...(extraStreams !== undefined && { extraStreams }),
    ...(regions && { regions }),
    ...(deviceTypes && { deviceTypes }),
  };
}

/** An account's slots are numbered 1 … 16; somebody who buys an add-on many times over gets no more. */
export const MOST_STREAMS = 16;

/** True when the entitlement counts at that moment: from its start, up to but not at its end. */
export function isHeld(
  { validFrom, heldUntil: until }: Pick<Entitlement, 'validFrom' | 'heldUntil'>,
  nowMs: number,
): boolean {
  return toMs(validFrom) <= nowMs && (until === null || nowMs < toMs(until));
}

/**
 * Folds what is held at that moment into one answer, so that a player can fold it again after a change:
 * the largest `maxStreams` plus all `extraStreams`, the union of the grants, and for each feature the
 * entitlement that ends last (of two that end together, the one with the lesser id).
 */
export function foldAccess(entitlements: readonly Entitlement[], nowMs: number): Access {
  const held = entitlements.filter((entitlement) => isHeld(entitlement, nowMs));
  const byEnd = held.toSorted((a, b) => endMs(a) - endMs(b) || (a.entitlementId < b.entitlementId ? 1 : -1));
  return {
    maxStreams: Math.min(
      MOST_STREAMS,
      Math.max(0, ...held.map(({ maxStreams = 0 }) => maxStreams)) +
        held.reduce((sum, { extraStreams = 0 }) => sum + extraStreams, 0),
    ),
    features: Object.fromEntries(byEnd.flatMap(({ features }) => Object.entries(features))),
    grants: [...new Set(held.flatMap(({ grants }) => grants))].toSorted(),
  };
}

/** When it counts no more; later than anything for one that always will. */
export function endMs({ heldUntil: until }: Pick<Entitlement, 'heldUntil'>): number {
  return until === null ? Number.MAX_SAFE_INTEGER : toMs(until);
}

/** The next moment at which time alone changes what is held, or `null`. */
export function nextChangeAt(entitlements: readonly Entitlement[], nowMs: number): Instant | null {
  const moments = entitlements.flatMap(({ validFrom, heldUntil: until }) =>
    until === null ? [toMs(validFrom)] : [toMs(validFrom), toMs(until)],
  );
  const next = Math.min(...moments.filter((moment) => moment > nowMs));
  return Number.isFinite(next) ? fromMs(next) : null;
}
