import { CacheClient, Configurations, ReadConcern } from '@gomomento/sdk';
import type { Secrets } from '../secrets.ts';
import { credentialsFor, SILENT, type MomentoAccess } from './credentials.ts';
import { rotatingClient, type RotatingClient } from './rotating-client.ts';

/** The one connection to Momento's cache that all of a function's adapters share. */
export type MomentoCache = RotatingClient<CacheClient>;

/**
 * A player waits for most of these calls, and a second one on a new connection may have to follow. It covers the
 * SDK's own retries too, which are of reads only.
 */
export const DEADLINE_MS = 1000;

/**
 * The stage's cache as our adapters use it: reads never lag behind a write, and what does not answer within a second
 * is Unavailable. Of our calls the SDK itself retries only `DictionaryLength` within that second.
 */
export function momentoCache(
  secrets: Secrets<keyof MomentoAccess>,
  now: () => number = Date.now,
): MomentoCache {
  return rotatingClient(
    secrets,
    (access) =>
      new CacheClient({
        credentialProvider: credentialsFor(access),
        // The SDK's default may answer from a replica that lags behind.
        configuration: Configurations.Lambda.latest(SILENT)
          .withReadConcern(ReadConcern.CONSISTENT)
          .withClientTimeoutMillis(DEADLINE_MS),
        defaultTtlSeconds: 60,
      }),
    now,
  );
}
