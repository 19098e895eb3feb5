import { describe, expect, test, vi } from 'vitest';
import { beat } from '../../../shared/concurrency/beat.ts';
import { endExcess } from '../../../shared/concurrency/end-excess.ts';
import { startSession } from '../../../shared/concurrency/start-session.ts';
import { Contended, Unavailable } from '../../../shared/errors.ts';
import { entitlement } from '../../support/catalogs.ts';
import { announced, beats, devicesIn, play, request, sessionsWorld, started } from './world.ts';

describe('when the limit is lowered', () => {
  test('the oldest stay, and the newest are revoked and told', async () => {
    const world = sessionsWorld({ limit: 4 });
    const grants = await play(world, 'tv', 'tablet', 'phone', 'console');
    await endExcess(world, 'ada', world.limitTo(2));
    expect(await beats(world, ...grants)).toEqual(['alive', 'alive', 'revoked', 'revoked']);
    expect(announced(world)).toEqual([
      ['phone', 'revoked'],
      ['console', 'revoked'],
    ]);
  });

  test('one of the oldest that stands above it leaves its slot without a word, and starts again', async () => {
    const world = sessionsWorld({ limit: 3 });
    const [first, second, third] = await play(world, 'tv', 'tablet', 'phone');
    const newest = await started(world, 'console', { terminate: first!.session.sessionId });
    world.told.length = 0;
    await endExcess(world, 'ada', world.limitTo(2));
    expect(await beats(world, newest, second!, third!)).toEqual(['revoked', 'alive', 'expired']);
    expect(announced(world)).toEqual([['console', 'revoked']]);
    expect(await started(world, 'phone')).toMatchObject({ slot: 1 });
  });

  test('to nothing, nobody stays', async () => {
    const world = sessionsWorld({ limit: 2 });
    const grants = await play(world, 'tv', 'tablet');
    await endExcess(world, 'ada', world.limitTo(0));
    expect(await beats(world, ...grants)).toEqual(['revoked', 'revoked']);
  });

  test('whom there is room for stays, and looks again at its next heartbeat, once', async () => {
    const world = sessionsWorld({ limit: 4 });
    const grants = await play(world, 'tv', 'tablet');
    const lower = world.limitTo(2);
    world.slots.calls.length = 0;
    await endExcess(world, 'ada', lower);
    expect(world.slots.calls).toEqual(['read', 'replace', 'replace']);
    world.slots.calls.length = 0;
    const [tv] = grants;
    const next = await beat(world, tv!);
    expect(world.slots.calls).toEqual(['replace', 'read', 'replace']);
    world.slots.calls.length = 0;
    expect(next.alive && (await beat(world, next.grant)).alive).toBe(true);
    expect(world.slots.calls).toEqual(['replace']);
    expect(await beats(world, ...grants)).toEqual(['alive', 'alive']);
  });

  test('does not hide from a start where it stands', async () => {
    const world = sessionsWorld({ limit: 4 });
    const looks = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const halting = (gate: Promise<void>) => {
      let reads = 0;
      return {
        ...world,
        slots: {
          ...world.slots,
          read: async (accountId: string) => {
            reads += 1;
            if (reads === 2) await gate;
            return world.slots.read(accountId);
          },
        },
      };
    };
    const [one, two] = looks.map(({ promise }) => startSession(halting(promise), 'ada', request('tv')));
    await vi.waitFor(() => expect(devicesIn(world)).toHaveLength(1));
    await endExcess(world, 'ada', world.limitTo(4));
    for (const { resolve } of looks) resolve();
    const outcomes = await Promise.all([one!, two!]);
    const alive = [];
    for (const outcome of outcomes) {
      if (outcome.admitted && (await beat(world, outcome.grant)).alive) alive.push(outcome);
    }
    expect(alive).toHaveLength(1);
    expect(devicesIn(world)).toHaveLength(1);
  });

  test('a session that stays learns of an end that has come nearer', async () => {
    const world = sessionsWorld({ limit: 1 });
    const [tv] = await play(world, 'tv');
    const heldUntil = '2026-11-22T10:00:20.000Z';
    await endExcess(world, 'ada', world.holds(entitlement({ maxStreams: 1, heldUntil })));
    world.now.advance(15_000);
    const next = await beat(world, tv!);
    expect(next).toMatchObject({ alive: true, grant: { recheckAtMs: Date.parse(heldUntil) } });
    world.now.advance(5000);
    expect(next.alive && (await beat(world, next.grant))).toEqual({ alive: false, reason: 'revoked' });
  });

  test('a limit that has been raised since then counts', async () => {
    const world = sessionsWorld({ limit: 3 });
    const grants = await play(world, 'tv', 'tablet', 'phone');
    const lower = world.limitTo(1);
    world.limitTo(3);
    await endExcess(world, 'ada', lower);
    expect(await beats(world, ...grants)).toEqual(['alive', 'alive', 'alive']);
  });

  test('what was committed counts when the cache has lost it, or holds what is older', async () => {
    const world = sessionsWorld({ limit: 2 });
    const [tv, tablet] = await play(world, 'tv', 'tablet');
    const older = world.slots.snapshots.get('ada')!;
    const lower = world.limitTo(1);
    world.slots.snapshots.set('ada', older);
    await endExcess(world, 'ada', lower);
    expect(await beats(world, tv!, tablet!)).toEqual(['alive', 'revoked']);
  });

  test('one who takes a slot meanwhile does not stay above it', async () => {
    const world = sessionsWorld({ limit: 2 });
    await play(world, 'tv');
    let late: Awaited<ReturnType<typeof startSession>> | undefined;
    const slots = {
      ...world.slots,
      read: async (accountId: string) => {
        const found = await world.slots.read(accountId);
        late ??= await startSession(world, 'ada', request('phone'));
        return found;
      },
    };
    await endExcess({ ...world, slots }, 'ada', world.limitTo(1));
    expect(late).toMatchObject({ admitted: false });
    expect(devicesIn(world)).toEqual(['tv']);
  });
});

test('what may not be watched any more is revoked, though it is the oldest and there is room', async () => {
  const world = sessionsWorld({ limit: 2 });
  const final = await started(world, 'tv', { contentId: 'final' });
  world.now.advance(1000);
  const movie = await started(world, 'tablet');
  await endExcess(world, 'ada', world.holds(entitlement({ maxStreams: 2 })));
  expect(await beats(world, final, movie)).toEqual(['revoked', 'alive']);
});

describe('a run that dies', () => {
  test('is finished by the next, which tells those again whom it had ended', async () => {
    const world = sessionsWorld({ limit: 3 });
    await play(world, 'tv', 'tablet', 'phone');
    const lower = world.limitTo(1);
    const dying = { ...world, topic: { publish: () => Promise.reject(new Error('died')) } };
    await expect(endExcess(dying, 'ada', lower)).rejects.toThrow('died');
    expect(announced(world)).toEqual([]);
    await endExcess(world, 'ada', lower);
    expect(new Map(announced(world))).toEqual(
      new Map([
        ['tablet', 'revoked'],
        ['phone', 'revoked'],
      ]),
    );
  });

  test.each(['unanswered', 'repeated', 'lost', 'late'] as const)(
    'but not because of an answer: %s',
    async (outcome) => {
      const world = sessionsWorld({ limit: 2 });
      const grants = await play(world, 'tv', 'phone');
      world.slots.next([outcome], 'replace');
      await endExcess(world, 'ada', world.limitTo(1));
      expect(announced(world)).toContainEqual(['phone', 'revoked']);
      world.slots.land();
      expect(await beats(world, ...grants)).toEqual(['alive', 'revoked']);
    },
  );

  test('in an outage is Unavailable, so that the queue brings it again', async () => {
    const world = sessionsWorld({ limit: 2 });
    await play(world, 'tv', 'phone');
    const lower = world.limitTo(1);
    world.slots.setOutage(true);
    await expect(endExcess(world, 'ada', lower)).rejects.toThrow(Unavailable);
  });

  test('gives up when there is more to end every time it looks', async () => {
    const world = sessionsWorld({ limit: 1 });
    await play(world, 'tv');
    const slots = { ...world.slots, replace: async () => true };
    await expect(endExcess({ ...world, slots }, 'ada', world.limitTo(0))).rejects.toThrow(Contended);
  });
});
