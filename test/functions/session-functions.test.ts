import { describe, expect, it } from 'vitest';
import { checkConcurrency } from '../../functions/check-concurrency.ts';
import { endSession } from '../../functions/end-session.ts';
import { ingestHeartbeat } from '../../functions/ingest-heartbeat.ts';
import { startSession } from '../../functions/start-session.ts';
import { TooOften, Unavailable } from '../../shared/errors.ts';
import type { ViewerRequest } from '../../shared/lambda/http.ts';
import { sessionTestWorld } from '../support/session-world.ts';

function request(body: unknown, changes: Partial<ViewerRequest> = {}): ViewerRequest {
  return {
    accountId: 'ada',
    headers: { 'x-country': 'JP' },
    query: {},
    path: {},
    body: Buffer.from(JSON.stringify(body)),
    ...changes,
  };
}

const TV = { deviceId: 'tv', contentId: 'harbour' };

function stage({ heartbeatUrl }: { readonly heartbeatUrl?: string } = {}) {
  const world = sessionTestWorld();
  const start = startSession({ ...world, heartbeatUrl, regionHeader: 'x-country' });
  const beat = ingestHeartbeat(world);
  return {
    world,
    start: async (body: object, changes?: Partial<ViewerRequest>) =>
      (await start(request({ ...TV, ...body }, changes))) as { status: number; body: Started },
    refusalOf: (body: object, changes?: Partial<ViewerRequest>) =>
      start(request({ ...TV, ...body }, changes)).then(
        () => expect.fail('was admitted'),
        (error: unknown) => error,
      ),
    beat: (body: object, accountId = 'ada') => beat(request(body, { accountId })),
    end: (sessionId: string, accountId = 'ada') =>
      endSession(world)(request({}, { accountId, path: { sessionId } })),
    concurrency: async (accountId = 'ada') =>
      (await checkConcurrency(world)(request({}, { accountId }))).body,
  };
}

interface Started {
  readonly sessionId: string;
  readonly sessionToken: string;
  readonly expiresAt: string;
}

describe('POST /sessions', () => {
  it('answers with a session, its token, its end and how often to beat', async () => {
    const { status, body } = await stage().start({});
    expect(status).toBe(201);
    expect(body).toEqual({
      sessionId: expect.any(String),
      sessionToken: expect.any(String),
      expiresAt: '2026-11-22T10:00:40.000Z',
      heartbeatSeconds: 15,
    });
  });

  it('names the cheaper door where the stage has one', async () => {
    const { body } = await stage({ heartbeatUrl: 'https://door.example/' }).start({});
    expect(body).toHaveProperty('heartbeatUrl', 'https://door.example/');
  });

  it('takes the device for the player when none is named', async () => {
    const { start, concurrency } = stage();
    await start({});
    await start({ playerId: 'tab-1' });
    expect(await concurrency()).toMatchObject({ sessions: [{ playerId: 'tv' }, { playerId: 'tab-1' }] });
  });

  it.each([
    ['not-held', { contentId: 'derby-2026' }, {}],
    ['not-started', { contentId: 'premiere' }, {}],
    ['unknown-content', { contentId: 'nothing' }, {}],
    ['region', { contentId: 'alps' }, {}],
    ['region-unknown', { contentId: 'kites' }, { headers: {} }],
    ['region-unknown', { contentId: 'kites' }, { headers: { 'x-country': 'Japan' } }],
    ['device-type', { contentId: 'big-room' }, {}],
  ])('refuses with 403 and the reason %s', async (reason, body, changes) => {
    const refusal = await stage().refusalOf(body, changes);
    expect(refusal).toMatchObject({ status: 403, slug: 'not-entitled', members: { reason } });
  });

  it('lets a television watch what is for televisions', async () => {
    expect(await stage().start({ contentId: 'big-room', deviceType: 'tv' })).toMatchObject({ status: 201 });
  });

  it('refuses with 409 and the conflicts when all screens are taken, and takes the place of the one it names', async () => {
    const { start, refusalOf, world } = stage();
    for (const n of [1, 2, 3, 4]) await start({ deviceId: `tv-${n}` });
    const refusal = await refusalOf({ deviceId: 'tv-5' });
    expect(refusal).toMatchObject({ status: 409, slug: 'too-many-streams' });
    const { conflicts } = (refusal as { members: { conflicts: { sessionId: string }[] } }).members;
    expect(conflicts).toHaveLength(4);
    expect(conflicts[0]).toEqual({
      sessionId: expect.any(String),
      deviceId: 'tv-1',
      contentId: 'harbour',
      startedAt: '2026-11-22T10:00:00.000Z',
    });
    await start({ deviceId: 'tv-5', terminate: conflicts[1]!.sessionId });
    expect(world.told).toMatchObject([
      {
        type: 'session.terminated',
        subject: 'ada',
        data: { sessionId: conflicts[1]!.sessionId, deviceId: 'tv-2', reason: 'terminated', by: 'tv-5' },
      },
    ]);
  });

  it('keeps a message about an ended session within 1 KB, with the longest ids', async () => {
    const { start, world } = stage();
    const deviceId = 'x'.repeat(64);
    const { body } = await start({ deviceId, playerId: 'one' });
    await start({ deviceId, playerId: 'two', terminate: body.sessionId });
    expect(JSON.stringify(world.told[0]).length).toBeLessThan(1024 - 2 * 64); // an id of usher's has 36 characters
  });

  it.each([
    ['deviceId', { deviceId: undefined }],
    ['deviceId', { deviceId: '../x' }],
    ['deviceId', { deviceId: 7 }],
    ['playerId', { playerId: '' }],
    ['contentId', { contentId: null }],
    ['deviceType', { deviceType: 'fridge' }],
    ['terminate', { terminate: 'a b' }],
  ])('refuses a body whose %s is wrong, by its name', async (field, body) => {
    expect(await stage().refusalOf(body)).toMatchObject({ name: 'Malformed', field });
  });
});

describe('POST /heartbeats of a session', () => {
  it('moves the end of the lease, with another token', async () => {
    const { start, beat, world } = stage();
    const { body } = await start({});
    world.now.advance(15_000);
    const answer = await beat({ sessionToken: body.sessionToken });
    expect(answer).toEqual({
      status: 200,
      body: {
        expiresAt: '2026-11-22T10:00:55.000Z',
        heartbeatSeconds: 15,
        sessionToken: expect.any(String),
      },
    });
  });

  it('is 410 with the reason when the session is over', async () => {
    const { start, beat, end, world } = stage();
    const [one, two] = [(await start({})).body, (await start({ playerId: 'two' })).body];
    await end(one.sessionId);
    await expect(beat({ sessionToken: one.sessionToken })).rejects.toMatchObject({
      status: 410,
      slug: 'session-over',
      members: { reason: 'terminated' },
    });
    world.now.advance(40_000);
    await expect(beat({ sessionToken: two.sessionToken })).rejects.toMatchObject({
      status: 410,
      members: { reason: 'expired' },
    });
  });

  it('is 401 for a token that is none, and for one of another account, in the same words', async () => {
    const { start, beat } = stage();
    const { body } = await start({});
    const refusals = [beat({ sessionToken: 'nonsense' }), beat({ sessionToken: body.sessionToken }, 'bob')];
    const [first, second] = await Promise.all(
      refusals.map((refusal) => refusal.catch((error: unknown) => error)),
    );
    expect(first).toMatchObject({ status: 401, slug: 'invalid-session-token', members: {} });
    expect(second).toEqual(first);
    expect(await beat({ sessionToken: body.sessionToken })).toMatchObject({ status: 200 });
  });

  it('ends the session, and that once', async () => {
    const { start, beat, concurrency, world } = stage();
    const { sessionToken } = (await start({})).body;
    expect(await beat({ sessionToken, end: true })).toEqual({ status: 204 });
    expect(await concurrency()).toMatchObject({ sessions: [] });
    expect(await beat({ sessionToken, end: true })).toEqual({ status: 204 });
    expect(world.told).toEqual([]);
  });

  it('counts for its device, and goes on when it cannot be counted', async () => {
    const { start, beat, world } = stage();
    const { sessionToken } = (await start({})).body;
    await beat({ sessionToken });
    expect([...world.counts]).toEqual([[`ada-${world.now()} tv`, 1]]);
    world.tracker.count = () => Promise.reject(new Unavailable('down'));
    expect(await beat({ sessionToken })).toMatchObject({ status: 200 });
    expect(world.warned).toEqual(['heartbeat not counted']);
  });

  it('is told to slow down when it beats ten times as often as it is told, and its account’s others are not', async () => {
    const { start, beat, world } = stage();
    const { sessionToken } = (await start({})).body;
    const other = (await start({ deviceId: 'phone' })).body;
    world.now.advance(1500);
    for (let n = 0; n < 40; n++) await beat({ sessionToken });
    const refusal = await beat({ sessionToken }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(TooOften);
    expect(refusal).toHaveProperty('retryAfterSeconds', 15);
    world.now.advance(15_000);
    expect(await beat({ sessionToken })).toMatchObject({ status: 200 }); // it has waited as told
    expect(await beat({ sessionToken: other.sessionToken })).toMatchObject({ status: 200 });
  });

  it.each([
    ['sessionToken', { sessionToken: 7 }],
    ['end', { sessionToken: 'x', end: 'yes' }],
    ['deviceId', {}],
    ['mediaId', { deviceId: 'tv' }],
    ['mediaId', { deviceId: 'tv', mediaId: 'a/b' }],
  ])('refuses a body whose %s is wrong, by its name', async (field, body) => {
    await expect(stage().beat(body)).rejects.toMatchObject({ name: 'Malformed', field });
  });
});

describe('POST /heartbeats of a device', () => {
  it('is accepted and counted in the interval of the clock', async () => {
    const { beat, concurrency, world } = stage();
    expect(await beat({ deviceId: 'tv', mediaId: 'harbour' })).toEqual({
      status: 202,
      body: { heartbeatSeconds: 15 },
    });
    await beat({ deviceId: 'tv', mediaId: 'harbour' });
    await beat({ deviceId: 'phone', mediaId: 'harbour' });
    expect(await concurrency()).toMatchObject({ deviceCount: 0 });
    world.now.advance(60_000);
    expect(await concurrency()).toMatchObject({ deviceCount: 2, interval: world.now() - 60_000 });
    expect(await concurrency('bob')).toMatchObject({ deviceCount: 0 });
  });

  it('is turned away after forty in a minute, until the minute ends', async () => {
    const { beat, world } = stage();
    for (let n = 0; n < 40; n++) await beat({ deviceId: 'tv', mediaId: 'harbour' });
    await expect(beat({ deviceId: 'tv', mediaId: 'harbour' })).rejects.toThrow(TooOften);
    world.now.advance(60_000);
    expect(await beat({ deviceId: 'tv', mediaId: 'harbour' })).toMatchObject({ status: 202 });
  });
});

describe('DELETE /sessions/{sessionId}', () => {
  it('ends a session of the account, and tells its devices', async () => {
    const { start, end, concurrency, world } = stage();
    const { sessionId } = (await start({})).body;
    expect(await end(sessionId)).toEqual({ status: 204 });
    expect(await concurrency()).toMatchObject({ sessions: [] });
    expect(world.told).toMatchObject([{ data: { sessionId, reason: 'terminated' } }]);
  });

  it('is 410 in the same words for a session of another account and for one that never was', async () => {
    const { start, end, concurrency } = stage();
    const { sessionId } = (await start({})).body;
    const refusals = await Promise.all(
      [end(sessionId, 'bob'), end('never', 'bob')].map((refusal) => refusal.catch((error: unknown) => error)),
    );
    expect(refusals[0]).toMatchObject({ status: 410, slug: 'session-over', members: { reason: 'expired' } });
    expect(refusals[1]).toEqual(refusals[0]);
    expect(await concurrency()).toMatchObject({ sessions: [{ sessionId }] });
  });
});

describe('GET /concurrency', () => {
  it('says how many may watch, who does, and whether one more may', async () => {
    const { start, concurrency } = stage();
    for (const n of [1, 2, 3]) await start({ deviceId: `tv-${n}` });
    expect(await concurrency()).toMatchObject({ limit: 4, allowed: true });
    const { sessionId } = (await start({ deviceId: 'tv-4', playerId: 'tab' })).body;
    const full = (await concurrency()) as { sessions: object[] };
    expect(full).toMatchObject({ limit: 4, allowed: false });
    expect(full.sessions.at(-1)).toEqual({
      sessionId,
      deviceId: 'tv-4',
      playerId: 'tab',
      contentId: 'harbour',
      startedAt: '2026-11-22T10:00:00.000Z',
    });
  });

  it('does not list what is not counted', async () => {
    const { start, concurrency } = stage();
    await start({ contentId: 'morning-news' });
    expect(await concurrency()).toMatchObject({ sessions: [] });
  });
});
