import { announcementsOf, quietOnes, replacement } from '../domain/announcements.ts';
import { endExcess } from '../concurrency/end-excess.ts';
import { compareCatalogVersions, type Catalog } from '../domain/catalog.ts';
import { basisOf, latestOf, type Purchase } from '../domain/purchases.ts';
import { firstSnapshot, nextSnapshot, refolded, takesAway } from '../domain/snapshots.ts';
import { Unavailable } from '../errors.ts';
import type {
  AccountRecord,
  AccountStore,
  AccountTopic,
  CachedSnapshot,
  SlotStore,
  SnapshotCache,
} from '../ports.ts';
import { followTable, writeUnlessNewer } from './fill-cache.ts';
import { readAccount } from './read-account.ts';

interface World {
  readonly accounts: AccountStore;
  readonly cache: SnapshotCache;
  readonly topic: AccountTopic;
  readonly slots: SlotStore;
  readonly catalog: Catalog;
  readonly now: () => number;
  readonly newId: () => string;
  /** Told of what is missing while the work is done. */
  readonly warn: (message: string, reason: unknown) => void;
}

/** Every conflict means that somebody else got ahead; this many in a row mean that something is wrong. */
const MOST_CONFLICTS = 12;

/** A run publishes no longer than this, well within the function's 30 s, and leaves the rest to the next. */
const BUDGET_MS = 15_000;

/** A longer outbox (an item of the table holds 400 KB) becomes one "read again". */
const MOST_PENDING = 64;

/**
 * Keeps what was reported and brings the account's answer up to date everywhere: commits it to the table with what
 * is to be announced, writes the cache, announces, and ends the sessions that are too many by now. Safe to repeat
 * and to break off after any step: the next run finishes it. What does not wait for another step runs beside it, so
 * that four calls follow one another between the queue and the player: purchase kept and account read, commit,
 * cache, publish.
 * @throws Unavailable when the table, the cache or the topic does not answer.
 */
export async function recompute(
  world: World,
  accountId: string,
  reported: readonly Purchase[] = [],
): Promise<void> {
  const startedMs = world.now();
  const [{ snapshot, outbox, sessionsDue }, cached] = await both(
    commitNext(world, accountId, reported),
    readEarly(world.cache, accountId),
  );
  await writeUnlessNewer(world, snapshot, cached());
  await publish(world, accountId, outbox, startedMs + BUDGET_MS);
  // First the cache is as new as the table: a session that starts meanwhile looks there after it has its slot.
  const newest = await followTable(world, snapshot);
  if (sessionsDue !== undefined) {
    await endExcess(world, accountId, newest);
    await world.accounts.removeSessionsDue(accountId, sessionsDue);
  }
}

/** Computes and commits until nobody interferes; returns what the table then holds. */
async function commitNext(
  { accounts, catalog, now }: World,
  accountId: string,
  reported: readonly Purchase[],
): Promise<AccountRecord> {
  const kept = all(reported.map((purchase) => accounts.putPurchase(purchase)));
  for (let conflicts = 0; conflicts < MOST_CONFLICTS; conflicts++) {
    const [{ record, purchases: stored }] = await both(readAccount({ accounts }, accountId), kept);
    const purchases = latestOf([...stored, ...reported]);
    const previous = record?.snapshot ?? firstSnapshot(accountId, catalog, now());
    const order = compareCatalogVersions(catalog.catalogVersion, previous.catalogVersion);
    if (order < 0) throw new Unavailable('a newer catalogue is in force', { retryAfterSeconds: 60 });

    const { snapshot, changes } = nextSnapshot(previous, purchases, catalog, now());
    // A window that opened and closed unseen changes nothing but the moment of the next change.
    const same = record && order === 0 && changes.length === 0;
    if (same && snapshot.nextChangeAt === previous.nextChangeAt) return record;

    const added = announcementsOf(changes, snapshot, quietOnes(purchases, catalog));
    const pending = record?.outbox ?? [];
    const full = pending.length + added.length > MOST_PENDING;
    const outbox = full ? { replace: [replacement(snapshot)] } : { add: added };
    const basis = basisOf(purchases);
    const narrower = takesAway(refolded(previous, now()), snapshot);
    if (
      await accounts.commit({ read: record?.snapshot, next: snapshot, basis, outbox, takesAway: narrower })
    ) {
      return {
        snapshot,
        basis,
        outbox: 'replace' in outbox ? outbox.replace : [...pending, ...added],
        sessionsDue: narrower ? snapshot.version : record?.sessionsDue,
      };
    }
  }
  throw new Unavailable('the account is being changed by many at once');
}

/**
 * Reads the cache beside the table. An early read that fails is no reason to stop before the purchase is committed:
 * whoever asks for it then reads again, and fails as that one does.
 */
async function readEarly(
  cache: SnapshotCache,
  accountId: string,
): Promise<() => Promise<CachedSnapshot | undefined>> {
  try {
    const cached = await cache.read(accountId);
    return async () => cached;
  } catch {
    return () => cache.read(accountId);
  }
}

/**
 * Publishes in the order of the versions. Each is taken out of the outbox while the next is under way, so that a run
 * that ends early, for whatever reason, has come further than the one before.
 */
async function publish(
  { accounts, topic, now }: World,
  accountId: string,
  outbox: AccountRecord['outbox'],
  untilMs: number,
): Promise<void> {
  let removing: Promise<void> = Promise.resolve();
  for (const announcement of outbox.toSorted((a, b) => a.version - b.version)) {
    if (now() > untilMs) {
      await removing;
      throw new Unavailable('there is more to announce than fits into one run');
    }
    await both(topic.publish(accountId, announcement), removing);
    removing = accounts.removePublished(accountId, [announcement.version]);
  }
  await removing;
}

/** Both results; when one fails, the other is still waited for, so that nothing goes on behind a failed run. */
async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return Promise.all([first, second]);
}

/** The same for any number. */
async function all<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
