import { afterEach, expect, test, vi } from 'vitest';
import { createApi } from '../../../client/src/service/api.ts';
import { delayAfter } from '../../../client/src/timing/backoff.ts';
import { Refusal, SignInNeeded } from '../../../client/src/service/problems.ts';
import { sentenceOf } from '../../../player/src/problem-words.ts';
import { firstSnapshot } from '../../../shared/domain/snapshots.ts';
import { loadCatalog } from '../../../shared/catalog.ts';

const snapshot = firstSnapshot('ada', loadCatalog(), Date.parse('2026-11-22T10:00:00.000Z'));

afterEach(() => vi.restoreAllMocks());

/** An API that gives these answers one after the other, and what it was asked. */
function apiAnswering(...answers: readonly (Response | Error)[]) {
  const asked: Request[] = [];
  const beacons: { url: string; text: string }[] = [];
  const browser = { takesBeacons: true, givesTokens: true };
  const tokens: boolean[] = [];
  const remaining = [...answers];
  const api = createApi({
    apiUrl: 'https://api.example/dev',
    async idToken(options = { renewed: false }) {
      tokens.push(options.renewed);
      if (!browser.givesTokens) await new Promise<never>(() => {});
      return options.renewed ? 'new' : 'old';
    },
    async fetch(input, init) {
      asked.push(new Request(input, init));
      const answer = remaining.shift()!;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    sendBeacon(url, text) {
      if (browser.takesBeacons) beacons.push({ url, text });
      return browser.takesBeacons;
    },
  });
  return { api, asked, tokens, beacons, browser };
}

const problem = (status: number, slug: string, headers: Record<string, string> = {}, more: object = {}) =>
  new Response(JSON.stringify({ type: `urn:usher:problem:${slug}`, title: 'No', status, ...more }), {
    status,
    headers,
  });

test('asks for what is newer than it knows, past every cache', async () => {
  const { api, asked } = apiAnswering(new Response(null, { status: 304 }));
  expect((await api.readEntitlements({ atLeast: 7, known: snapshot })).snapshot).toBe(snapshot);
  expect(asked[0]!.url).toBe('https://api.example/dev/entitlements?atLeast=7');
  expect(asked[0]!.headers.get('If-None-Match')).toBe(`W/"0.0.${snapshot.catalogVersion}"`);
  expect(asked[0]!.headers.get('Authorization')).toBe('Bearer old');
  expect(asked[0]!.cache).toBe('no-store');
});

test('knows an answer that has no version of its own by its missing tag', async () => {
  const { api } = apiAnswering(
    Response.json(snapshot, { headers: { ETag: 'W/"0.0.1"' } }),
    Response.json(snapshot),
  );
  const asked = { atLeast: 0, known: undefined };
  expect(await api.readEntitlements(asked)).toEqual({ snapshot, provisional: false });
  expect(await api.readEntitlements(asked)).toEqual({ snapshot, provisional: true });
});

test('renews a refused ID token once', async () => {
  const { api, asked, tokens } = apiAnswering(problem(401, 'unauthenticated'), Response.json(snapshot));
  expect(await api.readEntitlements({ atLeast: 0, known: undefined })).toMatchObject({ snapshot });
  expect(tokens).toEqual([false, true]);
  expect(asked[1]!.headers.get('Authorization')).toBe('Bearer new');
});

test('asks to sign in again when the renewed token is refused as well', async () => {
  const { api, asked } = apiAnswering(problem(401, 'unauthenticated'), problem(401, 'unauthenticated'));
  await expect(api.requestRecompute()).rejects.toThrow(SignInNeeded);
  expect(asked).toHaveLength(2);
});

test.for(['-60', 'Sun, 22 Nov 2026 10:00:00 GMT', 'soon'])(
  'waits as after any failure where it is told to wait for “%s”',
  async (asked) => {
    const { api } = apiAnswering(problem(429, 'too-often', { 'Retry-After': asked }));
    const refusal = await api.requestRecompute().catch((error: unknown) => error);
    expect(delayAfter(refusal, 0, () => 1)).toBe(1000);
  },
);

test('tells how long to wait, and waits at least that long', async () => {
  const { api } = apiAnswering(problem(429, 'too-often', { 'Retry-After': '7' }));
  const refusal = await api.requestRecompute().then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(sentenceOf(refusal)).toBe('That was a little too often. Try again in 7 seconds.');
  expect(delayAfter(refusal, 0, () => 0)).toBe(7000);
});

test('waits longer from failure to failure, up to half a minute, and not at all for one who is signed out', () => {
  const delays = [0, 1, 2, 3, 9].map((failures) => delayAfter(new TypeError('fetch'), failures, () => 1));
  expect(delays).toEqual([1000, 2000, 4000, 8000, 30_000]);
  expect(delayAfter(new SignInNeeded(), 0, () => 1)).toBeUndefined();
});

test('makes a sentence of every problem, and of what is none', async () => {
  const slugs = [
    'too-often',
    'unavailable',
    'unauthenticated',
    'forbidden',
    'unknown-product',
    'bad-signature',
  ];
  const sentences = slugs.map((slug) => sentenceOf(new Refusal(400, slug, 'x')));
  expect(new Set(sentences).size).toBe(slugs.length);
  expect(sentenceOf(new Refusal(500, '', ''))).toBe(
    'The service answered with an error (500). Try again in a moment.',
  );
  const { api } = apiAnswering(new Response('<html>Bad gateway</html>', { status: 502 }));
  await expect(api.readCatalog()).rejects.toMatchObject({ status: 502, slug: '' });
  expect(sentenceOf(new TypeError('Failed to fetch'))).toMatch(/cannot be reached/);
});

test('refuses an answer that is not what the API promises', async () => {
  const { api } = apiAnswering(Response.json({ ...snapshot, version: '7' }));
  await expect(api.readEntitlements({ atLeast: 0, known: undefined })).rejects.toThrow(/version/);
});

const wanted = { contentId: 'harbour', deviceId: 'd', playerId: 'p', deviceType: 'web' } as const;
const lease = { sessionToken: 'st', expiresAt: '2026-11-22T10:00:40.000Z', heartbeatSeconds: 15 };
const door = { sessionToken: 'st', heartbeatUrl: 'https://door.example/' };
const aConflict = {
  sessionId: 's',
  deviceId: 'tv',
  contentId: 'alps',
  startedAt: '2026-11-22T10:00:00.000Z',
};

test('starts a session as the viewer, and makes values of the ways in which that is refused', async () => {
  const { api, asked } = apiAnswering(
    Response.json({ ...lease, sessionId: 's1', heartbeatUrl: door.heartbeatUrl }, { status: 201 }),
    problem(409, 'too-many-streams', {}, { conflicts: [aConflict] }),
    problem(403, 'not-entitled', {}, { reason: 'region' }),
    problem(403, 'forbidden'),
  );
  expect(await api.startSession({ ...wanted, terminate: 's0' })).toEqual({
    kind: 'started',
    session: { ...lease, sessionId: 's1', heartbeatUrl: door.heartbeatUrl, degraded: false },
  });
  expect(await asked[0]!.json()).toEqual({ ...wanted, terminate: 's0' });
  expect(asked[0]!.headers.get('Content-Type')).toBe('application/json');
  expect(asked[0]!.headers.get('Authorization')).toBe('Bearer old');
  expect(await api.startSession(wanted)).toEqual({ kind: 'too-many-streams', conflicts: [aConflict] });
  expect(await api.startSession(wanted)).toEqual({ kind: 'not-entitled', reason: 'region' });
  await expect(api.startSession(wanted)).rejects.toMatchObject({ slug: 'forbidden' });
});

test('beats through the cheaper door with nothing but the token, in a request that no browser asks about', async () => {
  const { api, asked, tokens } = apiAnswering(Response.json({ ...lease, sessionToken: 'st2' }));
  expect(await api.beat(door)).toEqual({
    kind: 'renewed',
    lease: { ...lease, sessionToken: 'st2', degraded: false },
  });
  const [request] = asked;
  expect(request!.url).toBe(door.heartbeatUrl);
  expect(request!.headers.get('Authorization')).toBeNull();
  expect(request!.headers.get('Content-Type')).toBe('text/plain');
  expect(request!.credentials).toBe('omit');
  expect(await request!.json()).toEqual({ sessionToken: 'st' });
  expect(tokens).toEqual([]);
});

test.each([
  ['Lambda turns it away', new Response('{"Message":"Rate Exceeded."}', { status: 429 })],
  ['the function fails', new Response('Internal Server Error', { status: 502 })],
  ['nobody answers there', new TypeError('fetch failed')],
])('beats as the viewer when %s at the cheaper door', async (_, shut) => {
  const { api, asked } = apiAnswering(shut, Response.json(lease));
  expect(await api.beat(door)).toMatchObject({ kind: 'renewed' });
  expect(asked.map(({ url }) => url)).toEqual([door.heartbeatUrl, 'https://api.example/dev/heartbeats']);
  expect(await asked[1]!.json()).toEqual({ sessionToken: 'st' });
});

test('beats as the viewer where there is no other door, and tells a bad session token from a bad ID token', async () => {
  const { api, asked, tokens } = apiAnswering(
    problem(401, 'unauthenticated'),
    Response.json(lease),
    problem(401, 'invalid-session-token'),
  );
  expect(await api.beat({ sessionToken: 'st' })).toMatchObject({ kind: 'renewed' });
  await expect(api.beat({ sessionToken: 'st' })).rejects.toMatchObject({ slug: 'invalid-session-token' });
  expect(asked[0]!.url).toBe('https://api.example/dev/heartbeats');
  expect(tokens).toEqual([false, true, false]);
});

test('tells why a session is over, and takes it for no error when that is what was wanted', async () => {
  const { api, asked } = apiAnswering(
    problem(410, 'session-over', {}, { reason: 'superseded' }),
    problem(410, 'session-over', {}, { reason: 'expired' }),
    new Response(null, { status: 204 }),
  );
  expect(await api.beat(door)).toEqual({ kind: 'over', reason: 'superseded' });
  await api.endSession(door);
  await api.endSession({ sessionToken: 'st' });
  expect(await asked[1]!.json()).toEqual({ sessionToken: 'st', end: true });
  expect(await asked[2]!.json()).toEqual({ sessionToken: 'st', end: true });
});

test('a page that goes away ends its session by a beacon, or by a request that outlives it', async () => {
  const { api, asked, beacons, browser } = apiAnswering(
    new Response(null, { status: 204 }),
    new Response(null, { status: 204 }),
  );
  api.endOnLeaving(door);
  expect(beacons).toHaveLength(1);
  expect(beacons[0]!.url).toBe(door.heartbeatUrl);
  expect(JSON.parse(beacons[0]!.text)).toEqual({ sessionToken: 'st', end: true });

  browser.takesBeacons = false;
  api.endOnLeaving(door);
  api.endOnLeaving({ sessionToken: 'st' });
  await expect.poll(() => asked.length).toBe(2);
  expect(asked.map(({ url, keepalive }) => [url, keepalive])).toEqual([
    [door.heartbeatUrl, true],
    ['https://api.example/dev/heartbeats', true],
  ]);
});

test('reads which streams are live', async () => {
  const session = {
    sessionId: 's1',
    deviceId: 'd',
    playerId: 'p',
    contentId: 'harbour',
    startedAt: aConflict.startedAt,
  };
  const streams = { limit: 2, sessions: [session], allowed: true, deviceCount: 1, interval: 0 };
  const { api } = apiAnswering(Response.json(streams));
  expect(await api.readStreams()).toEqual({ limit: 2, sessions: [session], deviceCount: 1 });
});

test('gives up on a page that never gives its ID token, for whoever waits to try again', async () => {
  const deadline = new AbortController();
  const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(deadline.signal);
  const { api, asked, browser } = apiAnswering();
  browser.givesTokens = false;
  const reading = api.readGrant();
  deadline.abort(new DOMException('It has timed out', 'TimeoutError'));
  await expect(reading).rejects.toThrow('timed out');
  expect(timeout).toHaveBeenCalledWith(15_000);
  expect(asked).toEqual([]);
});
