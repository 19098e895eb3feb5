import { describe, expect, it } from 'vitest';
import { latestOf } from '../../../../shared/domain/purchases.ts';
import { revisionOf } from '../../../../shared/payments/stripe/order.ts';
import { translateStripe } from '../../../../shared/payments/stripe/translate.ts';
import { catalogOf, product } from '../../../support/catalogs.ts';
import {
  DAY,
  itemList,
  NOW,
  stripeItem,
  stripeSubscription,
  type StripeEvent,
} from '../../../support/stripe.ts';

const catalog = catalogOf([
  product({ stripePrices: ['price_premium'] }),
  product({ productId: 'family', stripePrices: ['price_family'] }),
]);

/** The second in which everything happens. */
const AT = NOW + 10 * DAY;
const before = { items: itemList(stripeItem()) };
const family = { items: itemList(stripeItem({ price: 'price_family' })) };
const cancel = { cancel_at_period_end: true, canceled_at: AT };
const keep = { cancel_at_period_end: false, canceled_at: null };

/** A subscription as it was, and what happens to it within one second. */
type Second = readonly [was: object, ...changes: object[]];

function eventsOf([was, ...changes]: Second): readonly StripeEvent[] {
  const subscription = stripeSubscription({ ...before, ...was });
  return changes.map((change) => subscription.updated(AT, { ...change }));
}

describe('of two events of one second the later one counts', () => {
  it.each<[string, Second]>([
    ['the first payment', [{ status: 'incomplete' }, { description: 'x' }, { status: 'active' }]],
    [
      'the first payment, and then a card',
      [{ status: 'incomplete' }, { status: 'active' }, { default_payment_method: 'pm' }],
    ],
    ['the first payment, and then an upgrade', [{ status: 'incomplete' }, { status: 'active' }, family]],
    [
      'a trial that begins and ends',
      [{ status: 'incomplete' }, { status: 'trialing' }, { status: 'active' }],
    ],
    ['an upgrade that is not paid', [{}, family, { status: 'past_due' }]],
    [
      'a card, and with it the payment',
      [{ status: 'past_due' }, { default_payment_method: 'pm' }, { status: 'active' }],
    ],
    ['the last attempt', [{}, { status: 'past_due' }, { status: 'unpaid' }]],
    ['an attempt that fails and one that succeeds', [{}, { status: 'past_due' }, { status: 'active' }]],
    ['a period that begins', [{}, { description: 'x' }, { items: itemList(stripeItem({ start: AT })) }]],
    ['a cancellation', [{}, { description: 'x' }, cancel]],
    ['a cancellation, and then something else', [{}, cancel, { description: 'x' }]],
    ['a cancellation, and then an upgrade', [{}, cancel, family]],
    ['an upgrade, and then a cancellation', [{}, family, cancel]],
    ['a cancellation that is taken back', [{}, cancel, keep]],
    [
      'an old cancellation that is taken back',
      [{ ...cancel, canceled_at: NOW + DAY }, { description: 'x' }, keep],
    ],
    [
      'an old cancellation that is taken back and made again',
      [{ ...cancel, canceled_at: NOW + DAY }, keep, cancel],
    ],
    ['an item that is replaced', [{}, { description: 'x' }, { items: itemList(stripeItem({ id: 'si_2' })) }]],
  ])('%s', (_, second) => {
    const reports = eventsOf(second).map((event) => translateStripe(event, catalog).purchases);
    const [first = [], last = []] = reports;
    for (const order of [
      [...first, ...last],
      [...last, ...first],
    ]) {
      expect(latestOf(order).toSorted(byId)).toEqual(last.toSorted(byId));
    }
    // It is not the ids of the events that decide it: those say nothing.
    const revisions = last.map(({ purchaseId, reported }) => [
      reported.revision,
      first.find((early) => early.purchaseId === purchaseId)?.reported.revision ?? -1,
    ]);
    expect(revisions.filter(([late = 0, early = 0]) => late <= early)).toEqual([]);
  });

  it('and never one from before it was made, nor one of a subscription that has ended', () => {
    const subscription = stripeSubscription({ status: 'incomplete' });
    const life = [
      subscription.created(AT),
      subscription.updated(AT, { status: 'active' }),
      subscription.updated(AT, family),
      subscription.deleted(AT),
    ];
    const revisions = life.map((event) => translateStripe(event, catalog).purchases[0]!.reported.revision);
    expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
    expect(new Set(revisions).size).toBe(4);
    expect(revisionOf('refunded')).toBeGreaterThan(revisions.at(-1)!);
    expect(Number.isSafeInteger(revisionOf('refunded') * 2)).toBe(true);
  });
});

function byId(a: { readonly purchaseId: string }, b: { readonly purchaseId: string }): number {
  return a.purchaseId < b.purchaseId ? -1 : 1;
}
