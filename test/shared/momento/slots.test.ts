import { inspect } from 'node:util';
import { CacheGet, CacheGetBatch, UnknownError, type CacheClient } from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { loadCatalog } from '../../../shared/catalog.ts';
import { firstSnapshot } from '../../../shared/domain/snapshots.ts';
import { Throttled, Unavailable } from '../../../shared/errors.ts';
import { momentoCache, type MomentoCache } from '../../../shared/momento/cache-client.ts';
import { momentoSlots } from '../../../shared/momento/slots.ts';
import { momentoSnapshotCache } from '../../../shared/momento/snapshot-cache.ts';
import type { MomentoStandIn } from '../../../local/momento/server.ts';
import { accessTo, CACHE, cacheClient, momentoForTest } from '../../support/momento.ts';
import { fakeSecrets } from '../../support/secrets.ts';
import { silentServer } from '../../support/silent-server.ts';
import { fakeClock } from '../../support/world.ts';

const snapshot = firstSnapshot('ada', loadCatalog(), Date.parse('2026-11-22T10:00:00.000Z'));
const LEASE = { leaseSeconds: 40 };
const empty = Array.from({ length: 16 }, () => undefined);

async function world(momento?: MomentoStandIn) {
  const server = momento ?? (await momentoForTest());
  const secrets = accessTo(server);
  const now = fakeClock();
  const cache = momentoCache(secrets, now);
  return {
    momento: server,
    secrets,
    /** A connection that was just made is not replaced; this makes it an old one. */
    grow: () => now.advance(60_000),
    slots: momentoSlots(cache, CACHE, LEASE),
    snapshots: momentoSnapshotCache(cache, CACHE),
    anybody: cacheClient(server, server.mintKey('data')),
  };
}

describe('an account’s slots', () => {
  it('are sixteen, and empty at first', async () => {
    const { slots } = await world();
    expect(await slots.read('ada')).toEqual({ snapshot: undefined, slots: empty });
  });

  it('are read in one call with the snapshot, each text at its number', async () => {
    const { slots, snapshots, momento } = await world();
    await snapshots.replace(snapshot, undefined, 60);
    await slots.replace('ada', 1, undefined, 'first');
    await slots.replace('ada', 16, undefined, 'last');
    const before = momento.countCalls();
    expect(await slots.read('ada')).toEqual({
      snapshot,
      slots: ['first', ...empty.slice(2), 'last'],
    });
    expect(momento.countCalls() - before).toBe(1);
    expect(momento.countCalls('GetBatch')).toBe(1);
  });

  it('lie under the account’s id and their number, apart from another account’s', async () => {
    const { slots, anybody } = await world();
    await slots.replace('ada', 7, undefined, 'of ada');
    expect((await anybody.get(CACHE, 'ada:slot:7')).value()).toBe('of ada');
    expect((await slots.read('bob')).slots).toEqual(empty);
  });

  it('are never read as they were before the last write', async () => {
    const { slots, momento } = await world();
    momento.serveStaleReads(true);
    await slots.replace('ada', 1, undefined, 'first');
    await slots.replace('ada', 1, 'first', 'second');
    expect((await slots.read('ada')).slots[0]).toBe('second');
  });

  it('come without a snapshot where what is cached is none, or another account’s', async () => {
    const { slots, anybody } = await world();
    for (const text of ['{', 'null', '{"version":1}', JSON.stringify({ ...snapshot, accountId: 'bob' })]) {
      await anybody.set(CACHE, 'ada', text);
      expect((await slots.read('ada')).snapshot).toBeUndefined();
    }
  });

  it('are gone five seconds after the lease, and not before; each write begins it anew', async () => {
    let nowMs = Date.parse('2026-11-22T10:00:00.000Z');
    const { slots } = await world(await momentoForTest({ now: () => nowMs }));
    await slots.replace('ada', 1, undefined, 'first');
    nowMs += 44_999;
    expect(await slots.replace('ada', 1, 'first', 'first')).toBe(true);
    nowMs += 44_999;
    expect((await slots.read('ada')).slots[0]).toBe('first');
    nowMs += 1;
    expect((await slots.read('ada')).slots[0]).toBeUndefined();
  });
});

describe('a slot is taken', () => {
  it('where nothing was seen, only if nothing is there', async () => {
    const { slots } = await world();
    expect(await slots.replace('ada', 1, undefined, 'mine')).toBe(true);
    expect(await slots.replace('ada', 1, undefined, 'yours')).toBe(false);
    expect((await slots.read('ada')).slots[0]).toBe('mine');
  });

  it('where something was seen, only if it is still there', async () => {
    const { slots } = await world();
    expect(await slots.replace('ada', 1, 'gone', 'mine')).toBe(false);
    await slots.replace('ada', 1, undefined, 'first');
    expect(await slots.replace('ada', 1, 'another', 'mine')).toBe(false);
    expect(await slots.replace('ada', 1, 'first', 'mine')).toBe(true);
    expect((await slots.read('ada')).slots[0]).toBe('mine');
  });

  it('by exactly one of many who come at once', async () => {
    const { slots } = await world();
    const texts = Array.from({ length: 50 }, (_, n) => `player ${n}`);
    const taken = await Promise.all(texts.map((text) => slots.replace('ada', 1, undefined, text)));
    expect(taken.filter(Boolean)).toHaveLength(1);
    expect((await slots.read('ada')).slots[0]).toBe(texts[taken.indexOf(true)]);
  });

  it('with conditions alone: no write that could hit what somebody else put there', async () => {
    const { slots, momento } = await world();
    await slots.replace('ada', 1, undefined, 'first');
    await slots.replace('ada', 1, 'first', 'second');
    expect(momento.calls.map(({ rpc }) => rpc)).toEqual(['SetIf', 'SetIf']);
  });
});

describe('an answer that is lost', () => {
  it.each(['UNAVAILABLE', 'DEADLINE_EXCEEDED'] as const)(
    'after the write took effect makes the second try say false, and reading finds one’s own text (%s)',
    async (code) => {
      const { slots, momento, grow } = await world();
      await slots.replace('ada', 1, undefined, 'first');
      grow();
      momento.fail({ rpc: 'SetIf', code, takesEffect: true });
      expect(await slots.replace('ada', 1, 'first', 'second')).toBe(false);
      expect((await slots.read('ada')).slots[0]).toBe('second');
    },
  );

  it('before the write took effect does no harm: the second try takes the slot', async () => {
    const { slots, momento, grow } = await world();
    await slots.replace('ada', 1, undefined, 'first');
    grow();
    momento.fail({ rpc: 'SetIf', code: 'UNAVAILABLE' });
    expect(await slots.replace('ada', 1, 'first', 'second')).toBe(true);
    expect((await slots.read('ada')).slots[0]).toBe('second');
  });

  it('does not let the second try take the slot from who came in between', async () => {
    const { slots, momento, anybody } = await world();
    await slots.replace('ada', 1, undefined, 'first');
    momento.fail({ rpc: 'SetIf', code: 'UNAVAILABLE', takesEffect: true });
    const mine = slots.replace('ada', 1, 'first', 'mine').catch((reason: unknown) => reason);
    expect(await mine).toBeInstanceOf(Unavailable); // on a connection this young there is no second try
    await anybody.setIfEqual(CACHE, 'ada:slot:1', 'theirs', 'mine');
    expect(await slots.replace('ada', 1, 'first', 'mine')).toBe(false);
    expect((await slots.read('ada')).slots[0]).toBe('theirs');
  });
});

describe('Momento', () => {
  it.each(['GetBatch', 'SetIf'] as const)('whose quota is used up is no outage (%s)', async (rpc) => {
    const { slots, momento } = await world();
    momento.fail({ rpc, code: 'RESOURCE_EXHAUSTED' });
    const failure = slots[rpc === 'GetBatch' ? 'read' : 'replace']('ada', 1, undefined, 'mine');
    await expect(failure).rejects.toBeInstanceOf(Throttled);
    expect(momento.countCalls(rpc)).toBe(1);
  });

  it.each(['UNAVAILABLE', 'INTERNAL', 'NOT_FOUND', 'PERMISSION_DENIED', 'FAILED_PRECONDITION'] as const)(
    'that answers a read with %s is unavailable, never an account without sessions',
    async (code) => {
      const { slots, momento, secrets } = await world();
      momento.fail({ rpc: 'GetBatch', code, times: 9 });
      const failure: unknown = await slots.read('ada').catch((reason: unknown) => reason);
      expect(failure).toBeInstanceOf(Unavailable);
      expect(failure).not.toBeInstanceOf(Throttled);
      expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain((await secrets.get()).key);
    },
  );

  it.each([
    ['fails on one of the keys', [...misses(16), new CacheGet.Error(new UnknownError('no'))]],
    ['answers for fewer keys than were asked for', misses(16)],
  ] as const)('that %s is unavailable, whatever the others hold', async (_, results) => {
    const getBatch = async () => new CacheGetBatch.Success([...results], []);
    const cache = { use: (operation) => operation({ getBatch } as unknown as CacheClient) } as MomentoCache;
    await expect(momentoSlots(cache, CACHE, LEASE).read('ada')).rejects.toBeInstanceOf(Unavailable);
  });

  it('whose key was rotated is read and written with the new one, without a failed request', async () => {
    const { slots, momento, secrets } = await world();
    const { key: old } = await secrets.get();
    await slots.replace('ada', 1, undefined, 'first');
    secrets.rotate({ key: momento.mintKey('data'), endpoint: momento.url });
    momento.revokeKey(old);
    expect((await slots.read('ada')).slots[0]).toBe('first');
    expect(await slots.replace('ada', 1, 'first', 'second')).toBe(true);
    expect(secrets.refreshes()).toBe(1);
  });

  it('that takes connections and says nothing is unavailable after a moment', async () => {
    const { url: endpoint } = await silentServer();
    const slots = momentoSlots(momentoCache(fakeSecrets({ key: 'a.b.c', endpoint })), CACHE, LEASE);
    const asked = [slots.read('ada'), slots.replace('ada', 1, undefined, 'mine')];
    for (const answer of await Promise.allSettled(asked)) {
      expect(answer).toMatchObject({ status: 'rejected', reason: expect.any(Unavailable) });
    }
  });
});

function misses(count: number): readonly CacheGet.Response[] {
  return Array.from({ length: count }, () => new CacheGet.Miss());
}
