import { Webhook } from 'standardwebhooks';
import { sqsCheckoutQueue } from '../shared/aws/checkout-queue.ts';
import { loadCatalog } from '../shared/catalog.ts';
import { checkoutEventOf, parseCheckoutEvent, requireNotAhead } from '../shared/checkout-event.ts';
import type { Catalog } from '../shared/domain/catalog.ts';
import { setting } from '../shared/env.ts';
import { jsonOf, type HttpReply, type HttpRequest } from '../shared/lambda/http-messages.ts';
import { open } from '../shared/lambda/http.ts';
import { Refused } from '../shared/lambda/problems.ts';
import { noteMissing } from '../shared/lambda/log.ts';
import { tally } from '../shared/lambda/metrics.ts';
import type { CheckoutQueue } from '../shared/ports.ts';
import { secretsFromSsm, type Secrets } from '../shared/secrets.ts';

interface World {
  /** Space-separated `whsec_…`: while one replaces another, both verify. */
  readonly secrets: Secrets<'signing'>;
  readonly queue: CheckoutQueue;
  readonly catalog: Catalog;
  readonly now: () => number;
}

/** POST /checkout-events: the payment side reports a purchase, proving itself by a Standard Webhooks signature. */
export function acceptCheckout({ secrets, queue, catalog, now }: World) {
  return async (request: HttpRequest): Promise<HttpReply> => {
    const known = await secrets.get();
    if (!verifies(request, known.signing)) {
      const { signing } = await secrets.refresh(known);
      if (!verifies(request, signing)) throw new Refused(401, 'bad-signature');
    }
    const purchase = parseCheckoutEvent(jsonOf(request), catalog);
    requireNotAhead(purchase, now());
    const { catalogVersion } = catalog;
    await queue.send({ kind: 'purchase', event: checkoutEventOf(purchase), catalogVersion });
    tally('PurchasesAccepted');
    return { status: 202, body: {} };
  };
}

/** @throws Refused when the signature is more than five minutes old, whoever made it. */
function verifies({ headers, body }: HttpRequest, secrets: string): boolean {
  return secrets.split(/\s+/).some((secret) => {
    try {
      new Webhook(secret).verify(body, headers as Record<string, string>, { jsonParse: false });
      return true;
    } catch (error) {
      if (error instanceof Error && error.message === 'Message timestamp too old') {
        throw new Refused(401, 'stale-signature');
      }
      return false;
    }
  });
}

export const handler = open(
  acceptCheckout({
    secrets: secretsFromSsm({
      parameters: { signing: setting('CHECKOUT_SECRETS_PARAMETER') },
      warn: noteMissing,
    }),
    queue: sqsCheckoutQueue(setting('CHECKOUT_QUEUE_URL')),
    catalog: loadCatalog(),
    now: Date.now,
  }),
);
