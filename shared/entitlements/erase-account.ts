import { replacement } from '../domain/announcements.ts';
import { compareCatalogVersions, type Catalog } from '../domain/catalog.ts';
import { erasedSnapshot, erasureMoment } from '../domain/erasure.ts';
import { BY_ITSELF } from '../domain/recent-changes.ts';
import { Contended, Unavailable } from '../errors.ts';
import type { AccountRecord, AccountStore, CheckoutQueue } from '../ports.ts';

interface World {
  readonly accounts: Pick<AccountStore, 'read' | 'commit'>;
  readonly queue: CheckoutQueue;
  readonly catalog: Catalog;
  readonly now: () => number;
}

const MOST_CONFLICTS = 12;

/**
 * A recompute that began before the erasure may give a purchase an item of its own after the first sweep. It has 30 s;
 * the second sweep comes when it is long over.
 */
const SECOND_SWEEP_SECONDS = 90;

export interface Erased {
  readonly erasedAtMs: number;
  readonly version: number;
}

/**
 * Erases an account: one write says that nothing of before counts any more, and the checkout queue has the rest done by
 * whoever recomputes, as often as it takes: cache, announcement, the items of its purchases, its sessions. The second
 * sweep is asked for before that write, so that it comes even if nobody gets as far as asking for the first. Repeated,
 * it erases what came since.
 * @returns `undefined` for an account of which nothing is stored.
 * @throws Contended, Unavailable
 */
export async function eraseAccount(world: World, accountId: string): Promise<Erased | undefined> {
  const record = await world.accounts.read(accountId);
  if (!record) return undefined;
  await world.queue.send({ kind: 'recompute', accountId }, { delaySeconds: SECOND_SWEEP_SECONDS });
  const erased = await commitErasure(world, record);
  await world.queue.send({ kind: 'recompute', accountId });
  return erased;
}

async function commitErasure({ accounts, catalog, now }: World, found: AccountRecord): Promise<Erased> {
  let record: AccountRecord | undefined = found;
  for (let conflicts = 0; record && conflicts < MOST_CONFLICTS; conflicts++) {
    const { snapshot: previous } = record;
    if (compareCatalogVersions(previous.catalogVersion, catalog.catalogVersion) > 0) {
      throw new Unavailable('a newer catalogue is in force', { retryAfterSeconds: 60 });
    }
    const erasedAtMs = erasureMoment(record, now());
    const next = erasedSnapshot(previous, catalog, now());
    const { version } = next;
    const committed = await accounts.commit({
      read: record,
      next,
      basis: {},
      // Whatever waited to be announced told of purchases.
      outbox: { replace: [replacement(next)] },
      inbox: [],
      takesAway: true,
      recent: [{ version, atMs: erasedAtMs, cause: BY_ITSELF.erasure }],
      erasedAtMs,
    });
    if (committed) return { erasedAtMs, version };
    record = await accounts.read(found.snapshot.accountId);
  }
  throw new Contended('the account is being changed by many at once');
}
