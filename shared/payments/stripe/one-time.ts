import { createHash } from 'node:crypto';
import { ID } from '../../domain/ids.ts';
import type { Claim } from './claim.ts';
import type { ChargeReport, Envelope, Metadata, SessionReport } from './event.ts';
import { revisionOf } from './order.ts';

/**
 * A checkout that was paid once. The session of a subscription says nothing that the subscription does not, and one
 * whose money is still on its way nothing yet. Sessions do not list what was bought: their metadata names the price.
 */
export function claimsOfSession(event: Envelope, { object }: SessionReport): readonly Claim[] {
  const {
    mode,
    payment_status: paid,
    metadata,
    payment_intent: intent,
    client_reference_id: reference,
  } = object;
  if (mode !== 'payment' || paid === 'unpaid' || !namesUs(metadata)) return [];
  return [
    {
      // Whoever opens a payment link may write the reference; metadata is the seller's own word.
      accountId: metadata?.usher_account_id ?? reference ?? undefined,
      purchaseId: idOf(metadata?.usher_purchase_id ?? intent ?? object.id),
      priceId: metadata?.usher_price_id ?? undefined,
      state: { status: 'active', untilSeconds: null },
      fromSeconds: event.created,
      revision: revisionOf('living'),
    },
  ];
}

/**
 * A charge that was given back in whole; a part given back is a kindness and ends nothing. A charge does not say what
 * it paid for: its metadata does, which it has from its payment intent, or was given before the refund.
 */
export function claimsOfRefund(_event: Envelope, { object }: ChargeReport): readonly Claim[] {
  const { refunded, metadata, payment_intent: intent, created } = object;
  if (!refunded || !namesUs(metadata)) return [];
  const paidFor = metadata?.usher_purchase_id ?? intent ?? undefined;
  return [
    {
      accountId: metadata?.usher_account_id ?? undefined,
      purchaseId: paidFor === undefined ? '' : idOf(paidFor),
      priceId: metadata?.usher_price_id ?? undefined,
      state:
        paidFor === undefined
          ? { fault: 'the charge has neither a payment intent nor usher_purchase_id in its metadata' }
          : { status: 'refunded', untilSeconds: null },
      fromSeconds: created,
      revision: revisionOf('refunded'),
    },
  ];
}

function namesUs(metadata: Metadata): boolean {
  return Object.values(metadata ?? {}).some((value) => value !== null && value !== undefined);
}

/** The id of a Checkout session is longer than ours may be: the same one then always becomes the same shorter one. */
export function idOf(stripeId: string): string {
  if (ID.test(stripeId)) return stripeId;
  return `stripe-${createHash('sha256').update(stripeId).digest('hex').slice(0, 48)}`;
}
