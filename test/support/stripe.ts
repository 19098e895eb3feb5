/*
 * A subscription as Stripe keeps it, and the events that Stripe makes of what happens to it, in the shape of Stripe's
 * API since 2025-03-31.
 */

export const DAY = 86_400;
/** A Sunday morning, in Stripe's seconds. */
export const NOW = Date.parse('2026-11-22T09:00:00.000Z') / 1000;

export interface StripeEvent {
  readonly id: string;
  readonly object: 'event';
  readonly type: string;
  readonly created: number;
  readonly livemode: boolean;
  readonly data: { readonly object: Fields; readonly previous_attributes?: Fields };
  readonly account?: string;
}
type Fields = Readonly<Record<string, unknown>>;

let events = 0;

/** Not in the order in which they are made: nobody may tell events apart by their ids. */
function nextId(): string {
  events += 1;
  return `evt_${((events * 7919) % 10_007).toString(36)}x${events}`;
}

export function stripeEvent(type: string, created: number, object: Fields, previous?: Fields): StripeEvent {
  return {
    id: nextId(),
    object: 'event',
    type,
    created,
    livemode: false,
    data: { object, ...(previous && { previous_attributes: previous }) },
  };
}

interface ItemChanges {
  readonly id?: string;
  readonly price?: string;
  readonly created?: number;
  readonly start?: number;
  readonly end?: number;
  readonly quantity?: number;
}

export function stripeItem({
  id = 'si_1',
  price = 'price_premium',
  created = NOW,
  start = created,
  end = start + 30 * DAY,
  quantity = 1,
}: ItemChanges = {}): Fields {
  return {
    id,
    object: 'subscription_item',
    created,
    quantity,
    price: { id: price, object: 'price', currency: 'eur' },
    current_period_start: start,
    current_period_end: end,
  };
}

export function itemList(...items: readonly Fields[]): Fields {
  return { object: 'list', has_more: false, data: items };
}

/** Follows one subscription through its life: every change is an event that carries all of it and what it was before. */
export function stripeSubscription(changes: Fields = {}) {
  let now: Fields = {
    id: 'sub_1',
    object: 'subscription',
    customer: 'cus_1',
    created: NOW,
    start_date: NOW,
    status: 'active',
    metadata: { usher_account_id: 'ada', campaign: 'autumn' },
    items: itemList(stripeItem()),
    cancel_at_period_end: false,
    cancel_at: null,
    canceled_at: null,
    ended_at: null,
    pause_collection: null,
    ...changes,
  };
  return {
    created: (at = NOW) => stripeEvent('customer.subscription.created', at, now),
    updated(at: number, next: Fields) {
      const before = Object.fromEntries(Object.keys(next).map((key) => [key, now[key]]));
      now = { ...now, ...next };
      return stripeEvent('customer.subscription.updated', at, now, before);
    },
    deleted(at: number) {
      now = { ...now, status: 'canceled', ended_at: at, canceled_at: now['canceled_at'] ?? at };
      return stripeEvent('customer.subscription.deleted', at, now);
    },
  };
}

/** Money given back, all of it unless told otherwise. */
export function refund(
  at: number,
  metadata: Fields,
  { refunded = true, intent = 'pi_1' }: { refunded?: boolean; intent?: string | null } = {},
) {
  return stripeEvent('charge.refunded', at, {
    id: 'ch_1',
    object: 'charge',
    created: at - DAY,
    amount: 999,
    amount_refunded: refunded ? 999 : 100,
    refunded,
    payment_intent: intent,
    metadata,
  });
}

/** A checkout that was paid at once, for a rental. */
export function checkoutSession(changes: Fields = {}): Fields {
  return {
    id: `cs_test_a1${'Q'.repeat(56)}`,
    object: 'checkout.session',
    mode: 'payment',
    payment_status: 'paid',
    payment_intent: 'pi_1',
    client_reference_id: null,
    customer_details: { email: 'ada@example.com' },
    metadata: { usher_account_id: 'ada', usher_price_id: 'price_rental' },
    ...changes,
  };
}
