import { expect, test } from 'vitest';
import { cancellationOf, purchaseOf, refundOf, type CheckoutEvent } from '../../player/src/store.ts';
import { loadCatalog } from '../../shared/catalog.ts';
import { parseCheckoutEvent } from '../../shared/checkout-event.ts';
import { entitlementsOf, type Entitlement } from '../../shared/domain/entitlements.ts';
import { productOf } from '../../shared/domain/catalog.ts';
import { supersedes } from '../../shared/domain/purchases.ts';

const NOW = Date.parse('2026-11-22T10:00:00.000Z');
const catalog = loadCatalog();
let ids = 0;
const moment = (nowMs = NOW) => ({ nowMs, newId: () => String(++ids) });
const reported = (event: CheckoutEvent) => parseCheckoutEvent(event, catalog);

function entitlementBy(event: CheckoutEvent): Entitlement {
  return entitlementsOf('ada', [reported(event)], catalog, NOW).find(
    ({ entitlementId }) => entitlementId === event.purchaseId,
  )!;
}

test('sells a subscription for a month, and a rental for as long as it lasts', () => {
  const premium = purchaseOf(productOf(catalog, 'premium')!, 'ada', moment());
  const nightfall = purchaseOf(productOf(catalog, 'nightfall-48h')!, 'ada', moment());
  expect(entitlementBy(premium)).toMatchObject({ status: 'active', validUntil: '2026-12-22T10:00:00.000Z' });
  expect(entitlementBy(nightfall)).toMatchObject({ validUntil: '2026-11-24T10:00:00.000Z' });
  expect(premium.purchaseId).not.toBe(nightfall.purchaseId);
});

test('reports a cancellation and a refund as later states of the same purchase', () => {
  const bought = purchaseOf(productOf(catalog, 'sports')!, 'ada', moment());
  for (const change of [cancellationOf, refundOf]) {
    const event = change(entitlementBy(bought), moment(NOW + 1));
    expect(event.purchaseId).toBe(bought.purchaseId);
    expect(supersedes(reported(event).reported, reported(bought).reported)).toBe(true);
  }
});

test('a cancelled purchase without an end ends now, as the service wants an end for it', () => {
  const bought = { ...purchaseOf(productOf(catalog, 'sports')!, 'ada', moment()), validUntil: null };
  const event = cancellationOf(entitlementBy(bought), moment(NOW + 1));
  expect(reported(event)).toMatchObject({ status: 'cancelled', validUntil: '2026-11-22T10:00:00.001Z' });
});
