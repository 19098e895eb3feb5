import { accountTable } from '../shared/aws/account-table.ts';
import { sqsCheckoutQueue } from '../shared/aws/checkout-queue.ts';
import { loadCatalog } from '../shared/catalog.ts';
import { fromMs } from '../shared/domain/instants.ts';
import { eraseAccount } from '../shared/entitlements/erase-account.ts';
import { setting } from '../shared/env.ts';
import type { HttpReply } from '../shared/lambda/http-messages.ts';
import { Refused } from '../shared/lambda/problems.ts';
import { requireReason, support, type SupportRequest } from '../shared/lambda/support.ts';

/** DELETE /support/accounts/{accountId}. What is left after it, and for how long: docs/support.md. */
export function erase(world: Parameters<typeof eraseAccount>[0]) {
  return async ({ accountId, query }: SupportRequest): Promise<HttpReply> => {
    requireReason(query['reason']);
    const erased = await eraseAccount(world, accountId);
    if (!erased) throw new Refused(404, 'unknown-account');
    const { version, erasedAtMs } = erased;
    return { status: 202, body: { accountId, version, erasedAt: fromMs(erasedAtMs) } };
  };
}

export const handler = support({
  'DELETE /support/accounts/{accountId}': erase({
    accounts: accountTable(setting('TABLE_NAME')),
    queue: sqsCheckoutQueue(setting('CHECKOUT_QUEUE_URL')),
    catalog: loadCatalog(),
    now: Date.now,
  }),
});
