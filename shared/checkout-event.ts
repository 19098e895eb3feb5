import * as z from 'zod/mini';
import { productOf, type Catalog } from './domain/catalog.ts';
import { isAccountId } from './domain/ids.ts';
import { fromMs, isInstant, toMs } from './domain/instants.ts';
import { PURCHASE_STATUSES, type Purchase } from './domain/purchases.ts';
import { Malformed, UnknownProduct } from './errors.ts';
import { id } from './id-schema.ts';

/** A sender's clock may be ahead by this much; further ahead, an event would win over all later ones. */
const AHEAD_MS = 5 * 60_000;

const instant = z.pipe(
  z.string().check(z.refine(isInstant, 'must be an ISO 8601 instant with a time zone')),
  z.transform((text: string) => fromMs(toMs(text))),
);

const schema = z.object({
  id,
  occurredAt: instant,
  revision: z._default(z.int().check(z.minimum(0)), 0),
  accountId: z.string().check(z.refine(isAccountId, 'must be an account id')),
  purchaseId: id,
  productId: id,
  status: z.enum(PURCHASE_STATUSES),
  validFrom: instant,
  validUntil: z.nullable(instant),
  notify: z._default(z.boolean(), true),
});

/**
 * The purchase that a checkout event reports; fields it does not know are ignored.
 * @throws Malformed naming the first field that is wrong; UnknownProduct.
 */
export function parseCheckoutEvent(json: unknown, catalog: Catalog): Purchase {
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw Malformed.from(parsed.error);
  const { id: eventId, occurredAt, revision, ...purchase } = parsed.data;

  // One that was given up before it began may well end before its start.
  const { status, validFrom, validUntil } = purchase;
  if (status === 'active' && validUntil !== null && toMs(validUntil) < toMs(validFrom)) {
    throw new Malformed('validUntil', 'is before validFrom');
  }
  if (purchase.status === 'cancelled' && purchase.validUntil === null) {
    throw new Malformed('validUntil', 'must say until when a cancelled purchase lasts');
  }
  const product = productOf(catalog, purchase.productId);
  if (!product || product.productType === 'free') throw new UnknownProduct(purchase.productId);
  return { ...purchase, reported: { eventId, occurredAt, revision } };
}

/** The event again, without the fields that nobody knows: what is in those need not even pass through a queue. */
export function checkoutEventOf({ reported, ...purchase }: Purchase): z.input<typeof schema> {
  const { eventId, occurredAt, revision } = reported;
  return { id: eventId, occurredAt, revision, ...purchase };
}

/**
 * To be asked once, where the event comes in: the clocks of two functions differ, and what was accepted must not be
 * refused by the next.
 * @throws Malformed
 */
export function requireNotAhead({ reported }: Pick<Purchase, 'reported'>, nowMs: number): void {
  if (toMs(reported.occurredAt) > nowMs + AHEAD_MS) {
    throw new Malformed('occurredAt', 'is more than 5 minutes ahead');
  }
}
