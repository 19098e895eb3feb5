import type { Product } from '../../shared/domain/catalog.ts';
import type { Entitlement } from '../../shared/domain/entitlements.ts';
import { fromMs, type Instant } from '../../shared/domain/instants.ts';
import type { PurchaseStatus } from '../../shared/domain/purchases.ts';

/** What the payment side reports: the whole state of one purchase. */
export interface CheckoutEvent {
  readonly id: string;
  readonly occurredAt: Instant;
  readonly accountId: string;
  readonly purchaseId: string;
  readonly productId: string;
  readonly status: PurchaseStatus;
  readonly validFrom: Instant;
  readonly validUntil: Instant | null;
}

/** When something is reported, and a source of new ids. */
export interface Moment {
  readonly nowMs: number;
  readonly newId: () => string;
}

/** A subscription is sold for a month of this length. */
const MONTH_MS = 30 * 24 * 3_600_000;
const HOUR_MS = 3_600_000;

/** A new purchase: a subscription or add-on for a month, anything else for as long as the product lasts. */
export function purchaseOf(product: Product, accountId: string, { nowMs, newId }: Moment): CheckoutEvent {
  const lastsMs = product.durationHours === undefined ? MONTH_MS : product.durationHours * HOUR_MS;
  return {
    id: `evt_${newId()}`,
    occurredAt: fromMs(nowMs),
    accountId,
    purchaseId: `pur_${newId()}`,
    productId: product.productId,
    status: 'active',
    validFrom: fromMs(nowMs),
    validUntil: fromMs(nowMs + lastsMs),
  };
}

/** Not renewed: it stays until its end, and one without an end ends now. */
export function cancellationOf(entitlement: Entitlement, moment: Moment): CheckoutEvent {
  const { validFrom, validUntil } = entitlement;
  const end = validUntil ?? fromMs(Math.max(moment.nowMs, Date.parse(validFrom)));
  return { ...changeOf(entitlement, moment), status: 'cancelled', validUntil: end };
}

/** Paid back: it gives nothing from now on. */
export function refundOf(entitlement: Entitlement, moment: Moment): CheckoutEvent {
  return { ...changeOf(entitlement, moment), status: 'refunded' };
}

function changeOf(entitlement: Entitlement, { nowMs, newId }: Moment): Omit<CheckoutEvent, 'status'> {
  const { accountId, entitlementId, productId, validFrom, validUntil } = entitlement;
  return {
    id: `evt_${newId()}`,
    occurredAt: fromMs(nowMs),
    accountId,
    purchaseId: entitlementId,
    productId,
    validFrom,
    validUntil,
  };
}
