import { randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import { accountTable } from '../shared/aws/account-table.ts';
import { sqsCheckoutQueue } from '../shared/aws/checkout-queue.ts';
import { loadCatalog } from '../shared/catalog.ts';
import { checkoutEventOf, parseCheckoutEvent } from '../shared/checkout-event.ts';
import { endSessionById } from '../shared/concurrency/end-session.ts';
import type { Catalog } from '../shared/domain/catalog.ts';
import { toMs } from '../shared/domain/instants.ts';
import type { Purchase } from '../shared/domain/purchases.ts';
import { readAccount } from '../shared/entitlements/read-account.ts';
import { setting } from '../shared/env.ts';
import { Malformed } from '../shared/errors.ts';
import { jsonOf, type HttpReply } from '../shared/lambda/http-messages.ts';
import { Refused } from '../shared/lambda/problems.ts';
import { sessionOver } from '../shared/lambda/session-heartbeat.ts';
import { momentoWorld } from '../shared/lambda/session-world.ts';
import { requireReason, support, type SupportRequest } from '../shared/lambda/support.ts';
import type { AccountStore, CheckoutQueue } from '../shared/ports.ts';
import { eventIdOf, granted, isPromotion, purchaseIdOf, revoked } from '../shared/support/promotions.ts';

interface Promotions {
  readonly accounts: Pick<AccountStore, 'readAll'>;
  readonly queue: CheckoutQueue;
  readonly catalog: Catalog;
  readonly now: () => number;
  readonly newId: () => string;
}

/** DELETE /support/accounts/{accountId}/sessions/{sessionId}: its player is told, as if another device had ended it. */
export function endSessionOf(world: Parameters<typeof endSessionById>[0]) {
  return async ({ accountId, path, query }: SupportRequest): Promise<HttpReply> => {
    requireReason(query['reason']);
    const outcome = await endSessionById(world, accountId, path['sessionId'] ?? '');
    if (!outcome.ended) throw sessionOver(outcome.reason);
    return { status: 204 };
  };
}

const gift = z.object({
  productId: z.string(),
  validFrom: z.optional(z.string()),
  validUntil: z.string(),
  reason: z.unknown(),
});

/** PUT /support/accounts/{accountId}/promotions/{promotionId}: gives it, or changes what was given under that id. */
export function grantPromotion({ accounts, queue, catalog, now, newId }: Promotions) {
  return async (request: SupportRequest): Promise<HttpReply> => {
    const { accountId, path } = request;
    const { reason, ...asked } = parsed(jsonOf(request));
    requireReason(reason);
    const promotionId = path['promotionId'] ?? '';
    const { known, erasedAtMs } = await findPromotion({ accounts }, accountId, promotionId);
    if (known && !isPromotion(known)) throw new Malformed('promotionId', 'is a purchase’s that was sold');
    const moment = { nowMs: now(), eventId: eventIdOf(newId()), known, erasedAtMs };
    const purchase = reportable(granted({ ...asked, accountId, promotionId }, moment), catalog);
    if (purchase.validUntil !== null && toMs(purchase.validUntil) <= moment.nowMs) {
      throw new Malformed('validUntil', 'is over already');
    }
    return report({ queue, catalog }, purchase);
  };
}

/** DELETE of the same: it ends now. */
export function revokePromotion({ accounts, queue, catalog, now, newId }: Promotions) {
  return async ({ accountId, path, query }: SupportRequest): Promise<HttpReply> => {
    requireReason(query['reason']);
    const { known } = await findPromotion({ accounts }, accountId, path['promotionId'] ?? '');
    if (!known || !isPromotion(known)) throw new Refused(404, 'unknown-promotion');
    return report({ queue, catalog }, revoked(known, { nowMs: now(), eventId: eventIdOf(newId()) }));
  };
}

function parsed(json: unknown): z.infer<typeof gift> {
  const result = gift.safeParse(json);
  if (!result.success) throw Malformed.from(result.error);
  return result.data;
}

/** What is not in the table yet, as that of a second ago, is not known. */
async function findPromotion(
  world: Pick<Promotions, 'accounts'>,
  accountId: string,
  promotionId: string,
): Promise<{ readonly known: Purchase | undefined; readonly erasedAtMs: number | undefined }> {
  const { record, purchases } = await readAccount(world, accountId);
  const known = purchases.find(({ purchaseId }) => purchaseId === purchaseIdOf(promotionId));
  return { known, erasedAtMs: record?.erasedAtMs };
}

/** By the rules for what the payment side reports. @throws Malformed, UnknownProduct */
function reportable(purchase: Purchase, catalog: Catalog): Purchase {
  try {
    return parseCheckoutEvent(checkoutEventOf(purchase), catalog);
  } catch (error) {
    if (!(error instanceof Malformed) || error.field !== 'purchaseId') throw error;
    throw new Malformed('promotionId', 'must be letters, digits, ".", "_" and "-", at most 54');
  }
}

/** The way of every purchase: through the queue, so that it takes effect whatever crashes. */
async function report(
  { queue, catalog: { catalogVersion } }: Pick<Promotions, 'queue' | 'catalog'>,
  purchase: Purchase,
): Promise<HttpReply> {
  await queue.send({ kind: 'purchase', event: checkoutEventOf(purchase), catalogVersion });
  const { purchaseId, productId, validFrom, validUntil, reported } = purchase;
  return {
    status: 202,
    body: { purchaseId, productId, validFrom, validUntil, eventId: reported.eventId },
  };
}

const sessions = momentoWorld();
const promotions: Promotions = {
  accounts: accountTable(setting('TABLE_NAME')),
  queue: sqsCheckoutQueue(setting('CHECKOUT_QUEUE_URL')),
  catalog: loadCatalog(),
  now: Date.now,
  newId: randomUUID,
};

export const handler = support({
  'DELETE /support/accounts/{accountId}/sessions/{sessionId}': endSessionOf(sessions),
  'PUT /support/accounts/{accountId}/promotions/{promotionId}': grantPromotion(promotions),
  'DELETE /support/accounts/{accountId}/promotions/{promotionId}': revokePromotion(promotions),
});
