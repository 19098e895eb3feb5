import type { Product } from './catalog.ts';
import { fromMs, toMs, type Instant } from './instants.ts';

export const PURCHASE_STATUSES = ['active', 'cancelled', 'paused', 'refunded'] as const;
export type PurchaseStatus = (typeof PURCHASE_STATUSES)[number];

/** The whole state of one purchase, as the payment side reported it last. */
export interface Purchase {
  readonly accountId: string;
  readonly purchaseId: string;
  readonly productId: string;
  readonly status: PurchaseStatus;
  readonly validFrom: Instant;
  readonly validUntil: Instant | null;
  /** False: changes of this purchase are not announced. */
  readonly notify: boolean;
  /** The event that said so, which decides between two reports of the same purchase. */
  readonly reported: Reported;
}

export interface Reported {
  readonly eventId: string;
  readonly occurredAt: Instant;
  readonly revision: number;
}

/** True when `a` was reported later than `b`: the highest `(occurredAt, revision, eventId)` wins. */
export function supersedes(a: Reported, b: Reported): boolean {
  const [atA, atB] = [toMs(a.occurredAt), toMs(b.occurredAt)];
  if (atA !== atB) return atA > atB;
  if (a.revision !== b.revision) return a.revision > b.revision;
  return a.eventId > b.eventId;
}

/** Of every purchase the report that counts, whatever the order they come in. */
export function latestOf(purchases: readonly Purchase[]): readonly Purchase[] {
  const latest = new Map<string, Purchase>();
  for (const purchase of purchases) {
    const known = latest.get(purchase.purchaseId);
    if (!known || supersedes(purchase.reported, known.reported)) latest.set(purchase.purchaseId, purchase);
  }
  return [...latest.values()];
}

/** One text for one report of one purchase. */
export function reportKey({ purchaseId, reported }: Purchase): string {
  return `${purchaseId}#${toMs(reported.occurredAt)}#${reported.revision}#${reported.eventId}`;
}

/** Which report of each purchase an answer rests on, by purchase id. */
export type Basis = Readonly<Record<string, Reported>>;

export function basisOf(purchases: readonly Purchase[]): Basis {
  return Object.fromEntries(purchases.map(({ purchaseId, reported }) => [purchaseId, reported]));
}

/** True when these purchases are at least as new as those an answer rests on: none is missing, none is older. */
export function covers(purchases: readonly Purchase[], basis: Basis): boolean {
  // No object: one would find something for a purchase that is called `constructor`.
  const have = new Map(purchases.map((purchase) => [purchase.purchaseId, purchase.reported]));
  return Object.entries(basis).every(([purchaseId, reported]) => {
    const found = have.get(purchaseId);
    return found !== undefined && !supersedes(reported, found);
  });
}

/** The purchase's own end: the one it states, or the product's usual duration from its start. */
export function endOf(purchase: Purchase, product: Product): Instant | null {
  if (purchase.validUntil !== null || product.durationHours === undefined) return purchase.validUntil;
  return fromMs(toMs(purchase.validFrom) + product.durationHours * 3_600_000);
}

/**
 * Until when the purchase gives access (`null` = for ever), or `undefined` when it gives none at all.
 * An active one outlives its end by the product's grace, a cancelled one does not.
 */
export function heldUntil(purchase: Purchase, product: Product): Instant | null | undefined {
  if (purchase.status === 'paused' || purchase.status === 'refunded') return undefined;
  const end = endOf(purchase, product);
  if (end === null || purchase.status === 'cancelled') return end;
  return fromMs(toMs(end) + product.graceSeconds * 1000);
}
