import { CacheClient, Configurations, ReadConcern } from '@gomomento/sdk';
import type { Snapshot } from '../domain/entitlements.ts';
import type { CachedSnapshot, SnapshotCache } from '../ports.ts';
import type { Secrets } from '../secrets.ts';
import { credentialsFor, type MomentoAccess } from './credentials.ts';
import { answered } from './errors.ts';
import { rotatingClient } from './rotating-client.ts';

/** Snapshots under their account's id in the stage's Momento cache. */
export function momentoSnapshotCache(
  secrets: Secrets<keyof MomentoAccess>,
  cacheName: string,
): SnapshotCache {
  const momento = rotatingClient(
    secrets,
    (access) =>
      new CacheClient({
        credentialProvider: credentialsFor(access),
        // The SDK's default may answer from a replica that lags behind.
        configuration: Configurations.Lambda.latest().withReadConcern(ReadConcern.CONSISTENT),
        defaultTtlSeconds: 60,
      }),
  );

  return {
    read: (accountId) =>
      momento.use(async (client): Promise<CachedSnapshot | undefined> => {
        const answer = answered(await client.getWithHash(cacheName, accountId), 'getWithHash');
        if (answer.type === 'Miss') return undefined;
        return { snapshot: parse(answer.valueString()), hash: answer.hashUint8Array() };
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
  };
}

/** Only this stage writes the cache, but whatever else is found there must not stop it from being replaced. */
function parse(text: string): Snapshot | undefined {
  try {
    const value = JSON.parse(text) as Partial<Snapshot> | null;
    return typeof value?.version === 'number' &&
      typeof value.epoch === 'string' &&
      value.catalogVersion !== undefined
      ? (value as Snapshot)
      : undefined;
  } catch {
    return undefined;
  }
}
