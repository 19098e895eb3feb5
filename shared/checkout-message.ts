import * as z from 'zod/mini';
import { parseCheckoutEvent } from './checkout-event.ts';
import { compareCatalogVersions, type Catalog } from './domain/catalog.ts';
import { isAccountId } from './domain/ids.ts';
import type { Purchase } from './domain/purchases.ts';
import { Malformed, Unavailable, UnknownProduct } from './errors.ts';
import type { PaymentMessage } from './payments/payment-provider.ts';
import { TRANSLATORS } from './payments/translators.ts';
import type { CheckoutMessage } from './ports.ts';

/** What a message of the checkout queue asks for: to keep the purchase, if any, and to recompute the account. */
export interface Order {
  readonly accountId: string;
  readonly purchase?: Purchase;
}

const schema: z.ZodMiniType<CheckoutMessage | PaymentMessage> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('purchase'),
    event: z.unknown(),
    catalogVersion: z.string(),
  }),
  z.object({ kind: z.literal('recompute'), accountId: z.string().check(z.refine(isAccountId)) }),
  z.object({
    kind: z.literal('payment'),
    provider: z.string(),
    report: z.unknown(),
    catalogVersion: z.string(),
  }),
]);

/**
 * What a message asks for, an order for each account and purchase that it names.
 * @throws Malformed or UnknownProduct for what no retry will mend; Unavailable for a product of a catalogue that
 * this function does not have yet, as in the middle of a deployment.
 */
export function parseCheckoutMessage(body: string, catalog: Catalog): readonly Order[] {
  const message = parseJson(body);
  if (message.kind === 'recompute') return [{ accountId: message.accountId }];
  if (message.kind === 'payment') return purchasesOf(message, catalog).map(orderOf);
  try {
    return [orderOf(parseCheckoutEvent(message.event, catalog))];
  } catch (error) {
    const newer = compareCatalogVersions(message.catalogVersion, catalog.catalogVersion) > 0;
    if (!(error instanceof UnknownProduct) || !newer) throw error;
    throw new Unavailable('the product belongs to a newer catalogue', { cause: error });
  }
}

function orderOf(purchase: Purchase): Order {
  return { accountId: purchase.accountId, purchase };
}

/** A provider's report that was put aside and sent back, once the catalogue knows the price or the code the shape. */
function purchasesOf({ provider, report }: PaymentMessage, catalog: Catalog): readonly Purchase[] {
  const translate = Object.hasOwn(TRANSLATORS, provider) ? TRANSLATORS[provider] : undefined;
  if (!translate) throw new Malformed('provider', 'is nobody whose reports we read');
  const { purchases, unmappable } = translate(report, catalog);
  if (unmappable.length > 0) throw new Malformed(undefined, unmappable.join('; '));
  return purchases;
}

function parseJson(body: string): CheckoutMessage | PaymentMessage {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw new Malformed(undefined, 'the message is not JSON');
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw Malformed.from(parsed.error);
  return parsed.data;
}
