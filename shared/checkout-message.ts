import * as z from 'zod/mini';
import { parseCheckoutEvent } from './checkout-event.ts';
import { compareCatalogVersions, type Catalog } from './domain/catalog.ts';
import { isAccountId } from './domain/ids.ts';
import type { Purchase } from './domain/purchases.ts';
import { Malformed, Unavailable, UnknownProduct } from './errors.ts';
import type { CheckoutMessage } from './ports.ts';

/** What a message of the checkout queue asks for: to keep the purchase, if any, and to recompute the account. */
export interface Order {
  readonly accountId: string;
  readonly purchase?: Purchase;
}

const schema: z.ZodMiniType<CheckoutMessage> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('purchase'),
    event: z.unknown(),
    catalogVersion: z.string(),
  }),
  z.object({ kind: z.literal('recompute'), accountId: z.string().check(z.refine(isAccountId)) }),
]);

/**
 * @throws Malformed or UnknownProduct for what no retry will mend; Unavailable for a product of a catalogue that
 * this function does not have yet, as in the middle of a deployment.
 */
export function parseCheckoutMessage(body: string, catalog: Catalog): Order {
  const message = parseJson(body);
  if (message.kind === 'recompute') return { accountId: message.accountId };
  try {
    const purchase = parseCheckoutEvent(message.event, catalog);
    return { accountId: purchase.accountId, purchase };
  } catch (error) {
    const newer = compareCatalogVersions(message.catalogVersion, catalog.catalogVersion) > 0;
    if (!(error instanceof UnknownProduct) || !newer) throw error;
    throw new Unavailable('the product belongs to a newer catalogue', { cause: error });
  }
}

function parseJson(body: string): CheckoutMessage {
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
