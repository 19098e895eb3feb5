import type { Snapshot } from '../domain/entitlements.ts';
import type { CachedSnapshot, SnapshotCache } from '../ports.ts';
import type { MomentoCache } from './cache-client.ts';
import { answered } from './errors.ts';

/** Snapshots under their account's id in the stage's Momento cache. */
export function momentoSnapshotCache(momento: MomentoCache, cacheName: string): SnapshotCache {
  return {
    read: (accountId) =>
      momento.use(async (client): Promise<CachedSnapshot | undefined> => {
        const answer = answered(await client.getWithHash(cacheName, accountId), 'getWithHash');
        if (answer.type === 'Miss') return undefined;
        return { snapshot: snapshotIn(answer.valueString(), accountId), hash: answer.hashUint8Array() };
      }),

    replace: (snapshot, read, ttl) =>
      momento.use(async (client) => {
        const { accountId } = snapshot;
        const text = JSON.stringify(snapshot);
        if (!read) {
          const answer = await client.setIfAbsent(cacheName, accountId, text, { ttl });
          return answered(answer, 'setIfAbsent').type === 'Stored';
        }
        const answer = await client.setIfPresentAndHashEqual(cacheName, accountId, text, read.hash, { ttl });
        return answered(answer, 'setIfPresentAndHashEqual').type === 'Stored';
      }),

    supersede: (previous, snapshot, ttl) =>
      momento.use(async (client) => {
        const [is, was] = [JSON.stringify(snapshot), JSON.stringify(previous)];
        const answer = await client.setIfEqual(cacheName, snapshot.accountId, is, was, { ttl });
        return answered(answer, 'setIfEqual').type === 'Stored';
      }),
  };
}

/** Only this stage writes the cache, but whatever else is found there must neither be answered nor stay. */
export function snapshotIn(text: string, accountId: string): Snapshot | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isSnapshot(value) && value.accountId === accountId ? value : undefined;
  } catch {
    return undefined;
  }
}

/** As far as we rely on it: what orders it among others, and that its parts are there. */
function isSnapshot(value: unknown): value is Snapshot {
  const { version, epoch, catalogVersion, nextChangeAt, entitlements, access } = (value ?? {}) as Partial<
    Record<keyof Snapshot, unknown>
  >;
  return (
    Number.isInteger(version) &&
    typeof epoch === 'string' &&
    /^\d+$/.test(epoch) &&
    typeof catalogVersion === 'string' &&
    (nextChangeAt === null || typeof nextChangeAt === 'string') &&
    Array.isArray(entitlements) &&
    typeof access === 'object' &&
    access !== null
  );
}
