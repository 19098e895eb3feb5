import { describe, expect, test } from 'vitest';
import { startSession } from '../../../shared/concurrency/start-session.ts';
import { textOfSession } from '../../../shared/domain/sessions.ts';
import { Contended, Outage, Throttled, Unavailable } from '../../../shared/errors.ts';
import { entitlement } from '../../support/catalogs.ts';
import {
  announced,
  beats,
  catalog,
  devicesIn,
  LEASE_MS,
  play,
  request,
  sessionsWorld,
  started,
} from './world.ts';

describe('a start', () => {
  test('takes the first free slot, and its lease ends five seconds before the slot', async () => {
    const world = sessionsWorld();
    const grant = await started(world, 'tv');
    expect(grant).toMatchObject({
      accountId: 'ada',
      slot: 1,
      expiresAtMs: world.now() + LEASE_MS,
      recheckAtMs: world.now() + 300_000,
      degradedUntilMs: null,
      session: { deviceId: 'tv', startedAt: '2026-11-22T10:00:00.000Z', instead: null },
    });
    expect(world.slots.texts()[0]).toBe(textOfSession(grant.session));
    expect(world.slots.endsAtMs(1)).toBe(grant.expiresAtMs + 5000);
  });

  test('asks the cache three times: who stands there, the step into the slot, and who stands there then', async () => {
    const world = sessionsWorld();
    await started(world, 'tv');
    expect(world.slots.calls).toEqual(['read', 'replace', 'read']);
  });

  test('is refused when every stream is taken, and hears whose', async () => {
    const world = sessionsWorld({ limit: 2 });
    const [tv, tablet] = await play(world, 'tv', 'tablet');
    expect(await startSession(world, 'ada', request('phone'))).toEqual({
      admitted: false,
      reason: 'too-many-streams',
      conflicts: [tv!.session, tablet!.session],
    });
    expect(await beats(world, tv!, tablet!)).toEqual(['alive', 'alive']);
  });

  test('takes the place of the one that it names, which is told and stays ended', async () => {
    const world = sessionsWorld({ limit: 1 });
    const [tv] = await play(world, 'tv');
    const phone = await started(world, 'phone', { terminate: tv!.session.sessionId });
    expect(devicesIn(world)).toEqual(['phone']);
    expect(announced(world)).toEqual([['tv', 'terminated']]);
    expect(world.told[0]?.data.by).toBe('phone');
    expect(await beats(world, tv!, phone)).toEqual(['terminated', 'alive']);
  });

  test('takes the place of the oldest where that is the policy', async () => {
    const world = sessionsWorld({ limit: 2, whenFull: 'end-oldest' });
    const [tv, tablet] = await play(world, 'tv', 'tablet');
    await started(world, 'phone');
    expect(announced(world)).toEqual([['tv', 'terminated']]);
    expect(await beats(world, tv!, tablet!)).toEqual(['terminated', 'alive']);
  });

  test('of the same player on the same device takes its own place, full as the account may be', async () => {
    const world = sessionsWorld({ limit: 1 });
    const [before] = await play(world, 'tv');
    const after = await started(world, 'tv');
    expect(await beats(world, before!, after)).toEqual(['superseded', 'alive']);
    expect(devicesIn(world)).toEqual(['tv']);
    expect(announced(world)).toEqual([['tv', 'superseded']]);
  });

  test('in a second tab is a second stream', async () => {
    const world = sessionsWorld({ limit: 1 });
    await play(world, 'tv');
    expect(await startSession(world, 'ada', request('tv', { playerId: 'tab-2' }))).toMatchObject({
      reason: 'too-many-streams',
    });
  });

  test('of what is not counted takes no slot, even when all are taken', async () => {
    const world = sessionsWorld({ limit: 1 });
    await play(world, 'tv');
    expect(await started(world, 'phone', { contentId: 'news' })).toMatchObject({ slot: null });
    expect(devicesIn(world)).toEqual(['tv']);
  });

  test.each(['news', 'harbour'])(
    'of %s is refused to an account that may not watch it',
    async (contentId) => {
      const world = sessionsWorld();
      world.holds(entitlement({ maxStreams: 2, grants: [] }));
      expect(await startSession(world, 'ada', request('tv', { contentId }))).toEqual({
        admitted: false,
        reason: 'not-entitled',
        refusal: 'not-held',
      });
      expect(devicesIn(world)).toEqual([]);
    },
  );

  test('goes by the table when the cache holds no snapshot', async () => {
    const world = sessionsWorld({ limit: 1 });
    world.slots.flush();
    await play(world, 'tv');
    expect(await startSession(world, 'ada', request('phone'))).toMatchObject({ reason: 'too-many-streams' });
  });

  test('is to look again when time alone changes what it may watch, and after five minutes in any case', async () => {
    const world = sessionsWorld();
    expect((await started(world, 'tv')).recheckAtMs).toBe(world.now() + 300_000);
    const ends = '2026-11-22T10:02:00.000Z';
    world.holds(entitlement({ maxStreams: 2, heldUntil: ends }));
    expect((await started(world, 'tv')).recheckAtMs).toBe(Date.parse(ends));
    const until = '2026-11-22T10:01:00.000Z';
    const contents = catalog.contents.map((content) => ({ ...content, until }));
    const ending = { ...world, catalog: { ...catalog, contents } };
    expect((await started(ending, 'tv')).recheckAtMs).toBe(Date.parse(until));
  });

  test('goes by the table when the cached answer is one of an older catalogue', async () => {
    const world = sessionsWorld({ limit: 1 });
    await play(world, 'tv');
    const newer = { ...world, catalog: { ...catalog, catalogVersion: '2027-01-01.1' } };
    const table = async () => ({ ...world.limitTo(2), catalogVersion: '2027-01-01.1' });
    expect(await startSession({ ...newer, snapshotOf: table }, 'ada', request('phone'))).toMatchObject({
      admitted: true,
    });
  });

  test('that was held up does not put out the one that its player has made since', async () => {
    const world = sessionsWorld();
    const read = Promise.withResolvers<void>();
    let held = true;
    const slots = {
      ...world.slots,
      read: async (accountId: string) => {
        if (held) await read.promise;
        return world.slots.read(accountId);
      },
    };
    const early = startSession({ ...world, slots }, 'ada', request('tv'));
    world.now.advance(5000);
    const later = await started(world, 'tv');
    held = false;
    read.resolve();
    expect(await early).toMatchObject({ admitted: false, reason: 'too-many-streams' });
    expect(await beats(world, later)).toEqual(['alive']);
    expect(world.told).toEqual([]);
  });

  test('takes a second answer that is lost for an outage, not for others who are faster', async () => {
    const world = sessionsWorld();
    world.slots.next(['lost', 'lost'], 'replace');
    await expect(startSession(world, 'ada', request('tv'))).rejects.toThrow(Outage);
    world.slots.next(['lost'], 'replace');
    expect(await startSession(world, 'ada', request('tv'))).toMatchObject({ admitted: true });
  });
});

describe('while a start is under way', () => {
  test('a lowered limit makes it step out again, and nobody has heard of it', async () => {
    const world = sessionsWorld({ limit: 2 });
    await play(world, 'tv');
    const slots: typeof world.slots = {
      ...world.slots,
      replace: async (...write) => {
        const stored = await world.slots.replace(...write);
        if (slots.calls.length < 6) world.limitTo(1);
        return stored;
      },
    };
    expect(await startSession({ ...world, slots }, 'ada', request('phone'))).toMatchObject({
      reason: 'too-many-streams',
    });
    expect(devicesIn(world)).toEqual(['tv', '†phone']);
    expect(announced(world)).toEqual([]);
  });

  test('a lost answer is looked up: the slot is its own', async () => {
    const world = sessionsWorld({ limit: 1 });
    const [tv] = await play(world, 'tv');
    world.slots.next(['unanswered'], 'replace');
    const phone = await started(world, 'phone', { terminate: tv!.session.sessionId });
    expect(devicesIn(world)).toEqual(['phone']);
    expect(announced(world)).toEqual([['tv', 'terminated']]);
    expect(await beats(world, phone)).toEqual(['alive']);
  });

  test('an operation that is repeated is no other’s', async () => {
    const world = sessionsWorld({ limit: 1 });
    world.slots.next(['repeated'], 'replace');
    const phone = await started(world, 'phone');
    expect(await beats(world, phone)).toEqual(['alive']);
  });

  test('an attempt that comes to stand late is nobody’s, and gone after a slot’s time', async () => {
    const world = sessionsWorld({ limit: 2 });
    world.slots.next(['late'], 'replace');
    const grant = await started(world, 'tv');
    world.slots.land();
    expect(devicesIn(world)).toEqual(['tv']);
    expect(await beats(world, grant)).toEqual(['alive']);
  });

  test('an attempt that was put out before it was seen is no more than an attempt', async () => {
    const world = sessionsWorld({ limit: 1 });
    world.slots.next(['unanswered'], 'replace');
    let ended: string | undefined;
    const slots: typeof world.slots = {
      ...world.slots,
      read: async (accountId) => {
        const standing = world.slots.texts()[0];
        if (ended === undefined && standing !== undefined) {
          // Between the lost answer and the look, somebody takes its place and leaves again.
          ended = (JSON.parse(standing) as { sessionId: string }).sessionId;
          const { session } = await started(world, 'tablet', { terminate: ended });
          await world.slots.replace('ada', 1, textOfSession(session), '{"ended":{}}');
        }
        return world.slots.read(accountId);
      },
    };
    const phone = await started({ ...world, slots }, 'phone');
    expect(phone.session.sessionId).not.toBe(ended);
    expect(await beats(world, phone)).toEqual(['alive']);
  });

  test('a newer start of the same player wins, whichever came first into a slot', async () => {
    const world = sessionsWorld({ limit: 2 });
    let newer: Promise<unknown> | undefined;
    const slots: typeof world.slots = {
      ...world.slots,
      read: async (accountId) => {
        const found = await world.slots.read(accountId);
        if (!newer) {
          world.now.advance(10);
          newer = Promise.resolve(started(world, 'tv'));
          await newer;
          await world.slots.replace('ada', 2, undefined, 'noise');
        }
        return found;
      },
    };
    const older = await started({ ...world, slots }, 'tv');
    expect(await beats(world, older)).toEqual(['alive']);
    expect(devicesIn(world).filter((device) => device === 'tv')).toHaveLength(1);
  });

  test('others who are always faster make it give up', async () => {
    const world = sessionsWorld({ limit: 1, whenFull: 'end-oldest' });
    await play(world, 'tv');
    const slots = {
      ...world.slots,
      replace: async () => {
        await started(world, 'tablet');
        return false;
      },
    };
    await expect(startSession({ ...world, slots }, 'ada', request('phone'))).rejects.toThrow(Contended);
  });

  test('an outage is Unavailable, and a used-up quota Throttled', async () => {
    const world = sessionsWorld();
    world.slots.next(['lost']);
    await expect(startSession(world, 'ada', request('tv'))).rejects.toThrow(Unavailable);
    world.slots.next(['throttled'], 'replace');
    await expect(startSession(world, 'ada', request('tv'))).rejects.toThrow(Throttled);
  });

  test('a topic that does not answer changes nothing about the start', async () => {
    const world = sessionsWorld({ limit: 1 });
    await play(world, 'tv');
    const topic = { publish: () => Promise.reject(new Unavailable('down')) };
    expect(await startSession({ ...world, topic }, 'ada', request('tv'))).toMatchObject({ admitted: true });
    expect(world.warned).toEqual(['end of a session not announced']);
  });
});

test('sixteen devices that start in step all get in when there is room for them', async () => {
  const world = sessionsWorld({ limit: 16 });
  const names = Array.from({ length: 16 }, (_, index) => `device-${index}`);
  const outcomes = await Promise.all(names.map((name) => startSession(world, 'ada', request(name))));
  expect(outcomes.every(({ admitted }) => admitted)).toBe(true);
  expect(devicesIn(world).toSorted()).toEqual(names.toSorted());
});

test('a revoked session is told again by whoever overwrites its tombstone', async () => {
  const world = sessionsWorld({ limit: 1 });
  await play(world, 'tv');
  const standing = world.slots.texts()[0]!;
  const { sessionId, nonce } = JSON.parse(standing) as { sessionId: string; nonce: string };
  const ended = { sessionId, reason: 'revoked' };
  await world.slots.replace(
    'ada',
    1,
    standing,
    JSON.stringify({ ended, deviceId: 'tv', nonce, instead: null }),
  );
  await started(world, 'phone');
  expect(announced(world)).toEqual([['tv', 'revoked']]);
});
