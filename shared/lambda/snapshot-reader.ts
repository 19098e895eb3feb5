import { accountTable } from '../aws/account-table.ts';
import { sqsCheckoutQueue } from '../aws/checkout-queue.ts';
import { loadCatalog } from '../catalog.ts';
import { readSnapshot, type Reading } from '../entitlements/read-snapshot.ts';
import { setting } from '../env.ts';
import { momentoCache } from '../momento/cache-client.ts';
import { momentoSnapshotCache } from '../momento/snapshot-cache.ts';
import { noteMissing } from './log.ts';
import { momentoSecrets } from './momento-secrets.ts';

/** Reads snapshots in the stage's cache and table, as its settings name them. */
export function snapshotReader(): (accountId: string, atLeast?: number) => Promise<Reading> {
  const secrets = momentoSecrets('MOMENTO_DATA_KEY_PARAMETER');
  const world = {
    accounts: accountTable(setting('TABLE_NAME')),
    cache: momentoSnapshotCache(momentoCache(secrets), setting('MOMENTO_CACHE_NAME')),
    queue: sqsCheckoutQueue(setting('CHECKOUT_QUEUE_URL')),
    catalog: loadCatalog(),
    now: Date.now,
    warn: noteMissing,
  };
  return (accountId, atLeast) => readSnapshot(world, accountId, atLeast);
}
