import Stripe from 'stripe';
import type { PaymentProvider, Verdict } from '../payment-provider.ts';
import { translateStripe } from './translate.ts';

/** Stripe's own advice, and what `/checkout-events` takes. */
const TOLERANCE_SECONDS = 300;

/** The text of the one error of Stripe's library that is not about the signature itself. */
const TOO_OLD = 'Timestamp outside the tolerance zone';

/** Stripe, by its webhooks alone: nothing here calls Stripe, so no key of its API is needed. */
export const stripe: PaymentProvider = { name: 'stripe', verify, translate: translateStripe };

function verify(
  { headers, body }: Parameters<PaymentProvider['verify']>[0],
  secret: string,
  nowMs: number,
): Verdict {
  try {
    const header = headers['stripe-signature'] ?? '';
    const signed = Stripe.webhooks.signature?.verifyHeader(
      body,
      header,
      secret,
      TOLERANCE_SECONDS,
      undefined,
      nowMs,
    );
    return signed === true ? 'genuine' : 'forged';
  } catch (error) {
    return error instanceof Error && error.message === TOO_OLD ? 'stale' : 'forged';
  }
}
