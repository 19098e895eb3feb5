import { readFile } from 'node:fs/promises';
import Stripe from 'stripe';
import { expect, test } from 'vitest';
import { loadCatalog } from '../../../../shared/catalog.ts';
import { translateStripe } from '../../../../shared/payments/stripe/translate.ts';
import { NOW, stripeEvent } from '../../../support/stripe.ts';

/* What docs/stripe.md tells an integrator, held against what is read. */

const page = await readFile(new URL('../../../../docs/stripe.md', import.meta.url), 'utf8');
const named = [...page.matchAll(/^\| `(?<type>[a-z_]+\.[a-z_.]+)` \|/gm)].map(
  ({ groups }) => groups!['type']!,
);

/** One that is read has to have a shape, and this one has none. */
const isRead = (type: string) =>
  translateStripe(stripeEvent(type, NOW, {}), loadCatalog()).unmappable.length > 0;

test('the page on Stripe names the events that are read, and says of others that they do nothing', () => {
  expect(named).toHaveLength(8);
  expect(named.filter((type) => !isRead(type))).toEqual([]);
  const others = ['invoice.paid', 'invoice.payment_failed', 'charge.dispute.created', 'refund.created'];
  expect(others.filter(isRead)).toEqual([]);
});

test('the page on Stripe names the API version that Stripe’s library was made for', () => {
  expect(page).toContain(`\`${Stripe.API_VERSION}\``);
});

test('the catalogue sells at the prices that the page on Stripe speaks of', () => {
  const prices = loadCatalog().products.flatMap(({ stripePrices = [] }) => stripePrices);
  expect(prices.length).toBeGreaterThan(0);
  expect(prices.every((price) => price.startsWith('price_demo_'))).toBe(true);
});
