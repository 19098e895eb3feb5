import { describe, expect, it } from 'vitest';
import { translateStripe } from '../../../../shared/payments/stripe/translate.ts';
import { catalogOf, product } from '../../../support/catalogs.ts';
import {
  checkoutSession,
  DAY,
  itemList,
  NOW,
  refund,
  stripeEvent,
  stripeItem,
  stripeSubscription,
} from '../../../support/stripe.ts';

const catalog = catalogOf([
  product({ stripePrices: ['price_premium', 'price_premium_test'] }),
  product({ productId: 'family', stripePrices: ['price_family'] }),
  product({ productId: 'rental', productType: 'rental', stripePrices: ['price_rental'] }),
]);
const END = NOW + 30 * DAY;
const instant = (seconds: number | null) => seconds && new Date(seconds * 1000).toISOString();

const translate = (report: unknown) => translateStripe(report, catalog);
/** What a subscription with these changes is translated to. */
const translated = (changes: Readonly<Record<string, unknown>>) =>
  translate(stripeSubscription(changes).updated(NOW + DAY, {}));

describe('a subscription at Stripe', () => {
  it('is a purchase for each of its items, of the account that its metadata names', () => {
    const items = itemList(stripeItem(), stripeItem({ id: 'si_2', price: 'price_family', created: NOW + 5 }));
    const event = stripeSubscription({ items }).created(NOW + 6);
    const shared = { accountId: 'ada', status: 'active', notify: true };
    const reported = { eventId: event.id, occurredAt: instant(NOW + 6) };
    expect(translate(event)).toMatchObject({
      live: false,
      unmappable: [],
      purchases: [
        {
          ...shared,
          purchaseId: 'si_1',
          productId: 'premium',
          validFrom: instant(NOW),
          validUntil: instant(END),
          reported,
        },
        { ...shared, purchaseId: 'si_2', productId: 'family', validFrom: instant(NOW + 5), reported },
      ],
    });
  });

  it.each<[string, object, string, number | null]>([
    ['active', {}, 'active', END],
    ['trialing', { status: 'trialing' }, 'active', END],
    ['past_due: the last period that was paid is over', { status: 'past_due' }, 'active', NOW],
    ['unpaid', { status: 'unpaid' }, 'paused', null],
    ['paused', { status: 'paused' }, 'paused', null],
    ['incomplete', { status: 'incomplete' }, 'paused', null],
    ['incomplete_expired', { status: 'incomplete_expired' }, 'paused', null],
    ['canceled', { status: 'canceled', ended_at: NOW + 60 }, 'cancelled', NOW + 60],
    ['canceled without saying when', { status: 'canceled' }, 'cancelled', NOW + DAY],
    ['to end with its period', { cancel_at_period_end: true }, 'cancelled', END],
    ['to end within its period', { cancel_at: NOW + 9 * DAY }, 'cancelled', NOW + 9 * DAY],
    ['to end in a later period: it is renewed until then', { cancel_at: END + DAY }, 'active', END],
    [
      'past_due and to end with its period',
      { status: 'past_due', cancel_at_period_end: true },
      'active',
      NOW,
    ],
    ['without a service now', { pause_collection: { behavior: 'void' } }, 'paused', null],
    ['served although nobody pays now', { pause_collection: { behavior: 'keep_as_draft' } }, 'active', END],
    ['of nothing', { items: itemList(stripeItem({ quantity: 0 })) }, 'paused', null],
  ])('that is %s', (_, changes, status, until) => {
    const { purchases, unmappable } = translated({ ...changes });
    expect(unmappable).toEqual([]);
    expect(purchases).toMatchObject([{ purchaseId: 'si_1', status, validUntil: instant(until) }]);
  });

  it('says when its period ends in the shape of older versions of the API too', () => {
    const { current_period_end: end, current_period_start: start, ...item } = stripeItem();
    const { purchases } = translated({
      items: itemList(item),
      current_period_end: end,
      current_period_start: start,
    });
    expect(purchases).toMatchObject([{ status: 'active', validUntil: instant(END) }]);
  });

  it('that is past due since before an item was added gives that item its grace, not a time before it began', () => {
    const added = stripeItem({ created: NOW + 3 * DAY, start: NOW });
    const event = stripeSubscription({ items: itemList(added), status: 'past_due' }).updated(
      NOW + 4 * DAY,
      {},
    );
    expect(translate(event).purchases).toMatchObject([
      { status: 'active', validUntil: instant(NOW + 3 * DAY) },
    ]);
  });

  it('ends an item that an update removes, then and for good', () => {
    const subscription = stripeSubscription();
    const successor = stripeItem({ id: 'si_2', price: 'price_family' });
    const { purchases } = translate(subscription.updated(NOW + DAY, { items: itemList(successor) }));
    expect(purchases).toMatchObject([
      { purchaseId: 'si_2', productId: 'family', status: 'active' },
      { purchaseId: 'si_1', productId: 'premium', status: 'cancelled', validUntil: instant(NOW + DAY) },
    ]);
    expect(purchases[1]!.reported.revision).toBeGreaterThan(purchases[0]!.reported.revision);
  });

  it('is read although what it was before cannot be', () => {
    const event = stripeSubscription().updated(NOW + DAY, {});
    const previous_attributes = {
      items: { data: [{ price: 'price_premium' }, null, stripeItem({ id: 'si_0' })] },
    };
    const { purchases, unmappable, essence } = translate({
      ...event,
      data: { ...event.data, previous_attributes },
    });
    expect(unmappable).toEqual([]);
    expect(purchases).toMatchObject([
      { purchaseId: 'si_1', status: 'active' },
      { purchaseId: 'si_0', status: 'cancelled' },
    ]);
    expect(translate(JSON.parse(JSON.stringify(essence))).purchases).toEqual(purchases);
  });

  it('that is moved to another account ends for the one that it is moved from', () => {
    const event = stripeSubscription().updated(NOW + DAY, { metadata: { usher_account_id: 'bob' } });
    expect(translate(event).purchases).toMatchObject([
      { accountId: 'bob', purchaseId: 'si_1', status: 'active' },
      { accountId: 'ada', purchaseId: 'si_1', status: 'cancelled', validUntil: instant(NOW + DAY) },
    ]);
  });

  it('is mapped as far as it can be: each item fares by itself', () => {
    const items = itemList(stripeItem(), stripeItem({ id: 'si_2', price: 'price_unheard_of' }));
    const { purchases, unmappable } = translated({ items });
    expect(purchases).toMatchObject([{ purchaseId: 'si_1' }]);
    expect(unmappable).toEqual([
      "si_2: no product of the catalogue has 'price_unheard_of' among its stripePrices",
    ]);
  });

  it.each([
    ['no account', { metadata: {} }, 'si_1: no usher_account_id in its metadata says whose it is'],
    ['no metadata', { metadata: null }, 'si_1: no usher_account_id in its metadata says whose it is'],
    [
      'what is no account',
      { metadata: { usher_account_id: 'heartbeat' } },
      'si_1: accountId must be an account id',
    ],
    ['a status that is new', { status: 'hibernating' }, "si_1: nothing is known of the status 'hibernating'"],
    [
      'no end of its period',
      { items: itemList({ ...stripeItem(), current_period_end: null }) },
      'si_1: nothing says when its period ends',
    ],
    [
      'more items than are listed',
      { items: { ...itemList(stripeItem()), has_more: true } },
      'the subscription has more items than the event carries',
    ],
    ['items of another shape', { items: [] }, /^customer\.subscription\.updated evt_.*: object\.items/],
    ['a time beyond the calendar', { ended_at: 1e15 }, /object\.ended_at/],
  ])('with %s is put aside, and says why', (_, changes, reason) => {
    const { unmappable } = translated(changes);
    expect(unmappable).toHaveLength(1);
    expect(unmappable[0]).toMatch(reason);
  });

  it('to something else than ours, for nobody of ours, does not concern us', () => {
    const items = itemList(stripeItem({ price: 'price_of_a_magazine' }));
    expect(translated({ items, metadata: { campaign: 'autumn' } })).toMatchObject({
      purchases: [],
      unmappable: [],
    });
  });
});

describe('a checkout that is paid once', () => {
  const completed = (changes: object, type = 'checkout.session.completed') =>
    translate(stripeEvent(type, NOW, checkoutSession({ ...changes })));

  it('is held from when it is paid, by the id of its payment intent, for as long as the catalogue says', () => {
    expect(completed({})).toMatchObject({
      unmappable: [],
      purchases: [
        {
          accountId: 'ada',
          purchaseId: 'pi_1',
          productId: 'rental',
          status: 'active',
          validFrom: instant(NOW),
          validUntil: null,
        },
      ],
    });
  });

  it('is nothing yet while the money is on its way', () => {
    expect(completed({ payment_status: 'unpaid' })).toMatchObject({ purchases: [], unmappable: [] });
    expect(completed({}, 'checkout.session.async_payment_failed')).toMatchObject({
      purchases: [],
      unmappable: [],
    });
    expect(completed({}, 'checkout.session.async_payment_succeeded').purchases).toHaveLength(1);
  });

  it('belongs to the client’s reference where the seller names nobody, and to whom the seller names otherwise', () => {
    const metadata = { usher_price_id: 'price_rental' };
    expect(completed({ metadata, client_reference_id: 'eve' }).purchases).toMatchObject([
      { accountId: 'eve' },
    ]);
    expect(completed({ client_reference_id: 'eve' }).purchases).toMatchObject([{ accountId: 'ada' }]);
  });

  it('that cost nothing has no payment intent: then the session’s id is its own, in a form that is short enough', () => {
    const free = { payment_status: 'no_payment_required', payment_intent: null };
    const [one] = completed(free).purchases;
    expect(one?.purchaseId).toMatch(/^stripe-[0-9a-f]{48}$/);
    expect(completed(free).purchases[0]?.purchaseId).toBe(one?.purchaseId);
    expect(completed({ ...free, id: 'cs_other' }).purchases[0]?.purchaseId).toBe('cs_other');
  });

  it('is passed over for a subscription, which speaks for itself, and for what is none of ours', () => {
    for (const changes of [
      { mode: 'subscription' },
      { mode: 'setup' },
      { metadata: {}, client_reference_id: 'ada' },
    ]) {
      expect(completed(changes)).toMatchObject({ purchases: [], unmappable: [] });
    }
  });

  it('is put aside where it does not say what was bought, or for whom', () => {
    const { unmappable } = completed({ metadata: { usher_account_id: 'ada' } });
    expect(unmappable).toEqual(['pi_1: no usher_price_id in its metadata says what was bought']);
    const nobody = completed({ metadata: { usher_price_id: 'price_rental' } });
    expect(nobody.unmappable).toEqual(['pi_1: no usher_account_id in its metadata says whose it is']);
    const unheard = completed({ metadata: { usher_price_id: 'price_unheard_of' } });
    expect(unheard.unmappable).toHaveLength(1);
  });
});

describe('a refund', () => {
  const metadata = { usher_account_id: 'ada', usher_price_id: 'price_rental' };

  it('in whole takes away what the charge paid for', () => {
    expect(translate(refund(NOW, metadata)).purchases).toMatchObject([
      { accountId: 'ada', purchaseId: 'pi_1', productId: 'rental', status: 'refunded' },
    ]);
  });

  it('of a subscription’s item takes that away, by the id that the seller put into the charge', () => {
    const named = { ...metadata, usher_price_id: 'price_premium', usher_purchase_id: 'si_1' };
    expect(translate(refund(NOW, named)).purchases).toMatchObject([
      { purchaseId: 'si_1', status: 'refunded' },
    ]);
  });

  it('in part ends nothing, and one of a charge that is none of ours does not concern us', () => {
    const partial = refund(NOW, metadata, { refunded: false });
    for (const event of [partial, refund(NOW, {}), refund(NOW, { order: '7' })]) {
      expect(translate(event)).toMatchObject({ purchases: [], unmappable: [] });
    }
  });

  it('that cannot be tied to a purchase is put aside', () => {
    expect(translate(refund(NOW, metadata, { intent: null })).unmappable).toEqual([
      expect.stringMatching(
        /: the charge has neither a payment intent nor usher_purchase_id in its metadata$/,
      ),
    ]);
    expect(translate(refund(NOW, { usher_purchase_id: 'si_1' })).unmappable).toHaveLength(1);
  });

  it('does not keep from a viewer what is paid for later: a subscription that goes on is renewed', () => {
    const subscription = stripeSubscription();
    const named = { ...metadata, usher_price_id: 'price_premium', usher_purchase_id: 'si_1' };
    const [refunded] = translate(refund(NOW + DAY, named)).purchases;
    const renewed = subscription.updated(END, { items: itemList(stripeItem({ start: END })) });
    const [later] = translate(renewed).purchases;
    expect(Date.parse(later!.reported.occurredAt)).toBeGreaterThan(Date.parse(refunded!.reported.occurredAt));
  });
});

describe('an event', () => {
  const event = stripeSubscription().created();

  it.each(['invoice.paid', 'charge.dispute.created', 'payment_intent.succeeded', 'customer.created', 'x'])(
    'of the type %s is none that we read',
    (type) => {
      expect(translate({ ...event, type })).toMatchObject({ purchases: [], unmappable: [], live: false });
    },
  );

  it('of a connected account is that account’s word, and not heard', () => {
    const session = stripeEvent('checkout.session.completed', NOW, checkoutSession());
    expect(translate(session).purchases).toHaveLength(1);
    expect(translate({ ...session, account: 'acct_1' })).toMatchObject({ purchases: [], unmappable: [] });
  });

  it.each([
    ['null', null],
    ['a list', [event]],
    ['a thin event', { ...event, object: 'v2.core.event', created: '2026-11-22T09:00:00.000Z' }],
    ['without its object', { ...event, data: undefined }],
    ['dated beyond the calendar', { ...event, created: 1e15 }],
    ['that does not say whether it is real', { ...event, livemode: undefined }],
  ])('that is %s is put aside', (_, report) => {
    expect(translate(report)).toMatchObject({ live: undefined, purchases: [], essence: {} });
    expect(translate(report).unmappable).toHaveLength(1);
  });

  it.each([
    ['holds', { items: itemList(...Array.from({ length: 101 }, (_, n) => stripeItem({ id: `si_${n}` }))) }],
    ['held', { items: itemList(...Array.from({ length: 101 }, () => ({}))) }],
  ])('that %s more items than Stripe allows is put aside, and none of them taken', (when, items) => {
    const [before, after] = when === 'held' ? [items, {}] : [{}, items];
    const next = { items: itemList(stripeItem()), ...after };
    expect(translate(stripeSubscription(before).updated(NOW + DAY, next))).toMatchObject({
      purchases: [],
      unmappable: [expect.stringContaining('items.data has more than 100 elements')],
      essence: { data: { object: {} } },
    });
  });

  it('is kept as far as its translation needs it, and translates to the same from that', () => {
    const rich = stripeSubscription({ description: 'Ada, Lovelace Road 1', items: itemList(stripeItem()) });
    for (const report of [
      rich.created(),
      rich.updated(NOW + DAY, { items: itemList(stripeItem({ id: 'si_9' })), status: 'past_due' }),
      rich.deleted(NOW + DAY),
      stripeEvent('checkout.session.completed', NOW, checkoutSession()),
      refund(NOW, { usher_account_id: 'ada', usher_price_id: 'price_rental' }),
    ]) {
      const { essence, ...translation } = translate(report);
      expect(JSON.stringify(essence)).not.toMatch(/Lovelace|example\.com|autumn|cus_1/);
      const again = translate(JSON.parse(JSON.stringify(essence)));
      expect(again).toEqual({ ...translation, essence });
      expect(translation.purchases.length).toBeGreaterThan(0);
    }
  });
});
