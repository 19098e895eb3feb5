import { describe, expect, test } from 'vitest';
import { beat } from '../../../shared/concurrency/beat.ts';
import { endOwnSession, endSessionById } from '../../../shared/concurrency/end-session.ts';
import { startSession } from '../../../shared/concurrency/start-session.ts';
import { Unavailable } from '../../../shared/errors.ts';
import type { SessionGrant } from '../../../shared/ports.ts';
import { entitlement } from '../../support/catalogs.ts';
import { announced, beats, devicesIn, LEASE_MS, play, request, sessionsWorld, started } from './world.ts';

async function alive(world: ReturnType<typeof sessionsWorld>, grant: SessionGrant): Promise<SessionGrant> {
  const beaten = await beat(world, grant);
  if (!beaten.alive) throw new Error(`over: ${beaten.reason}`);
  return beaten.grant;
}

describe('a heartbeat', () => {
  test('is one call as long as nothing has happened, and extends lease and slot from before it', async () => {
    const world = sessionsWorld();
    const grant = await started(world, 'tv');
    world.slots.calls.length = 0;
    world.now.advance(15_000);
    const next = await alive(world, grant);
    expect(world.slots.calls).toEqual(['replace']);
    expect(next).toEqual({ ...grant, expiresAtMs: world.now() + LEASE_MS });
    expect(world.slots.endsAtMs(1)).toBe(next.expiresAtMs + 5000);
  });

  test('with a token that has expired asks nobody', async () => {
    const world = sessionsWorld();
    const grant = await started(world, 'tv');
    world.now.advance(LEASE_MS - 1);
    expect(await beats(world, grant)).toEqual(['alive']);
    world.now.advance(1);
    world.slots.calls.length = 0;
    expect(await beats(world, grant)).toEqual(['expired']);
    expect(world.slots.calls).toEqual([]);
  });

  test('learns that its session was ended, also when whoever took its place has gone since', async () => {
    const world = sessionsWorld({ limit: 1 });
    const [tv] = await play(world, 'tv');
    const phone = await started(world, 'phone', { terminate: tv!.session.sessionId });
    await endSessionById(world, 'ada', phone.session.sessionId);
    expect(await beats(world, tv!, phone)).toEqual(['terminated', 'terminated']);
    expect(devicesIn(world)).toEqual(['†phone']);
  });

  test('of a session that was merely forgotten takes its slot again, under the same id', async () => {
    const world = sessionsWorld({ limit: 2 });
    const [tv, tablet] = await play(world, 'tv', 'tablet');
    world.slots.flush();
    const next = await alive(world, tablet!);
    expect(next).toMatchObject({ slot: 2, session: { sessionId: tablet!.session.sessionId } });
    expect(next.session.nonce).not.toBe(tablet!.session.nonce);
    expect(await beats(world, next, tv!)).toEqual(['alive', 'alive']);
  });

  test('of a session that was forgotten takes a free slot when its own is above the limit', async () => {
    const world = sessionsWorld({ limit: 2 });
    const [, tablet] = await play(world, 'tv', 'tablet');
    world.slots.flush();
    world.limitTo(1);
    expect(await alive(world, tablet!)).toMatchObject({ slot: 1 });
  });

  test('with a token from before a flush learns of an end after it, however often the place was taken since', async () => {
    const world = sessionsWorld({ limit: 2 });
    const [, tablet] = await play(world, 'tv', 'tablet');
    world.slots.flush();
    const { sessionId } = (await alive(world, tablet!)).session; // its player never had the answer
    const phone = await started(world, 'phone', { terminate: sessionId });
    await started(world, 'laptop', { terminate: phone.session.sessionId });
    expect(await beats(world, tablet!)).toEqual(['terminated']);
  });

  test('finds the slot that an earlier heartbeat has taken, whose answer was lost', async () => {
    const world = sessionsWorld();
    const [tv] = await play(world, 'tv');
    world.slots.flush();
    await alive(world, tv!);
    const again = await alive(world, tv!);
    expect(again.slot).toBe(1);
    expect(devicesIn(world)).toEqual(['tv']);
  });

  test('of a session that was forgotten takes nobody’s slot, and has it start again', async () => {
    const world = sessionsWorld({ limit: 1, whenFull: 'end-oldest' });
    const [tv] = await play(world, 'tv');
    world.slots.flush();
    const [phone] = await play(world, 'phone');
    expect(await beats(world, tv!, phone!)).toEqual(['expired', 'alive']);
  });

  test('of a session that was forgotten gives way to a newer one of the same player', async () => {
    const world = sessionsWorld({ limit: 2 });
    const [other, before] = await play(world, 'tablet', 'tv');
    world.slots.flush();
    const after = await started(world, 'tv');
    expect(other!.slot).toBe(1);
    expect(await beats(world, before!, after)).toEqual(['superseded', 'alive']);
    expect(devicesIn(world)).toEqual(['tv']);
  });

  test('beside another of the same session after a flush is told of no end', async () => {
    const world = sessionsWorld({ limit: 3 });
    const [tv] = await play(world, 'tv');
    world.slots.flush();
    const both = await Promise.all([beat(world, tv!), beat(world, tv!)]);
    expect(both.map((one) => one.alive)).toEqual([true, true]);
    expect(announced(world)).toEqual([]);
    expect(devicesIn(world).filter((device) => device === 'tv')).toHaveLength(1);
  });

  test('goes on in the slot that another of the same session has taken meanwhile', async () => {
    const world = sessionsWorld({ limit: 3 });
    const [tv] = await play(world, 'tv');
    world.slots.flush();
    let reads = 0;
    const slots = {
      ...world.slots,
      read: async (accountId: string) => {
        if ((reads += 1) === 2) await alive(world, tv!); // it has just found nothing, and wants a slot now
        return world.slots.read(accountId);
      },
    };
    expect(await beat({ ...world, slots }, tv!)).toMatchObject({ alive: true, grant: { slot: 1 } });
    expect(devicesIn(world)).toEqual(['tv']);
    expect(announced(world)).toEqual([]);
  });

  test('beside another of the same session that takes another slot is told of no end', async () => {
    const world = sessionsWorld({ limit: 3 });
    const [tv] = await play(world, 'tv');
    world.slots.flush();
    const [tablet] = await play(world, 'tablet');
    const token = { ...tv!, slot: null }; // as from an outage: so that the tablet is not its heir
    const slots = {
      ...world.slots,
      replace: async (...[accountId, number, seen, text]: Parameters<typeof world.slots.replace>) => {
        if (number === 2) {
          await endOwnSession(world, tablet!);
          await alive(world, token);
        }
        return world.slots.replace(accountId, number, seen, text);
      },
    };
    expect(await beat({ ...world, slots }, token)).toMatchObject({ alive: true });
    expect(announced(world)).toEqual([]);
    expect(devicesIn(world).filter((device) => device === 'tv')).toHaveLength(1);
    expect(await beats(world, token)).toEqual(['alive']);
  });

  test('whose step into a slot is unclear has the player start again, rather than live twice', async () => {
    const world = sessionsWorld();
    const [tv] = await play(world, 'tv');
    world.slots.flush();
    world.slots.next(['answered', 'late'], 'replace'); // its own place; then the free slot
    expect(await beats(world, tv!)).toEqual(['expired']);
  });

  test('without an answer is no answer', async () => {
    const world = sessionsWorld();
    const [tv] = await play(world, 'tv');
    world.slots.next(['unanswered']);
    await expect(beat(world, tv!)).rejects.toThrow(Unavailable);
    expect(await beats(world, tv!)).toEqual(['alive']);
  });
});

describe('when time has changed what the account holds', () => {
  const ends = '2026-11-22T10:00:30.000Z';

  test('a heartbeat looks once, and not again', async () => {
    const world = sessionsWorld();
    world.holds(
      entitlement({ maxStreams: 2 }),
      entitlement({ entitlementId: 'addon', heldUntil: ends, grants: ['sports'] }),
    );
    const grant = await started(world, 'tv');
    world.now.advance(30_000);
    world.slots.calls.length = 0;
    const next = await alive(world, grant);
    expect(world.slots.calls).toEqual(['read', 'replace']);
    expect(next.recheckAtMs).toBe(world.now() + 300_000);
    await alive(world, next);
    expect(world.slots.calls).toEqual(['read', 'replace', 'replace']);
  });

  test('a session that may not be watched any more is revoked, and told', async () => {
    const world = sessionsWorld();
    world.holds(entitlement({ maxStreams: 2, heldUntil: ends }));
    const grant = await started(world, 'tv');
    world.now.advance(29_999);
    expect(await beats(world, grant)).toEqual(['alive']);
    world.now.advance(1);
    expect(await beats(world, grant)).toEqual(['revoked']);
    expect(announced(world)).toEqual([['tv', 'revoked']]);
  });

  test('a session above the new limit leaves its slot and starts again by itself', async () => {
    const world = sessionsWorld();
    world.holds(
      entitlement({ maxStreams: 1 }),
      entitlement({ entitlementId: 'addon', extraStreams: 1, heldUntil: ends }),
    );
    const [tv, tablet] = await play(world, 'tv', 'tablet');
    world.now.advance(28_000);
    expect(await beats(world, tv!, tablet!)).toEqual(['alive', 'expired']);
    expect(devicesIn(world)).toEqual(['tv', '†tablet']);
    expect(announced(world)).toEqual([]);
  });
});

describe('what is not counted', () => {
  test('is looked up at each heartbeat, and writes nothing', async () => {
    const world = sessionsWorld({ limit: 1 });
    const grant = await started(world, 'tv', { contentId: 'news' });
    world.slots.calls.length = 0;
    world.now.advance(15_000);
    expect(await alive(world, grant)).toMatchObject({ slot: null, expiresAtMs: world.now() + LEASE_MS });
    expect(world.slots.calls).toEqual(['read']);
  });

  test('is revoked when the account may not watch it any more', async () => {
    const world = sessionsWorld();
    const grant = await started(world, 'tv', { contentId: 'news' });
    world.holds(entitlement({ maxStreams: 2, grants: [] }));
    expect(await beats(world, grant)).toEqual(['revoked']);
  });
});

describe('a session that was admitted in an outage', () => {
  const degraded = async (world: ReturnType<typeof sessionsWorld>, deviceId: string) => {
    const grant = await started(world, deviceId);
    return { ...grant, slot: null, degradedUntilMs: grant.expiresAtMs };
  };

  test('takes a slot at its first heartbeat after it, and is degraded no more', async () => {
    const world = sessionsWorld({ limit: 1 });
    const grant = await degraded(world, 'tv');
    world.slots.flush();
    expect(await alive(world, grant)).toMatchObject({ slot: 1, degradedUntilMs: null });
  });

  test('is over, and counted as one too many, when there is no slot for it', async () => {
    const world = sessionsWorld({ limit: 1 });
    const grant = await degraded(world, 'tv');
    world.slots.flush();
    await play(world, 'phone');
    expect(await beat(world, grant)).toEqual({ alive: false, reason: 'expired', overAdmitted: true });
  });

  test('is no longer than others above the limit of an account that holds nothing', async () => {
    const world = sessionsWorld({ limit: 1 });
    const grant = await degraded(world, 'tv');
    world.slots.flush();
    world.limitTo(0);
    expect(await beats(world, grant)).toEqual(['revoked']);
    expect(await startSession(world, 'ada', request('tv'))).toMatchObject({ reason: 'not-entitled' });
  });
});
