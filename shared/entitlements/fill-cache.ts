import type { Snapshot } from '../domain/entitlements.ts';
import { toMs } from '../domain/instants.ts';
import { compareSnapshots } from '../domain/snapshots.ts';
import { Unavailable } from '../errors.ts';
import type { AccountStore, SnapshotCache } from '../ports.ts';

interface World {
  readonly accounts: Pick<AccountStore, 'read'>;
  readonly cache: Pick<SnapshotCache, 'read' | 'replace'>;
  readonly now: () => number;
}

type CacheWorld = Pick<World, 'cache' | 'now'>;

/** Momento keeps an item for at most a day. */
const LONGEST_TTL_SECONDS = 24 * 3600;

const MOST_ROUNDS = 12;

/**
 * Caches a snapshot that came from the table, unless a newer one is cached, and then looks at the table once
 * more: whoever is last to write looks last, so the cache never ends on an older version than the table.
 * @returns the snapshot that the table held at the end.
 * @throws Unavailable when the table or the cache does not answer.
 */
export async function fillCache(world: World, snapshot: Snapshot): Promise<Snapshot> {
  await writeUnlessNewer(world, snapshot);
  return followTable(world, snapshot);
}

/** The first half of filling the cache; it must be followed by the second. */
function writeUnlessNewer(world: CacheWorld, snapshot: Snapshot): Promise<void> {
  return writeUnless(world, snapshot, (cached) => compareSnapshots(cached, snapshot) >= 0);
}

/**
 * The same for who has just put a snapshot into the table in the place of `previous`, or found nothing to change there:
 * nearly always `previous` is what is cached, to the letter, and one call does it. What is cached under the same version
 * in other words, as by a reader that computed it, gives way too: then the next change finds the table's words.
 */
export async function writeInPlaceOf(
  world: CacheWorld & { readonly cache: Pick<SnapshotCache, 'supersede'> },
  previous: Snapshot | undefined,
  snapshot: Snapshot,
): Promise<void> {
  const { cache, now } = world;
  if (previous && (await cache.supersede(previous, snapshot, ttlSeconds(snapshot, now())))) return;
  await writeUnless(world, snapshot, (cached) => compareSnapshots(cached, snapshot) > 0);
}

async function writeUnless(
  { cache, now }: CacheWorld,
  snapshot: Snapshot,
  mayStay: (cached: Snapshot) => boolean,
): Promise<void> {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const cached = await cache.read(snapshot.accountId);
    if (cached?.snapshot && mayStay(cached.snapshot)) return;
    if (await cache.replace(snapshot, cached, ttlSeconds(snapshot, now()))) return;
  }
  throw new Unavailable('the cached snapshot is being changed by many at once');
}

/** The second half: caches what the table has held since, until it holds nothing newer. */
export async function followTable(world: World, snapshot: Snapshot): Promise<Snapshot> {
  let latest = snapshot;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const record = await world.accounts.read(snapshot.accountId);
    if (!record || compareSnapshots(record.snapshot, latest) <= 0) return latest;
    latest = record.snapshot;
    await writeUnlessNewer(world, latest);
  }
  throw new Unavailable('the account changes faster than it can be cached');
}

/** Until time changes the answer. A boundary that is here or past still takes a second: an older answer must go. */
function ttlSeconds({ nextChangeAt }: Snapshot, nowMs: number): number {
  if (nextChangeAt === null) return LONGEST_TTL_SECONDS;
  const seconds = Math.floor((toMs(nextChangeAt) - nowMs) / 1000);
  return Math.min(LONGEST_TTL_SECONDS, Math.max(1, seconds));
}
