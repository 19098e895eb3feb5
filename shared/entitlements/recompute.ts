import { announcementsOf, quietOnes, replacement } from '../domain/announcements.ts';
import { endExcess } from '../concurrency/end-excess.ts';
import { boundaryMs, isNear, secondsUntil } from '../domain/boundaries.ts';
import { compareCatalogVersions, type Catalog } from '../domain/catalog.ts';
import type { Snapshot } from '../domain/entitlements.ts';
import { isErased } from '../domain/erasure.ts';
import { basisOf, latestOf, type Purchase } from '../domain/purchases.ts';
import { causeOf, withChange } from '../domain/recent-changes.ts';
import { firstSnapshot, nextSnapshot, refolded, takesAway } from '../domain/snapshots.ts';
import { Unavailable } from '../errors.ts';
import type {
  AccountRecord,
  AccountStore,
  AccountTopic,
  CheckoutQueue,
  SlotStore,
  SnapshotCache,
} from '../ports.ts';
import { all, both } from '../wait-for-all.ts';
import { followTable, writeInPlaceOf } from './fill-cache.ts';
import { readAccount } from './read-account.ts';

interface World {
  readonly accounts: AccountStore;
  readonly cache: SnapshotCache;
  readonly topic: AccountTopic;
  readonly slots: SlotStore;
  readonly queue: CheckoutQueue;
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

/** A longer inbox is emptied before anything is added to it, for the same 400 KB. */
const MOST_WAITING = 64;

/**
 * Keeps what was reported and brings the account's answer up to date everywhere: commits both to the table with what
 * is to be announced, writes the cache, announces, gives the purchases items of their own, asks for the next recompute
 * when time changes the answer soon, and ends the sessions that are too many by now. Safe to repeat and to break off
 * after any step: the next run finishes it. Four calls follow one another between the queue and the player, and nothing
 * runs beside them: account read, commit, cache, publish.
 * @throws Unavailable when the table, the cache or the topic does not answer.
 */
export async function recompute(
  world: World,
  accountId: string,
  reported: readonly Purchase[] = [],
): Promise<void> {
  const startedMs = world.now();
  const { record, previous } = await commitNext(world, accountId, reported);
  await writeInPlaceOf(world, previous, record.snapshot);
  const published = await publish(world, accountId, record.outbox, startedMs + BUDGET_MS);
  await both(finish(world, accountId, record.inbox, published), returnSoon(world, record.snapshot));
  if (record.erasedAtMs !== undefined) await world.accounts.sweep(accountId, record.erasedAtMs);
  // First the cache is as new as the table: a session that starts meanwhile looks there after it has its slot.
  const newest = await followTable(world, record.snapshot);
  if (record.sessionsDue !== undefined) {
    await endExcess(world, accountId, newest, record.erasedAtMs);
    await world.accounts.removeSessionsDue(accountId, record.sessionsDue);
  }
}

/** Computes and commits until nobody interferes; returns what the table then holds, and what it answered before. */
async function commitNext(
  world: World,
  accountId: string,
  reported: readonly Purchase[],
): Promise<{ readonly record: AccountRecord; readonly previous: Snapshot | undefined }> {
  const { accounts, catalog, now } = world;
  for (let conflicts = 0; conflicts < MOST_CONFLICTS; conflicts++) {
    const { record, purchases: known } = await readAccount({ accounts }, accountId);
    const standing = reported.filter((purchase) => !isErased(purchase, record?.erasedAtMs));
    const purchases = latestOf([...known, ...standing]);
    const news = purchases.filter((purchase) => reported.includes(purchase));
    const previous = record?.snapshot ?? firstSnapshot(accountId, catalog, now());
    const order = compareCatalogVersions(catalog.catalogVersion, previous.catalogVersion);
    if (order < 0) throw new Unavailable('a newer catalogue is in force', { retryAfterSeconds: 60 });

    const { snapshot, changes } = nextSnapshot(previous, purchases, catalog, now());
    // A window that opened and closed unseen changes nothing but the moment of the next change. A new report is
    // committed although it changes nothing: an older one of the same purchase that is under way must not win.
    const same = record && order === 0 && changes.length === 0 && news.length === 0;
    const boundaryAtMs = boundaryMs(snapshot);
    const indexed = record?.boundaryAtMs === boundaryAtMs;
    if (same && indexed && snapshot.nextChangeAt === previous.nextChangeAt) return { record, previous };

    const waiting = record?.inbox ?? [];
    if (waiting.length > 0 && waiting.length + news.length > MOST_WAITING) {
      await finish(world, accountId, waiting, []);
      continue;
    }
    const added = announcementsOf(changes, snapshot, quietOnes(purchases, catalog));
    const pending = record?.outbox ?? [];
    const full = pending.length + added.length > MOST_PENDING;
    const outbox = full ? { replace: [replacement(snapshot)] } : { add: added };
    const basis = basisOf(purchases);
    // What time has taken since then counts, and so does what it had given since then and is gone by now.
    const narrower = [previous, refolded(previous, now())].some((before) => takesAway(before, snapshot));
    const cause = causeOf(news, { newCatalog: order > 0 });
    const change = { version: snapshot.version, atMs: now(), cause };
    const recent = changes.length > 0 ? withChange(record?.recent ?? [], change) : record?.recent;
    const commit = { read: record, next: snapshot, basis, outbox, inbox: news, takesAway: narrower, recent };
    if (!(await accounts.commit(commit))) continue;
    const revision = (record?.revision ?? 0) + 1;
    const next: AccountRecord = {
      snapshot,
      basis,
      outbox: 'replace' in outbox ? outbox.replace : [...pending, ...added],
      inbox: [...waiting, ...news],
      revision,
      sessionsDue: narrower ? revision : record?.sessionsDue,
      boundaryAtMs,
      recent,
      erasedAtMs: record?.erasedAtMs,
    };
    return { record: next, previous: record?.snapshot };
  }
  throw new Unavailable('the account is being changed by many at once');
}

/**
 * Publishes in the order of the versions. Each is taken out of the outbox while the next is under way, so that a run
 * that ends early, for whatever reason, has come further than the one before.
 * @returns the version that was published last and is still in the outbox, if any was.
 */
async function publish(
  { accounts, topic, now }: World,
  accountId: string,
  outbox: AccountRecord['outbox'],
  untilMs: number,
): Promise<readonly number[]> {
  let published: readonly number[] = [];
  for (const announcement of outbox.toSorted((a, b) => a.version - b.version)) {
    const removed = published.length === 0 ? Promise.resolve() : accounts.remove(accountId, { published });
    if (now() > untilMs) {
      await removed;
      throw new Unavailable('there is more to announce than fits into one run');
    }
    await both(topic.publish(accountId, announcement), removed);
    published = [announcement.version];
  }
  return published;
}

/**
 * Whoever looks through the boundaries to come may have passed one that is this near. Also when nothing was committed:
 * this run may be the one that was asked for, and have come too early.
 */
async function returnSoon(
  { queue, now }: Pick<World, 'queue' | 'now'>,
  { accountId, ...snapshot }: Snapshot,
): Promise<void> {
  const atMs = boundaryMs(snapshot);
  const nowMs = now();
  if (atMs === undefined || !isNear(atMs, nowMs)) return;
  await queue.send({ kind: 'recompute', accountId }, { delaySeconds: secondsUntil(atMs, nowMs) });
}

/**
 * Gives what lies in the inbox items of its own and only then takes it out, together with what was published last. A
 * reader in between finds it in both places.
 */
async function finish(
  { accounts }: Pick<World, 'accounts'>,
  accountId: string,
  inbox: AccountRecord['inbox'],
  published: readonly number[],
): Promise<void> {
  await all(latestOf(inbox).map((purchase) => accounts.putPurchase(purchase)));
  if (inbox.length + published.length > 0) await accounts.remove(accountId, { published, kept: inbox });
}
