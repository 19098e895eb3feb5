import { invalid, noSuchCache, overLimit, Refusal } from './status.ts';
import { createCache, type Cache } from './store.ts';

/** The caches of the account, by name. */
export interface Caches {
  /** @throws Refusal NOT_FOUND */
  open(name: string): Cache;
  /** @throws Refusal ALREADY_EXISTS, INVALID_ARGUMENT for a bad name, RESOURCE_EXHAUSTED over the count limit */
  create(name: string): void;
  /** @throws Refusal NOT_FOUND */
  remove(name: string): void;
  has(name: string): boolean;
  names(): readonly string[];
}

// Momento documents a "URL-safe string"; this is the part of it that needs no escaping.
const CACHE_NAME = /^[A-Za-z0-9._-]{1,255}$/;

/** @param limit how many caches the account may have; undefined = any number */
export function createCaches(
  store: Parameters<typeof createCache>[0],
  { limit }: { readonly limit: number | undefined },
): Caches {
  const caches = new Map<string, Cache>();
  return {
    open(name) {
      const cache = caches.get(name);
      if (cache === undefined) throw noSuchCache();
      return cache;
    },
    create(name) {
      if (!CACHE_NAME.test(name))
        throw invalid('A cache name is 1 to 255 letters, digits, dots, dashes, underscores');
      if (caches.has(name))
        throw new Refusal('ALREADY_EXISTS', 'A cache with the specified name already exists.');
      if (limit !== undefined && caches.size >= limit) {
        throw overLimit('cache_count_limit_exceeded', `The limit of ${limit} caches is reached`);
      }
      caches.set(name, createCache(store));
    },
    remove(name) {
      if (!caches.delete(name)) throw noSuchCache();
    },
    has: (name) => caches.has(name),
    names: () => [...caches.keys()],
  };
}
