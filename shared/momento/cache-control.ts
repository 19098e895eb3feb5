import { CacheClient, Configurations, type CreateCache } from '@gomomento/sdk';
import type { CacheControl, CacheMade } from '../ports.ts';
import type { Secrets } from '../secrets.ts';
import { credentialsFor, SILENT, type MomentoAccess } from './credentials.ts';
import { failureOf, KeyRefused } from './errors.ts';
import { rotatingClient } from './rotating-client.ts';

/** The SDK gives a call that makes or removes a cache a minute, which is all that the function has. */
const DEADLINE_MS = 5000;

/** Momento's own words for a limit that time alone lifts, where it says which; all others are taken for the quota. */
const PASSING_LIMIT = /^(Request rate|Bandwidth) limit/;

/** Makes and removes the caches of the Momento account that the super key belongs to. */
export function momentoCacheControl(secrets: Secrets<keyof MomentoAccess>): CacheControl {
  const momento = rotatingClient(secrets, connect);
  return {
    make: (name) =>
      momento.use(async (client) => {
        const answer = await client.createCache(name, inTime());
        if (answer.type !== 'Error') return { made: true };
        if (answer.errorCode() === 'PERMISSION_ERROR') return { made: false, reason: 'not-permitted' };
        if (isQuota(answer)) return atQuota(client, name);
        throw failureOf(answer, 'createCache');
      }),

    remove: (name) =>
      momento.use(async (client) => {
        const answer = await client.deleteCache(name, inTime());
        if (answer.type !== 'Error') return { gone: true };
        const code: string = answer.errorCode();
        if (code === 'PERMISSION_ERROR') return { gone: false, reason: 'not-permitted' };
        if (code === 'CACHE_NOT_FOUND_ERROR' || code === 'NOT_FOUND_ERROR') return { gone: true };
        throw failureOf(answer, 'deleteCache');
      }),
  };
}

function connect(access: MomentoAccess): CacheClient {
  return new CacheClient({
    credentialProvider: acceptable(access),
    configuration: Configurations.Lambda.latest(SILENT),
    defaultTtlSeconds: 60,
  });
}

/** What somebody pasted need not be a key at all: the SDK then throws, and may quote it. @throws KeyRefused */
function acceptable(access: MomentoAccess): ReturnType<typeof credentialsFor> {
  try {
    return credentialsFor(access);
  } catch {
    throw new KeyRefused('Momento: the key is none');
  }
}

function isQuota(answer: CreateCache.Error): boolean {
  return answer.errorCode() === 'LIMIT_EXCEEDED_ERROR' && !PASSING_LIMIT.test(answer.message());
}

/** Whoever is told of the quota wants to know what takes it up; and a cache that is there needs none of it. */
async function atQuota(client: CacheClient, name: string): Promise<CacheMade> {
  const answer = await client.listCaches(inTime());
  const caches = answer.type === 'Success' ? answer.getCaches().map((cache) => cache.getName()) : [];
  return caches.includes(name) ? { made: true } : { made: false, reason: 'quota', caches };
}

function inTime(): { readonly abortSignal: AbortSignal } {
  return { abortSignal: AbortSignal.timeout(DEADLINE_MS) };
}
