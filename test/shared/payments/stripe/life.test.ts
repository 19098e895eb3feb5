import { describe, expect, it } from 'vitest';
import { entitlementsOf } from '../../../../shared/domain/entitlements.ts';
import { latestOf, type Purchase } from '../../../../shared/domain/purchases.ts';
import { translateStripe } from '../../../../shared/payments/stripe/translate.ts';
import { catalogOf, product } from '../../../support/catalogs.ts';
import {
  DAY,
  itemList,
  NOW,
  refund,
  stripeItem,
  stripeSubscription,
  type StripeEvent,
} from '../../../support/stripe.ts';

const GRACE = 3 * DAY;
const catalog = catalogOf([
  product({ stripePrices: ['price_premium'], graceSeconds: GRACE }),
  product({ productId: 'family', stripePrices: ['price_family'], graceSeconds: GRACE }),
]);

const [TRIAL_ENDS, PAID_UNTIL, GIVEN_UP] = [NOW + 7 * DAY, NOW + 37 * DAY, NOW + 50 * DAY];
const trialItem = stripeItem({ end: TRIAL_ENDS });
const paidItem = stripeItem({ start: TRIAL_ENDS, end: PAID_UNTIL });
const upgraded = stripeItem({ price: 'price_family', start: TRIAL_ENDS, end: PAID_UNTIL });
const unpaidItem = stripeItem({ price: 'price_family', start: PAID_UNTIL, end: PAID_UNTIL + 30 * DAY });

/** Each step at its time, and what the account holds after it: the product, and until when; nothing when it holds none. */
type Step = readonly [name: string, event: StripeEvent, holds: string | undefined, untilSeconds?: number];

/** A subscription's life; `together`: the step that falls into the same second as the one before it. */
function life(together?: number): readonly Step[] {
  const subscription = stripeSubscription({ status: 'incomplete', items: itemList(trialItem) });
  const times = [
    NOW,
    NOW + 2,
    TRIAL_ENDS,
    TRIAL_ENDS + 5 * DAY,
    PAID_UNTIL + 3600,
    PAID_UNTIL + DAY,
    GIVEN_UP,
    GIVEN_UP + 60,
  ];
  const at = (step: number) => times[step === together ? step - 1 : step]!;
  return [
    ['created', subscription.created(at(0)), undefined],
    ['trial', subscription.updated(at(1), { status: 'trialing' }), 'premium', TRIAL_ENDS + GRACE],
    [
      'paid',
      subscription.updated(at(2), { status: 'active', items: itemList(paidItem) }),
      'premium',
      PAID_UNTIL + GRACE,
    ],
    ['upgraded', subscription.updated(at(3), { items: itemList(upgraded) }), 'family', PAID_UNTIL + GRACE],
    [
      'payment failed',
      subscription.updated(at(4), { status: 'past_due', items: itemList(unpaidItem) }),
      'family',
      PAID_UNTIL + GRACE,
    ],
    [
      'cancelled at the period’s end',
      subscription.updated(at(5), {
        cancel_at_period_end: true,
        cancel_at: PAID_UNTIL + 30 * DAY,
        canceled_at: at(5),
      }),
      'family',
      PAID_UNTIL + GRACE,
    ],
    ['deleted', subscription.deleted(at(6)), 'family', at(6)],
    [
      'refunded',
      refund(at(7), {
        usher_account_id: 'ada',
        usher_price_id: 'price_family',
        usher_purchase_id: 'si_1',
      }),
      undefined,
    ],
  ];
}

function purchasesOf(event: StripeEvent): readonly Purchase[] {
  const { purchases, unmappable } = translateStripe(event, catalog);
  expect(unmappable).toEqual([]);
  return purchases;
}

/** What the account holds by these reports: the product and the moment it ends at. */
function holding(reports: readonly Purchase[]) {
  const [held, ...more] = entitlementsOf('ada', latestOf(reports), catalog, NOW * 1000);
  expect(more).toEqual([]);
  return held && [held.productId, Date.parse(held.heldUntil!) / 1000];
}

/** Every order of the list, by Heap's algorithm; the same array each time. */
function* ordersOf<T>(list: readonly T[]): Generator<readonly T[]> {
  const order = [...list];
  const counts = order.map(() => 0);
  yield order;
  for (let index = 0; index < order.length;) {
    if (counts[index]! < index) {
      const other = index % 2 === 0 ? 0 : counts[index]!;
      [order[other], order[index]] = [order[index]!, order[other]!];
      yield order;
      counts[index]! += 1;
      index = 0;
    } else counts[index++] = 0;
  }
}

describe('a Stripe subscription', () => {
  const steps = life();
  const reports = steps.map(([, event]) => purchasesOf(event));

  it.each(steps.map(([name], index) => [name, index] as const))(
    'that was just %s is held as it should be, in whatever order it was heard, and however often',
    (_, index) => {
      const [, , productId, until] = steps[index]!;
      const expected = productId && [productId, until];
      const heard = reports.slice(0, index + 1).flat();
      const latest = heard.at(-1)!;
      let orders = 0;
      let wrong = 0;
      for (const order of ordersOf(heard)) {
        orders += 1;
        // The first half once more at the end: the oldest news come last.
        const [winner, ...others] = latestOf([...order, ...order.slice(0, Math.ceil(order.length / 2))]);
        if (winner !== latest || others.length > 0) wrong += 1;
      }
      expect(wrong).toBe(0);
      expect(orders).toBe([1, 2, 6, 24, 120, 720, 5040, 40_320][index]);
      expect(holding(heard)).toEqual(expected);
    },
  );

  it.each(steps.slice(1).map(([name], index) => [steps[index]![0], name, index + 1] as const))(
    'that was %s and %s in one second is held as after the second of the two',
    (_before, _name, index) => {
      const [, , productId, until] = life(index)[index]!;
      const heard = life(index)
        .slice(0, index + 1)
        .flatMap(([, event]) => purchasesOf(event));
      for (const order of ordersOf(heard.slice(-3))) {
        expect(holding([...heard.slice(0, -3), ...order])).toEqual(productId && [productId, until]);
      }
    },
  );
});
