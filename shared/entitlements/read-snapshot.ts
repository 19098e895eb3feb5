import { compareCatalogVersions, type Catalog } from '../domain/catalog.ts';
import type { Snapshot } from '../domain/entitlements.ts';
import { firstSnapshot, isOverdue, nextSnapshot, refolded } from '../domain/snapshots.ts';
import { Unavailable } from '../errors.ts';
import type { AccountStore, CheckoutQueue, SnapshotCache } from '../ports.ts';
import { fillCache } from './fill-cache.ts';
import { readAccount } from './read-account.ts';

interface World {
  readonly accounts: Pick<AccountStore, 'read' | 'readAll'>;
  readonly cache: Pick<SnapshotCache, 'read' | 'replace'>;
  readonly queue: CheckoutQueue;
  readonly catalog: Catalog;
  readonly now: () => number;
  /** Told when the answer is right although a part was missing. */
  readonly warn: (message: string, reason: unknown) => void;
}

export interface Reading {
  readonly snapshot: Snapshot;
  /** Computed for this answer and not committed yet: its version does not tell it apart from what was before. */
  readonly provisional: boolean;
}

/**
 * An account's answer now: from the cache, else from the table (and then cached), else computed for this one
 * answer while a recompute is on its way. `atLeast` passes over a cached answer older than that version.
 * An unreachable cache only makes it slower.
 * @throws Unavailable when the table does not answer.
 */
export async function readSnapshot(world: World, accountId: string, atLeast = 0): Promise<Reading> {
  const { accounts, catalog, now, warn } = world;
  const cached = await orUndefined(world.cache.read(accountId), (reason) => warn('cache not read', reason));
  if (cached?.snapshot && cached.snapshot.version >= atLeast && isCurrent(cached.snapshot, catalog, now())) {
    return { snapshot: cached.snapshot, provisional: false };
  }

  const stored = await accounts.read(accountId);
  if (stored && isCurrent(stored.snapshot, catalog, now())) {
    return { snapshot: await cacheIfPossible(world, stored.snapshot), provisional: false };
  }

  if (stored && compareCatalogVersions(stored.snapshot.catalogVersion, catalog.catalogVersion) > 0) {
    // Of a newer catalogue, which may sell what this function has never heard of: only time is its to judge.
    await askForRecompute(world, accountId);
    return { snapshot: refolded(stored.snapshot, now()), provisional: true };
  }

  const { record: latest, purchases } = await readAccount({ accounts }, accountId);
  const previous = latest?.snapshot ?? firstSnapshot(accountId, catalog, now());
  const { snapshot, changes } = nextSnapshot(previous, purchases, catalog, now());
  const uncommitted = { ...snapshot, version: previous.version };
  await askForRecompute(world, accountId);
  if (changes.length > 0) return { snapshot: uncommitted, provisional: true };
  return { snapshot: await cacheIfPossible(world, uncommitted), provisional: false };
}

/** No boundary in time has passed since it was computed, and no newer catalogue has come into force. */
function isCurrent(snapshot: Snapshot, catalog: Catalog, nowMs: number): boolean {
  const older = compareCatalogVersions(snapshot.catalogVersion, catalog.catalogVersion) < 0;
  return !older && !isOverdue(snapshot, nowMs);
}

async function askForRecompute({ queue, warn }: World, accountId: string): Promise<void> {
  const asked = queue.send({ kind: 'recompute', accountId });
  await orUndefined(asked, (reason) => warn('recompute not asked for', reason));
}

async function cacheIfPossible(world: World, snapshot: Snapshot): Promise<Snapshot> {
  const filled = await orUndefined(fillCache(world, snapshot), (reason) =>
    world.warn('cache not filled', reason),
  );
  return filled ?? snapshot;
}

async function orUndefined<T>(
  attempt: Promise<T>,
  missed: (reason: Unavailable) => void,
): Promise<T | undefined> {
  try {
    return await attempt;
  } catch (reason) {
    if (!(reason instanceof Unavailable)) throw reason;
    missed(reason);
    return undefined;
  }
}
