import type { z } from 'zod/mini';
import { parseCheckoutEvent } from '../../checkout-event.ts';
import { productOfPrice, type Catalog } from '../../domain/catalog.ts';
import { fromMs } from '../../domain/instants.ts';
import type { Purchase } from '../../domain/purchases.ts';
import { Malformed } from '../../errors.ts';
import type { Translate, Translation } from '../payment-provider.ts';
import type { Claim } from './claim.ts';
import { chargeSchema, envelopeSchema, sessionSchema, subscriptionSchema, type Envelope } from './event.ts';
import { claimsOfRefund, claimsOfSession, idOf } from './one-time.ts';
import { claimsOfSubscription } from './subscription.ts';

/** What an event claims, and as much of its `data` as that took. */
interface Reading {
  readonly claims: readonly Claim[];
  readonly data: object;
  readonly faults: readonly string[];
}

/** An event of Stripe's in our words. Everything that it says is said of the whole state of a purchase. */
export const translateStripe: Translate = (report, catalog) => {
  const envelope = envelopeSchema.safeParse(report);
  if (!envelope.success) {
    const reason = `this is no event of Stripe's that carries its object: ${Malformed.from(envelope.error).message}`;
    return { live: undefined, purchases: [], unmappable: [reason], essence: {} };
  }
  const { data: event } = envelope;
  const { id, object, type, created, livemode: live } = event;
  const essence = { id, object, type, created, livemode: live, data: { object: {} } };
  const nothing: Translation = { live, purchases: [], unmappable: [], essence };
  // What a connected account reports is that account's word: it could name any account and price of ours.
  if (event.account != null) return nothing;
  try {
    const reading = read(event, catalog);
    if (reading === undefined) return nothing;
    const results = reading.claims.map((claim) => purchaseOf(claim, event, catalog));
    return {
      live,
      purchases: results.filter((result) => typeof result !== 'string'),
      unmappable: [...results.filter((result) => typeof result === 'string'), ...reading.faults],
      essence: { ...essence, data: reading.data },
    };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { ...nothing, unmappable: [`${type} ${id}: ${error.message}`] };
  }
};

/**
 * `undefined` for an event that is none of ours.
 * @throws Malformed for one of a kind that we read, in a shape that we cannot.
 */
function read(event: Envelope, catalog: Catalog): Reading | undefined {
  const { type, data } = event;
  if (type.startsWith('customer.subscription.')) {
    const report = parsed(subscriptionSchema, data);
    const claims = claimsOfSubscription(event, report);
    if (!concerns(claims, catalog)) return undefined;
    const more = report.object.items.has_more
      ? ['the subscription has more items than the event carries']
      : [];
    return { claims, data: report, faults: more };
  }
  if (type === 'checkout.session.completed' || type === 'checkout.session.async_payment_succeeded') {
    const report = parsed(sessionSchema, data);
    return { claims: claimsOfSession(event, report), data: report, faults: [] };
  }
  if (type === 'charge.refunded') {
    const report = parsed(chargeSchema, data);
    return { claims: claimsOfRefund(event, report), data: report, faults: [] };
  }
  return undefined;
}

function parsed<Schema extends z.ZodMiniType>(schema: Schema, data: unknown): z.output<Schema> {
  const result = schema.safeParse(data);
  if (!result.success) throw Malformed.from(result.error);
  return result.data;
}

/** A seller may use Stripe for other things too: a subscription without an account and a price of ours is one of those. */
function concerns(claims: readonly Claim[], catalog: Catalog): boolean {
  return claims.some(
    ({ accountId, priceId }) =>
      accountId !== undefined || (priceId !== undefined && productOfPrice(catalog, priceId) !== undefined),
  );
}

/** The purchase that is claimed, checked as any checkout event is, or why there is none. */
function purchaseOf(claim: Claim, event: Envelope, catalog: Catalog): Purchase | string {
  const { accountId, purchaseId, priceId, state, fromSeconds, revision } = claim;
  const because = (reason: string) => `${purchaseId || event.id}: ${reason}`;
  if ('fault' in state) return because(state.fault);
  if (accountId === undefined) return because('no usher_account_id in its metadata says whose it is');
  if (priceId === undefined) return because('no usher_price_id in its metadata says what was bought');
  const product = productOfPrice(catalog, priceId);
  if (product === undefined)
    return because(`no product of the catalogue has '${priceId}' among its stripePrices`);
  try {
    return parseCheckoutEvent(
      {
        id: idOf(event.id),
        occurredAt: instant(event.created),
        revision,
        accountId,
        purchaseId,
        productId: product.productId,
        status: state.status,
        validFrom: instant(fromSeconds),
        validUntil: state.untilSeconds === null ? null : instant(state.untilSeconds),
      },
      catalog,
    );
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return because(error.message);
  }
}

function instant(seconds: number): string {
  return fromMs(seconds * 1000);
}
