import * as z from 'zod/mini';
import { accountTable } from '../shared/aws/account-table.ts';
import { sqsCheckoutQueue } from '../shared/aws/checkout-queue.ts';
import { loadCatalog } from '../shared/catalog.ts';
import { isAccountId } from '../shared/domain/ids.ts';
import { readSnapshot } from '../shared/entitlements/read-snapshot.ts';
import { setting } from '../shared/env.ts';
import { noteMissing } from '../shared/lambda/log.ts';
import { momentoSnapshotCache } from '../shared/momento/snapshot-cache.ts';
import { secretsFromSsm } from '../shared/secrets.ts';

const payload = z.object({ accountId: z.string().check(z.refine(isAccountId)) });

const secrets = secretsFromSsm({
  parameters: {
    key: setting('MOMENTO_DATA_KEY_PARAMETER'),
    endpoint: setting('MOMENTO_ENDPOINT_PARAMETER'),
  },
  warn: noteMissing,
});
const world = {
  accounts: accountTable(setting('TABLE_NAME')),
  cache: momentoSnapshotCache(secrets, setting('MOMENTO_CACHE_NAME')),
  queue: sqsCheckoutQueue(setting('CHECKOUT_QUEUE_URL')),
  catalog: loadCatalog(),
  now: Date.now,
  warn: noteMissing,
};

/** Called by vend-token: has `{ accountId }`'s snapshot computed and cached if it is not. */
export async function handler(event: unknown): Promise<{ readonly version: number }> {
  const { accountId } = payload.parse(event);
  const { snapshot } = await readSnapshot(world, accountId);
  return { version: snapshot.version };
}
