import { describe, expect, test } from 'vitest';
import { beatWhateverAnswers, startWhateverAnswers } from '../../../shared/concurrency/outage.ts';
import { Contended, Outage, Throttled, Unavailable } from '../../../shared/errors.ts';
import type { DegradedEntry, DegradedSessions, SessionGrant } from '../../../shared/ports.ts';
import { entitlement } from '../../support/catalogs.ts';
import { beats, devicesIn, LEASE_MS, play, request, sessionsWorld } from './world.ts';

const TEN_MINUTES_MS = 600_000;

/** One item of the table. */
function degradedSessions(): DegradedSessions & { readonly entries: () => readonly DegradedEntry[] } {
  let stored: readonly DegradedEntry[] = [];
  let revision = 0;
  return {
    entries: () => stored,
    read: async () => ({ entries: stored, revision }),
    write: async (_, entries, seen) => {
      if (seen !== revision) return false;
      stored = entries;
      revision += 1;
      return true;
    },
  };
}

function outageWorld(limit: number) {
  const world = { ...sessionsWorld({ limit }), degraded: degradedSessions() };
  const start = (deviceId: string, changes = {}) =>
    startWhateverAnswers(world, 'ada', request(deviceId, changes));
  const admitted = async (deviceId: string, changes = {}): Promise<SessionGrant> => {
    const outcome = await start(deviceId, changes);
    if (!outcome.admitted) throw new Error(`${deviceId}: ${outcome.reason}`);
    return outcome.grant;
  };
  return { world, start, admitted };
}

async function playOn(
  world: ReturnType<typeof outageWorld>['world'],
  grant: SessionGrant,
  forMs: number,
): Promise<SessionGrant | string> {
  let current = grant;
  for (let passed = 0; passed < forMs; passed += 15_000) {
    world.now.advance(15_000);
    const beaten = await beatWhateverAnswers(world, current);
    if (!beaten.alive) return beaten.reason;
    current = beaten.grant;
  }
  return current;
}

describe('while Momento does not answer, a start', () => {
  test('is admitted by the table, and says that it is degraded', async () => {
    const { world, admitted } = outageWorld(2);
    world.slots.setOutage(true);
    expect(await admitted('tv')).toMatchObject({
      slot: null,
      expiresAtMs: world.now() + LEASE_MS,
      degradedUntilMs: world.now() + TEN_MINUTES_MS,
    });
  });

  test('is refused when the table has admitted as many as the limit', async () => {
    const { world, start, admitted } = outageWorld(2);
    world.slots.setOutage(true);
    const grants = [await admitted('tv'), await admitted('tablet')];
    expect(await start('phone')).toEqual({
      admitted: false,
      reason: 'too-many-streams',
      conflicts: grants.map(({ session }) => session),
    });
  });

  test('never brings an account above twice its limit, however many start at once', async () => {
    const { world, start } = outageWorld(3);
    await play(world, 'a', 'b', 'c');
    world.slots.setOutage(true);
    const names = Array.from({ length: 10 }, (_, index) => `device-${index}`);
    const outcomes = await Promise.all(names.map((name) => start(name)));
    expect(outcomes.filter(({ admitted }) => admitted)).toHaveLength(3);
    expect(world.degraded.entries()).toHaveLength(3);
  });

  test('of the same player takes its own entry', async () => {
    const { world, start, admitted } = outageWorld(1);
    world.slots.setOutage(true);
    const first = await admitted('tv');
    const again = await admitted('tv');
    expect(world.degraded.entries().map(({ session }) => session)).toEqual([again.session]);
    expect(await beatWhateverAnswers(world, first)).toEqual({ alive: false, reason: 'superseded' });
    expect(await beatWhateverAnswers(world, again)).toMatchObject({ alive: true });
    expect(await start('tv', { playerId: 'tab-2' })).toMatchObject({ reason: 'too-many-streams' });
  });

  test('may end one that the table has admitted, and no other', async () => {
    const { world, start, admitted } = outageWorld(1);
    const [before] = await play(world, 'before');
    world.slots.setOutage(true);
    const tv = await admitted('tv');
    await expect(start('phone', { terminate: before!.session.sessionId })).rejects.toThrow(Outage);
    expect(await start('phone', { terminate: tv.session.sessionId })).toMatchObject({ admitted: true });
    expect(world.degraded.entries().map(({ session }) => session.deviceId)).toEqual(['phone']);
    expect(await beatWhateverAnswers(world, tv)).toEqual({ alive: false, reason: 'terminated' });
  });

  test('finds an entry free again after ten minutes', async () => {
    const { world, start } = outageWorld(1);
    world.slots.setOutage(true);
    await start('tv');
    world.now.advance(TEN_MINUTES_MS - 1);
    expect(await start('phone')).toMatchObject({ admitted: false });
    world.now.advance(1);
    expect(await start('phone')).toMatchObject({ admitted: true });
    expect(world.degraded.entries()).toHaveLength(1);
  });

  test('is refused what the account may not watch, and needs no entry for what is not counted', async () => {
    const { world, start } = outageWorld(1);
    world.slots.setOutage(true);
    expect(await start('tv', { contentId: 'news' })).toMatchObject({ admitted: true });
    expect(world.degraded.entries()).toEqual([]);
    world.holds(entitlement({ maxStreams: 1, grants: [] }));
    expect(await start('tv')).toMatchObject({ reason: 'not-entitled', refusal: 'not-held' });
  });

  test('fails when the table does not answer either', async () => {
    const { world } = outageWorld(1);
    world.slots.setOutage(true);
    const read = () => Promise.reject(new Unavailable('table'));
    const degraded = { ...world.degraded, read };
    await expect(startWhateverAnswers({ ...world, degraded }, 'ada', request('tv'))).rejects.toThrow('table');
  });

  test('gives up when others always write first', async () => {
    const { world } = outageWorld(1);
    world.slots.setOutage(true);
    const degraded = { ...world.degraded, write: async () => false };
    await expect(startWhateverAnswers({ ...world, degraded }, 'ada', request('tv'))).rejects.toThrow(
      Contended,
    );
  });
});

describe('while Momento does not answer, a session', () => {
  test('plays on by its token alone, and is renewed as usual afterwards', async () => {
    const { world } = outageWorld(1);
    const [tv] = await play(world, 'tv');
    world.slots.setOutage(true);
    const later = (await playOn(world, tv!, 30_000)) as SessionGrant;
    expect(later).toMatchObject({ slot: 1, degradedUntilMs: expect.any(Number) as number });
    expect(later.expiresAtMs).toBe(world.now() + LEASE_MS);
    world.slots.setOutage(false);
    expect(await beatWhateverAnswers(world, later)).toMatchObject({
      alive: true,
      grant: { slot: 1, degradedUntilMs: null },
    });
  });

  test('is over ten minutes after it first met the outage, and not before', async () => {
    const { world } = outageWorld(1);
    const [tv] = await play(world, 'tv');
    world.slots.setOutage(true);
    const last = await playOn(world, tv!, TEN_MINUTES_MS);
    expect(last).toMatchObject({ expiresAtMs: world.now() + 15_000 });
    expect(await playOn(world, last as SessionGrant, 15_000)).toBe('expired');
  });

  test('that was admitted in it is over ten minutes after its start', async () => {
    const { world, admitted } = outageWorld(1);
    world.slots.setOutage(true);
    const grant = await admitted('tv');
    const last = (await playOn(world, grant, TEN_MINUTES_MS - 15_000)) as SessionGrant;
    expect(last.expiresAtMs).toBe(grant.degradedUntilMs);
    expect(await playOn(world, last, 15_000)).toBe('expired');
  });

  test('that has expired does not come back by it', async () => {
    const { world } = outageWorld(1);
    const [tv] = await play(world, 'tv');
    world.slots.setOutage(true);
    world.now.advance(LEASE_MS);
    expect(await beatWhateverAnswers(world, tv!)).toEqual({ alive: false, reason: 'expired' });
  });
});

test('whom the table has admitted and ended does not come back when Momento does', async () => {
  const { world, start, admitted } = outageWorld(1);
  world.slots.setOutage(true);
  const tv = await admitted('tv');
  const phone = await start('phone', { terminate: tv.session.sessionId });
  world.slots.setOutage(false);
  expect(await beatWhateverAnswers(world, tv)).toEqual({ alive: false, reason: 'terminated' });
  expect(phone.admitted && (await beatWhateverAnswers(world, phone.grant))).toMatchObject({ alive: true });
});

test('a session that the table has admitted goes on while the table cannot be asked', async () => {
  const { world, admitted } = outageWorld(1);
  world.slots.setOutage(true);
  const tv = await admitted('tv');
  const read = () => Promise.reject(new Unavailable('table'));
  expect(await beatWhateverAnswers({ ...world, degraded: { read } }, tv)).toMatchObject({ alive: true });
});

test('a session that lost its slot during an outage counts as one too many', async () => {
  const { world } = outageWorld(1);
  const [tv] = await play(world, 'tv');
  world.slots.setOutage(true);
  const later = (await playOn(world, tv!, 60_000)) as SessionGrant;
  world.slots.setOutage(false);
  await play(world, 'phone');
  expect(await beatWhateverAnswers(world, later)).toEqual({
    alive: false,
    reason: 'expired',
    overAdmitted: true,
  });
});

test('afterwards each of those whom the table admitted takes a slot, as far as there are any', async () => {
  const { world, admitted } = outageWorld(2);
  const [tv] = await play(world, 'tv');
  world.slots.setOutage(true);
  const [one, two] = [await admitted('one'), await admitted('two')];
  world.slots.setOutage(false);
  expect(await beatWhateverAnswers(world, one)).toMatchObject({ alive: true, grant: { slot: 2 } });
  expect(await beatWhateverAnswers(world, two)).toEqual({
    alive: false,
    reason: 'expired',
    overAdmitted: true,
  });
  expect(await beats(world, tv!)).toEqual(['alive']);
  expect(devicesIn(world)).toEqual(['tv', 'one']);
});

describe('what is no outage', () => {
  test('a used-up quota: nobody is admitted or renewed without a slot', async () => {
    const { world, start } = outageWorld(1);
    const [tv] = await play(world, 'tv');
    world.slots.next(['throttled', 'throttled']);
    await expect(start('phone')).rejects.toThrow(Throttled);
    await expect(beatWhateverAnswers(world, tv!)).rejects.toThrow(Throttled);
    expect(world.degraded.entries()).toEqual([]);
  });

  test('others who are always faster', async () => {
    const { world } = outageWorld(1);
    const slots = { ...world.slots, replace: async () => false };
    await expect(startWhateverAnswers({ ...world, slots }, 'ada', request('tv'))).rejects.toThrow(Contended);
    expect(world.degraded.entries()).toEqual([]);
  });

  test('a table that does not answer', async () => {
    const { world } = outageWorld(1);
    world.slots.flush();
    const snapshotOf = () => Promise.reject(new Unavailable('table'));
    await expect(startWhateverAnswers({ ...world, snapshotOf }, 'ada', request('tv'))).rejects.toThrow(
      'table',
    );
    expect(world.degraded.entries()).toEqual([]);
  });

  test('a mistake of our own', async () => {
    const { world } = outageWorld(1);
    const slots = { ...world.slots, read: () => Promise.reject(new TypeError('a mistake')) };
    await expect(startWhateverAnswers({ ...world, slots }, 'ada', request('tv'))).rejects.toThrow(TypeError);
  });
});
