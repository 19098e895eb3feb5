import { sqsCheckoutQueue } from '../shared/aws/checkout-queue.ts';
import { sqsDeadLetters } from '../shared/aws/dead-letters.ts';
import { loadCatalog } from '../shared/catalog.ts';
import { choiceSetting, setting } from '../shared/env.ts';
import { open } from '../shared/lambda/http.ts';
import { noteMissing } from '../shared/lambda/log.ts';
import { acceptReports, PAYMENT_MODES } from '../shared/payments/accept-reports.ts';
import { stripe } from '../shared/payments/stripe/provider.ts';
import { secretsFromSsm } from '../shared/secrets.ts';

/** Stripe sends an object with all that belongs to it: far more than our own bodies have, and far less than this. */
const LARGEST_EVENT_BYTES = 256 * 1024;

/** POST /webhooks/stripe: Stripe reports what became of a subscription, a checkout or a charge. See docs/stripe.md. */
export const handler = open(
  acceptReports({
    provider: stripe,
    secrets: secretsFromSsm({
      parameters: { signing: setting('STRIPE_SECRETS_PARAMETER') },
      warn: noteMissing,
    }),
    queue: sqsCheckoutQueue(setting('CHECKOUT_QUEUE_URL')),
    deadLetters: sqsDeadLetters(setting('DEAD_LETTER_QUEUE_URL')),
    catalog: loadCatalog(),
    mode: choiceSetting('STRIPE_MODE', PAYMENT_MODES),
    now: Date.now,
    warn: noteMissing,
  }),
  { largestBodyBytes: LARGEST_EVENT_BYTES },
);
