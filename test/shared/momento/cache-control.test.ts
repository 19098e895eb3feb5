import { describe, expect, it } from 'vitest';
import type { MomentoOptions } from '../../../local/momento/server.ts';
import { Outage, Throttled } from '../../../shared/errors.ts';
import { momentoCacheControl } from '../../../shared/momento/cache-control.ts';
import { KeyRefused } from '../../../shared/momento/errors.ts';
import { accessTo, CACHE, cacheClient, momentoForTest } from '../../support/momento.ts';
import { fakeSecrets } from '../../support/secrets.ts';

/** An account with the cache `usher-test` in it. */
async function account(options: MomentoOptions = {}) {
  const momento = await momentoForTest(options);
  const secrets = accessTo(momento, 'super');
  const client = cacheClient(momento, momento.mintKey('super'));
  const names = async () => {
    const answer = await client.listCaches();
    return answer.type === 'Success' ? answer.getCaches().map((cache) => cache.getName()) : answer.type;
  };
  return { momento, secrets, caches: momentoCacheControl(secrets), names };
}

describe('a cache', () => {
  it('is made, and being there already is as good as made', async () => {
    const { caches, names } = await account();
    expect(await caches.make('usher-dev')).toEqual({ made: true });
    expect(await caches.make('usher-dev')).toEqual({ made: true });
    expect(await names()).toEqual([CACHE, 'usher-dev']);
  });

  it('that is there keeps what is in it when it is made again', async () => {
    const { caches, momento } = await account();
    const client = cacheClient(momento, momento.mintKey('data'));
    await client.set(CACHE, 'ada', 'of ada');
    await caches.make(CACHE);
    expect((await client.get(CACHE, 'ada')).value()).toBe('of ada');
  });

  it('is removed, and having never been is as good as removed', async () => {
    const { caches, names } = await account();
    expect(await caches.remove(CACHE)).toEqual({ gone: true });
    expect(await caches.remove(CACHE)).toEqual({ gone: true });
    expect(await names()).toEqual([]);
  });

  it('over the account’s quota is not made, and the answer names those that take it up', async () => {
    const { caches, momento } = await account({ limits: { caches: 2 } });
    momento.createCache('other');
    expect(await caches.make('usher-dev')).toEqual({
      made: false,
      reason: 'quota',
      caches: [CACHE, 'other'],
    });
    expect(await caches.make('other')).toEqual({ made: true });
  });

  it('that Momento counts although it is there is as good as made', async () => {
    const { caches, momento } = await account();
    momento.fail({ rpc: 'CreateCache', code: 'RESOURCE_EXHAUSTED', message: 'full' });
    expect(await caches.make(CACHE)).toEqual({ made: true });
  });

  it('is not refused for good when Momento only asks to slow down', async () => {
    const { caches, momento } = await account();
    momento.fail({
      rpc: 'CreateCache',
      code: 'RESOURCE_EXHAUSTED',
      message: 'too many operations per second',
    });
    await expect(caches.make('usher-dev')).rejects.toBeInstanceOf(Throttled);
    expect(await caches.make('usher-dev')).toEqual({ made: true });
  });

  it('is neither made nor removed by the key that reads and writes', async () => {
    const { momento, names } = await account();
    const caches = momentoCacheControl(accessTo(momento, 'data'));
    expect(await caches.make('usher-dev')).toEqual({ made: false, reason: 'not-permitted' });
    expect(await caches.remove(CACHE)).toEqual({ gone: false, reason: 'not-permitted' });
    expect(await names()).toEqual([CACHE]);
  });

  it('is made with a key that was rotated since it was fetched', async () => {
    const { caches, momento, secrets, names } = await account();
    const { key, endpoint } = await secrets.get();
    secrets.rotate({ key: momento.mintKey('super'), endpoint });
    momento.revokeKey(key);
    expect(await caches.make('usher-dev')).toEqual({ made: true });
    expect(await names()).toContain('usher-dev');
  });

  it('whose creation was not answered is there when it is asked for again', async () => {
    const { caches, momento, names } = await account({ limits: { caches: 2 } });
    momento.fail({ rpc: 'CreateCache', code: 'UNAVAILABLE', takesEffect: true });
    await expect(caches.make('usher-dev')).rejects.toBeInstanceOf(Outage);
    expect(await names()).toEqual([CACHE, 'usher-dev']);
    expect(await caches.make('usher-dev')).toEqual({ made: true });
  });

  it('waits for the key: one that is refused, and one that is none, are said to be so and are not quoted', async () => {
    const { momento } = await account();
    const revoked = accessTo(momento, 'super');
    momento.revokeKey((await revoked.get()).key);
    const none = fakeSecrets({ key: 'pasted-by-mistake', endpoint: 'cell.example' });
    for (const secrets of [revoked, none]) {
      const error: unknown = await momentoCacheControl(secrets)
        .make('usher-dev')
        .catch((reason) => reason);
      expect(error).toBeInstanceOf(KeyRefused);
      expect(String(error)).not.toContain((await secrets.get()).key);
    }
  });

  it('waits for Momento: nothing is known of it while nobody answers', async () => {
    const { caches, momento } = await account();
    momento.block();
    await expect(caches.make('usher-dev')).rejects.toBeInstanceOf(Outage);
    await expect(caches.remove('usher-dev')).rejects.toBeInstanceOf(Outage);
    momento.unblock();
  });
});
