import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SessionTerminated } from '../../shared/domain/session-messages.ts';
import { openStage, type RunningStage } from './running-stage.ts';
import { admitted, beat, beatByUrl, bought, concurrencyOf, end, start } from './session-support.ts';
import {
  buy,
  call,
  checkoutEvent,
  listen,
  newViewer,
  tokensOf,
  type Listener,
  type Viewer,
} from './support.ts';

let stack: RunningStage;

beforeAll(async () => {
  stack = await openStage();
});
afterAll(() => stack?.stop());

/** A viewer with four screens. */
async function newSubscriber(): Promise<Viewer> {
  const viewer = await newViewer(stack);
  await bought(stack, viewer, { purchaseId: `sub-${viewer.accountId}` });
  return viewer;
}

async function ended(listener: Listener, sessionId: string): Promise<SessionTerminated> {
  const isIt = (message: unknown) => (message as SessionTerminated).data.sessionId === sessionId;
  return (await listener.until(isIt)) as unknown as SessionTerminated;
}

describe('an account with four screens', () => {
  test('has a fifth refused with whom to end, ends one, and the one that loses hears of it at once', async () => {
    const viewer = await newSubscriber();
    const listener = await listen(await tokensOf(stack, viewer));
    const leases = [];
    for (const n of [1, 2, 3, 4]) leases.push(await admitted(stack, viewer, { deviceId: `tv-${n}` }));

    const refused = await start(stack, viewer, { deviceId: 'tv-5' });
    expect(refused.status).toBe(409);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(refused.body.type).toBe('urn:usher:problem:too-many-streams');
    expect(refused.body.conflicts).toMatchObject(
      leases.map(({ sessionId }, index) => ({
        sessionId,
        deviceId: `tv-${index + 1}`,
        contentId: 'harbour',
        startedAt: expect.stringMatching(/Z$/),
      })),
    );
    expect(await concurrencyOf(stack, viewer)).toMatchObject({ limit: 4, allowed: false });

    const victim = leases[1]!;
    const fifth = await admitted(stack, viewer, { deviceId: 'tv-5', terminate: victim.sessionId });
    expect(await ended(listener, victim.sessionId)).toMatchObject({
      specversion: '1.0',
      type: 'session.terminated',
      subject: viewer.accountId,
      data: { sessionId: victim.sessionId, deviceId: 'tv-2', reason: 'terminated', by: 'tv-5' },
    });
    expect(await beat(stack, viewer, { sessionToken: victim.sessionToken })).toMatchObject({
      status: 410,
      body: { type: 'urn:usher:problem:session-over', reason: 'terminated' },
    });
    expect(await beat(stack, viewer, { sessionToken: fifth.sessionToken })).toMatchObject({ status: 200 });
    listener.stop();
  });

  test('counts two tabs as two, and one that is started again as one', async () => {
    const viewer = await newSubscriber();
    const tab = { deviceId: 'laptop', playerId: 'tab-1' };
    const first = await admitted(stack, viewer, tab);
    await admitted(stack, viewer, { ...tab, playerId: 'tab-2' });
    const again = await admitted(stack, viewer, tab);
    expect((await concurrencyOf(stack, viewer)).sessions.map(({ sessionId }) => sessionId)).toHaveLength(2);
    expect(await beat(stack, viewer, { sessionToken: first.sessionToken })).toMatchObject({
      status: 410,
      body: { reason: 'superseded' },
    });
    expect(await beat(stack, viewer, { sessionToken: again.sessionToken })).toMatchObject({ status: 200 });
  });

  test('gives a screen back when a player ends, by route or by the cheaper door', async () => {
    const viewer = await newSubscriber();
    const [one, two] = [await admitted(stack, viewer), await admitted(stack, viewer, { playerId: 'two' })];
    const ending = (sessionToken: string) => ({ sessionToken, end: true });
    expect(await beat(stack, viewer, ending(one.sessionToken))).toMatchObject({ status: 204, text: '' });
    expect(await beatByUrl(two.heartbeatUrl!, ending(two.sessionToken))).toMatchObject({ status: 204 });
    expect(await concurrencyOf(stack, viewer)).toMatchObject({ sessions: [] });
  });

  test('watches what is not counted besides', async () => {
    const viewer = await newSubscriber();
    for (const n of [1, 2, 3, 4]) await admitted(stack, viewer, { deviceId: `tv-${n}` });
    const news = await admitted(stack, viewer, { deviceId: 'tv-5', contentId: 'morning-news' });
    expect(await beat(stack, viewer, { sessionToken: news.sessionToken })).toMatchObject({ status: 200 });
    expect((await concurrencyOf(stack, viewer)).sessions).toHaveLength(4);
  });

  test('loses what it may not watch any more, newest first, and is told within the same change', async () => {
    const viewer = await newViewer(stack);
    await bought(stack, viewer, { purchaseId: 'premium' });
    await bought(stack, viewer, { purchaseId: 'sports', productId: 'sports' });
    const listener = await listen(await tokensOf(stack, viewer));
    const film = await admitted(stack, viewer, { deviceId: 'film' });
    const match = await admitted(stack, viewer, { deviceId: 'match', contentId: 'derby-2026' });
    const tour = { contentId: 'city-lights-tour' };
    const free = await admitted(stack, viewer, { deviceId: 'free', ...tour });
    const last = await admitted(stack, viewer, { deviceId: 'last', ...tour });
    const fifth = await admitted(stack, viewer, { deviceId: 'fifth', ...tour });

    // Without premium: one screen of the free product and one of the add-on; the film is gone too.
    await buy(stack, checkoutEvent(viewer.accountId, { purchaseId: 'premium', status: 'refunded' }));
    expect(await ended(listener, film.sessionId)).toMatchObject({ data: { reason: 'revoked' } });
    for (const { sessionId } of [last, fifth]) {
      expect(await ended(listener, sessionId)).toMatchObject({ data: { reason: 'revoked' } });
    }
    await expect.poll(async () => (await concurrencyOf(stack, viewer)).sessions.length).toBeLessThan(3);
    expect(await beat(stack, viewer, { sessionToken: film.sessionToken })).toMatchObject({
      status: 410,
      body: { reason: 'revoked' },
    });
    expect(await beat(stack, viewer, { sessionToken: match.sessionToken })).toMatchObject({ status: 200 });
    // It stood in the third slot, which is above the limit now: it starts again by itself.
    expect(await beat(stack, viewer, { sessionToken: free.sessionToken })).toMatchObject({
      status: 410,
      body: { reason: 'expired' },
    });
    await admitted(stack, viewer, { deviceId: 'free', ...tour });
    listener.stop();
  });
});

describe('a session token', () => {
  test('is renewed by route and by the cheaper door, and the answer says how often to beat', async () => {
    const viewer = await newSubscriber();
    const { sessionToken, heartbeatUrl, expiresAt } = await admitted(stack, viewer);
    for (const answer of [
      await beat(stack, viewer, { sessionToken }),
      await beatByUrl(heartbeatUrl!, { sessionToken }),
      await beatByUrl(heartbeatUrl!, JSON.stringify({ sessionToken })),
    ]) {
      expect(answer).toMatchObject({ status: 200, body: { heartbeatSeconds: 15 } });
      expect(Date.parse(answer.body.expiresAt)).toBeGreaterThanOrEqual(Date.parse(expiresAt));
    }
  });

  test('verifies with the published keys alone, as a licence proxy would', async () => {
    const viewer = await newSubscriber();
    const { sessionToken, sessionId, expiresAt } = await admitted(stack, viewer);
    const jwks = (await (await call(stack, '/.well-known/jwks.json')).json()) as JSONWebKeySet;
    const { payload } = await jwtVerify(sessionToken, createLocalJWKSet(jwks), {
      issuer: 'usher',
      audience: stack.outputs['StageName']!,
    });
    expect(payload).toMatchObject({ sub: viewer.accountId, sid: sessionId, contentId: 'harbour' });
    expect(payload.exp! * 1000).toBe(Date.parse(expiresAt));
  });
});

describe('another account', () => {
  test('gets nothing of a session: no renewal, no end, and the same words as for one that never was', async () => {
    const [ada, bob] = [await newSubscriber(), await newSubscriber()];
    const lease = await admitted(stack, ada);
    const foreign = { sessionToken: lease.sessionToken };
    const forged = { sessionToken: `${lease.sessionToken.slice(0, -8)}AAAAAAAA` };
    for (const extra of [{}, { end: true }]) {
      const answers = [
        await beat(stack, bob, { ...foreign, ...extra }),
        await beat(stack, bob, { ...forged, ...extra }),
        await beat(stack, bob, { sessionToken: 'x', ...extra }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
      expect(answers[0]!.body.type).toBe('urn:usher:problem:invalid-session-token');
    }
    const ends = [await end(stack, bob, lease.sessionId), await end(stack, bob, 'never-was')];
    expect(ends.map(({ status }) => status)).toEqual([410, 410]);
    expect(ends[0]!.text).toBe(ends[1]!.text);

    const chosen = await start(stack, bob, { deviceId: 'tv', terminate: lease.sessionId });
    expect(chosen.status).toBe(201); // Bob has screens to spare, and has ended nobody
    expect(await concurrencyOf(stack, bob)).toMatchObject({ sessions: [{ deviceId: 'tv' }] });
    expect(await beat(stack, ada, foreign)).toMatchObject({ status: 200 });
    expect(await concurrencyOf(stack, ada)).toMatchObject({ sessions: [{ sessionId: lease.sessionId }] });
  });
});

describe('bad input', () => {
  test.each([
    ['no JSON', '{', 400, 'malformed'],
    ['an empty body', '', 400, 'malformed'],
    ['a body of 17 KB', JSON.stringify({ sessionToken: 'x'.repeat(17_000) }), 413, 'too-large'],
    ['a wrong type', '{"sessionToken":7}', 400, 'malformed'],
  ])('%s is refused by route and by the cheaper door alike', async (_, body, status, slug) => {
    const viewer = await newViewer(stack);
    const url = stack.outputs['HeartbeatUrl']!;
    const byRoute = await call(stack, '/heartbeats', { viewer, method: 'POST', body });
    const byUrl = await fetch(url, { method: 'POST', body });
    for (const answer of [byRoute, byUrl]) {
      expect(answer.status).toBe(status);
      expect(((await answer.json()) as { type: string }).type).toBe(`urn:usher:problem:${slug}`);
    }
  });

  test.each(['/sessions', '/heartbeats'])('%s needs a viewer who has signed in', async (path) => {
    const viewer = await newViewer(stack);
    for (const headers of [{}, { authorization: `Bearer ${viewer.accessToken}` }]) {
      const answer = await call(stack, path, { method: 'POST', headers, body: '{"sessionToken":"x"}' });
      expect(answer.status).toBe(401);
      expect(((await answer.json()) as { type: string }).type).toBe('urn:usher:problem:unauthenticated');
    }
  });
});
