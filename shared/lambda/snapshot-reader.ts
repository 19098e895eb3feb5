import { accountTable } from '../aws/account-table.ts';
import { sqsCheckoutQueue } from '../aws/checkout-queue.ts';
import { loadCatalog } from '../catalog.ts';
import type { Catalog } from '../domain/catalog.ts';
import { readSnapshot, type Reading } from '../entitlements/read-snapshot.ts';
import { setting } from '../env.ts';
import { momentoCache } from '../momento/cache-client.ts';
import { momentoSnapshotCache } from '../momento/snapshot-cache.ts';
import type { SnapshotCache } from '../ports.ts';
import { noteMissing } from './log.ts';
import { momentoSecrets } from './momento-secrets.ts';

type SnapshotReader = (accountId: string, atLeast?: number) => Promise<Reading>;

/** Reads snapshots in the stage's cache and table, as its settings name them. */
export function snapshotReader(): SnapshotReader {
  const momento = momentoCache(momentoSecrets('MOMENTO_DATA_KEY_PARAMETER'));
  return snapshotReaderOn({
    cache: momentoSnapshotCache(momento, setting('MOMENTO_CACHE_NAME')),
    catalog: loadCatalog(),
  });
}

/** The same, for a function that has its cache and catalogue already. */
export function snapshotReaderOn(own: {
  readonly cache: SnapshotCache;
  readonly catalog: Catalog;
}): SnapshotReader {
  const world = {
    ...own,
    accounts: accountTable(setting('TABLE_NAME')),
    queue: sqsCheckoutQueue(setting('CHECKOUT_QUEUE_URL')),
    now: Date.now,
    warn: noteMissing,
  };
  return (accountId, atLeast) => readSnapshot(world, accountId, atLeast);
}
