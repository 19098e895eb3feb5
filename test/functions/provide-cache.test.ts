import { describe, expect, it } from 'vitest';
import { provideCache } from '../../functions/provide-cache.ts';
import { Outage, Throttled, Unavailable } from '../../shared/errors.ts';
import { CannotProvide } from '../../shared/lambda/custom-resource.ts';
import { KeyRefused } from '../../shared/momento/errors.ts';
import type { CacheControl } from '../../shared/ports.ts';

const PARAMETERS = { key: '/usher/dev/momento-super-key', endpoint: '/usher/dev/momento-endpoint' };
const DEV = { CacheName: 'usher-dev' };

/** A Momento account whose answers can be replaced, and a clock that only waiting moves. */
function world(changes: Partial<CacheControl> = {}, names: readonly string[] = []) {
  const there = new Set(names);
  const warnings: string[] = [];
  let nowMs = 0;
  const caches: CacheControl = {
    make: async (name) => {
      there.add(name);
      return { made: true };
    },
    remove: async (name) => {
      there.delete(name);
      return { gone: true };
    },
    ...changes,
  };
  const cache = provideCache({
    caches,
    parameters: PARAMETERS,
    now: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
    },
    warn: (message) => warnings.push(message),
  });
  return { cache, there, warnings, nowMs: () => nowMs };
}

/** Fails so often, and then does what the account would. */
function failing(error: Error, times: number) {
  let left = times;
  return async () => {
    left -= 1;
    if (left >= 0) throw error;
    return { made: true } as const;
  };
}

async function reasonOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CannotProvide);
  return (error as CannotProvide).message;
}

describe('the cache of a stage', () => {
  it('is made under the name that the stack gives it, which is its id', async () => {
    const { cache, there } = world();
    expect(await cache.make(DEV)).toBe('usher-dev');
    expect([...there]).toEqual(['usher-dev']);
  });

  it('is the same when its creation is repeated', async () => {
    const { cache, there } = world();
    expect(await cache.make(DEV)).toBe(await cache.make(DEV));
    expect([...there]).toEqual(['usher-dev']);
  });

  it('is another when it is renamed, so that CloudFormation removes the one before', async () => {
    const { cache, there } = world({}, ['usher-dev']);
    const id = await cache.make({ CacheName: 'usher-dev-2' });
    expect(id).toBe('usher-dev-2');
    expect([...there]).toEqual(['usher-dev', 'usher-dev-2']);
    await cache.remove('usher-dev');
    expect([...there]).toEqual(['usher-dev-2']);
  });

  it('is removed by its id', async () => {
    const { cache, there } = world({}, ['usher-dev', 'usher-prod']);
    await cache.remove('usher-dev');
    expect([...there]).toEqual(['usher-prod']);
  });

  it('has to have a name', async () => {
    const { cache, there } = world();
    expect(await reasonOf(cache.make({}))).toContain('CacheName');
    expect(await reasonOf(cache.make({ CacheName: 7 }))).toContain('CacheName');
    expect(there.size).toBe(0);
  });
});

describe('the creation of a cache', () => {
  it.each([
    ['Momento does not answer', new Outage('Momento createCache: TIMEOUT_ERROR')],
    ['Momento asks to slow down', new Throttled('Momento createCache: LIMIT_EXCEEDED_ERROR')],
    ['the parameters cannot be read yet', new Unavailable('secrets cannot be fetched')],
  ])('goes on when %s, but not for ever', async (_, error) => {
    const { cache } = world({ make: failing(error, 3) });
    expect(await cache.make(DEV)).toBe('usher-dev');

    const hopeless = world({ make: failing(error, Infinity) });
    const reason = await reasonOf(hopeless.cache.make(DEV));
    expect(reason).toContain(error.message);
    expect(reason).toContain(PARAMETERS.key);
    expect(reason).toContain(PARAMETERS.endpoint);
    expect(hopeless.nowMs()).toBeGreaterThan(15_000);
    expect(hopeless.nowMs()).toBeLessThanOrEqual(20_000);
  });

  it('names the quota, its remedy, and the caches that take it up', async () => {
    const caches = ['usher-pr-7', 'usher-dev', 'another-team'];
    const { cache, nowMs } = world({ make: async () => ({ made: false, reason: 'quota', caches }) });
    expect(await reasonOf(cache.make({ CacheName: 'usher-pr-8' }))).toBe(
      'The Momento account has as many caches as Momento allows (3 by default), so usher-pr-8 cannot be made: ' +
        'delete one that is not needed or ask Momento for more, then try again. ' +
        'It has 3: another-team, usher-dev, usher-pr-7',
    );
    expect(nowMs()).toBe(0);
  });

  it('says at once that the key is refused, or may not make caches, and where it lies', async () => {
    const refused = world({ make: failing(new KeyRefused('Momento createCache: AUTHENTICATION_ERROR'), 99) });
    expect(await reasonOf(refused.cache.make(DEV))).toMatch(
      /refuses the key in \/usher\/dev\/momento-super-key/,
    );
    const lesser = world({ make: async () => ({ made: false, reason: 'not-permitted' }) });
    expect(await reasonOf(lesser.cache.make(DEV))).toMatch(/momento-super-key .* put a super user key there/);
    expect([refused.nowMs(), lesser.nowMs()]).toEqual([0, 0]);
  });

  it('passes on a fault of its own as it is', async () => {
    const fault = new TypeError('x is not a function');
    await expect(world({ make: failing(fault, 1) }).cache.make(DEV)).rejects.toBe(fault);
  });
});

describe('a creation that failed', () => {
  it('has an id of its own, by which what it may have made is removed', async () => {
    const { cache, there } = world({}, ['usher-dev']);
    const id = cache.idOfHalfMade(DEV);
    expect(id).not.toBe('usher-dev');
    await cache.remove(id);
    expect(there.size).toBe(0);
  });

  it.each([
    ['Momento does not answer', async () => Promise.reject(new Outage('Momento deleteCache: TIMEOUT_ERROR'))],
    ['the key is refused', async () => Promise.reject(new KeyRefused('Momento deleteCache'))],
    ['the key may not', async () => ({ gone: false, reason: 'not-permitted' }) as const],
  ])('does not keep the stack from being undone when %s', async (_, remove) => {
    const { cache, warnings, nowMs } = world({ remove });
    await cache.remove(cache.idOfHalfMade(DEV));
    expect(warnings).toEqual(['the cache usher-dev may be left behind']);
    expect(nowMs()).toBe(0);
  });

  it('has nothing to remove when it had no name', async () => {
    const { cache, there, warnings } = world({}, ['usher-dev']);
    await cache.remove(cache.idOfHalfMade({}));
    expect([...there]).toEqual(['usher-dev']);
    expect(warnings).toEqual([]);
  });
});

describe('the removal of a cache', () => {
  it('does not pretend: a cache that may still be there is not removed', async () => {
    const away = world({
      remove: async () => Promise.reject(new Outage('Momento deleteCache: TIMEOUT_ERROR')),
    });
    expect(await reasonOf(away.cache.remove('usher-dev'))).toContain('deleteCache');
    const lesser = world({ remove: async () => ({ gone: false, reason: 'not-permitted' }) });
    expect(await reasonOf(lesser.cache.remove('usher-dev'))).toContain('super user key');
  });
});
