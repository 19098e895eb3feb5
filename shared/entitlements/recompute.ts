import { announcementsOf, quietOnes, replacement } from '../domain/announcements.ts';
import { compareCatalogVersions, type Catalog } from '../domain/catalog.ts';
import { basisOf, latestOf, type Purchase } from '../domain/purchases.ts';
import { firstSnapshot, nextSnapshot } from '../domain/snapshots.ts';
import { Unavailable } from '../errors.ts';
import type { AccountRecord, AccountStore, AccountTopic, CachedSnapshot, SnapshotCache } from '../ports.ts';
import { followTable, writeUnlessNewer } from './fill-cache.ts';
import { readAccount } from './read-account.ts';

interface World {
  readonly accounts: AccountStore;
  readonly cache: SnapshotCache;
  readonly topic: AccountTopic;
  readonly catalog: Catalog;
  readonly now: () => number;
}

/** Every conflict means that somebody else got ahead; this many in a row mean that something is wrong. */
const MOST_CONFLICTS = 12;

/** A longer outbox (an item of the table holds 400 KB) becomes one "read again". */
const MOST_PENDING = 64;

/**
 * Keeps what was reported and brings the account's answer up to date everywhere: commits it to the table with what
 * is to be announced, writes the cache, announces. Safe to repeat and to break off after any step: the next run
 * finishes it. What does not wait for another step runs beside it, so that four calls follow one another between
 * the queue and the player: purchase kept and account read, commit, cache, publish.
 * @throws Unavailable when the table, the cache or the topic does not answer.
 */
export async function recompute(
  world: World,
  accountId: string,
  reported: readonly Purchase[] = [],
): Promise<void> {
  const committing = commitNext(world, accountId, reported);
  const cached = readEarly(world.cache, accountId);
  const { snapshot, outbox } = await committing;
  await writeUnlessNewer(world, snapshot, cached());
  const published = await publish(world, accountId, outbox);
  await both(followTable(world, snapshot), removePublished(world, accountId, published));
}

/** Computes and commits until nobody interferes; returns what the table then holds. */
async function commitNext(
  { accounts, catalog, now }: World,
  accountId: string,
  reported: readonly Purchase[],
): Promise<AccountRecord> {
  const kept = Promise.all(reported.map((purchase) => accounts.putPurchase(purchase)));
  for (let conflicts = 0; conflicts < MOST_CONFLICTS; conflicts++) {
    const [{ record, purchases: stored }] = await both(readAccount({ accounts }, accountId), kept);
    const purchases = latestOf([...stored, ...reported]);
    const previous = record?.snapshot ?? firstSnapshot(accountId, catalog, now());
    const order = compareCatalogVersions(catalog.catalogVersion, previous.catalogVersion);
    if (order < 0) throw new Unavailable('a newer catalogue is in force', { retryAfterSeconds: 60 });

    const { snapshot, changes } = nextSnapshot(previous, purchases, catalog, now());
    if (record && order === 0 && changes.length === 0) return record;

    const added = announcementsOf(changes, snapshot, quietOnes(purchases, catalog));
    const pending = record?.outbox ?? [];
    const full = pending.length + added.length > MOST_PENDING;
    const outbox = full ? { replace: [replacement(snapshot)] } : { add: added };
    const basis = basisOf(purchases);
    if (await accounts.commit({ read: record?.snapshot, next: snapshot, basis, outbox })) {
      return { snapshot, basis, outbox: 'replace' in outbox ? outbox.replace : [...pending, ...added] };
    }
  }
  throw new Unavailable('the account is being changed by many at once');
}

/**
 * Begins to read the cache. An early read that fails is no reason to stop before the purchase is committed: whoever
 * asks for it then reads again, and fails as that one does.
 */
function readEarly(cache: SnapshotCache, accountId: string): () => Promise<CachedSnapshot | undefined> {
  const reading = cache.read(accountId);
  reading.catch(() => {});
  return () => reading.catch(() => cache.read(accountId));
}

/** Both results; when one fails, the other is still waited for, so that nothing goes on behind a failed run. */
async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return Promise.all([first, second]);
}

/** Publishes in the order of the versions; what is out stays out of the outbox also when a later one fails. */
async function publish(
  { accounts, topic }: World,
  accountId: string,
  outbox: AccountRecord['outbox'],
): Promise<readonly number[]> {
  const published: number[] = [];
  try {
    for (const announcement of outbox.toSorted((a, b) => a.version - b.version)) {
      await topic.publish(accountId, announcement);
      published.push(announcement.version);
    }
  } catch (error) {
    await removePublished({ accounts }, accountId, published);
    throw error;
  }
  return published;
}

/** Takes exactly these out of the outbox: others may have been added meanwhile. */
async function removePublished(
  { accounts }: Pick<World, 'accounts'>,
  accountId: string,
  versions: readonly number[],
): Promise<void> {
  if (versions.length > 0) await accounts.removePublished(accountId, versions);
}
