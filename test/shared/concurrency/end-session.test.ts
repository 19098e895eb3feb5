import { describe, expect, test } from 'vitest';
import { endOwnSession, endSessionById } from '../../../shared/concurrency/end-session.ts';
import { beat } from '../../../shared/concurrency/beat.ts';
import { announced, beats, devicesIn, LEASE_MS, play, sessionsWorld, started } from './world.ts';

describe('a player that ends its own session', () => {
  test('frees the slot in one call, without a word to anybody', async () => {
    const world = sessionsWorld({ limit: 1 });
    const [tv] = await play(world, 'tv');
    world.slots.calls.length = 0;
    expect(await endOwnSession(world, tv!)).toEqual({ ended: true });
    expect(world.slots.calls).toEqual(['replace']);
    expect(devicesIn(world)).toEqual(['†tv']);
    expect(announced(world)).toEqual([]);
    await play(world, 'phone');
    expect(await beats(world, tv!)).toEqual(['expired']);
  });

  test('may do so again', async () => {
    const world = sessionsWorld();
    const [tv] = await play(world, 'tv');
    await endOwnSession(world, tv!);
    expect(await endOwnSession(world, tv!)).toEqual({ ended: true });
  });

  test('hears that somebody else has ended it before', async () => {
    const world = sessionsWorld({ limit: 1 });
    const [tv] = await play(world, 'tv');
    await started(world, 'phone', { terminate: tv!.session.sessionId });
    expect(await endOwnSession(world, tv!)).toEqual({ ended: false, reason: 'terminated' });
    expect(devicesIn(world)).toEqual(['phone']);
  });

  test('hears that its lease had run out', async () => {
    const world = sessionsWorld();
    const [tv] = await play(world, 'tv');
    world.now.advance(LEASE_MS);
    expect(await endOwnSession(world, tv!)).toEqual({ ended: false, reason: 'expired' });
  });

  test('ends it with an older token too, in the slot that it has now', async () => {
    const world = sessionsWorld({ limit: 2 });
    const [, tablet] = await play(world, 'tv', 'tablet');
    world.slots.flush();
    world.limitTo(1); // its own slot is above it
    await beat(world, tablet!);
    expect(devicesIn(world)).toEqual(['tablet']);
    expect(await endOwnSession(world, tablet!)).toEqual({ ended: true });
    expect(devicesIn(world)).toEqual(['†tablet']);
  });

  test('that takes no slot has nothing to leave', async () => {
    const world = sessionsWorld();
    const news = await started(world, 'tv', { contentId: 'news' });
    expect(await endOwnSession(world, news)).toEqual({ ended: true });
  });

  test('has ended it when the cache has forgotten it', async () => {
    const world = sessionsWorld();
    const [tv] = await play(world, 'tv');
    world.slots.flush();
    expect(await endOwnSession(world, tv!)).toEqual({ ended: true });
  });

  test.each(['unanswered', 'repeated', 'lost', 'late'] as const)(
    'needs no second try after %s',
    async (outcome) => {
      const world = sessionsWorld();
      const [tv] = await play(world, 'tv');
      world.slots.next([outcome], 'replace');
      expect(await endOwnSession(world, tv!)).toEqual({ ended: true });
      world.slots.land();
      expect(devicesIn(world)).toEqual(['†tv']);
    },
  );
});

describe('ending a session by its id', () => {
  test('tells the one who loses, at once and at its next heartbeat', async () => {
    const world = sessionsWorld();
    const [tv] = await play(world, 'tv');
    expect(await endSessionById(world, 'ada', tv!.session.sessionId)).toEqual({ ended: true });
    expect(announced(world)).toEqual([['tv', 'terminated']]);
    expect(await beats(world, tv!)).toEqual(['terminated']);
  });

  test('says why one is over already, as long as that is known', async () => {
    const world = sessionsWorld();
    const [tv] = await play(world, 'tv');
    await endSessionById(world, 'ada', tv!.session.sessionId);
    const again = await endSessionById(world, 'ada', tv!.session.sessionId);
    expect(again).toEqual({ ended: false, reason: 'terminated' });
  });

  test('of another account is the same as of none', async () => {
    const world = sessionsWorld();
    const [tv] = await play(world, 'tv');
    const expected = { ended: false, reason: 'expired' };
    expect(await endSessionById(world, 'bob', tv!.session.sessionId)).toEqual(expected);
    expect(await endSessionById(world, 'bob', 'nonsense')).toEqual(expected);
    expect(await beats(world, tv!)).toEqual(['alive']);
  });

  test.each(['unanswered', 'repeated', 'lost', 'late'] as const)(
    'has ended it and told of it after %s, also when others were quick',
    async (outcome) => {
      const world = sessionsWorld({ limit: 1 });
      const [tv] = await play(world, 'tv');
      world.slots.next([outcome], 'replace');
      expect(await endSessionById(world, 'ada', tv!.session.sessionId)).toEqual({ ended: true });
      expect(announced(world)).toContainEqual(['tv', 'terminated']);
      expect(await beats(world, tv!)).toEqual(['terminated']);
    },
  );

  test('tells of an end whose answer was lost even when the slot has been taken over since', async () => {
    const world = sessionsWorld({ limit: 1 });
    const [tv] = await play(world, 'tv');
    world.slots.next(['unanswered'], 'replace');
    let reads = 0;
    const slots = {
      ...world.slots,
      read: async (accountId: string) => {
        if ((reads += 1) === 2) await started(world, 'phone');
        return world.slots.read(accountId);
      },
    };
    expect(await endSessionById({ ...world, slots }, 'ada', tv!.session.sessionId)).toEqual({ ended: true });
    expect(announced(world)).toEqual([['tv', 'terminated']]);
    expect(devicesIn(world)).toEqual(['phone']);
  });
});
