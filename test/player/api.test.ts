import { expect, test } from 'vitest';
import { createApi } from '../../player/src/api.ts';
import { delayAfter } from '../../player/src/backoff.ts';
import { Refusal, sentenceOf, SignInNeeded } from '../../player/src/problems.ts';
import { firstSnapshot } from '../../shared/domain/snapshots.ts';
import { loadCatalog } from '../../shared/catalog.ts';

const snapshot = firstSnapshot('ada', loadCatalog(), Date.parse('2026-11-22T10:00:00.000Z'));

/** An API that gives these answers one after the other, and what it was asked. */
function apiAnswering(...answers: readonly Response[]) {
  const asked: Request[] = [];
  const tokens: boolean[] = [];
  const remaining = [...answers];
  const api = createApi({
    apiUrl: 'https://api.example/dev',
    async idToken(options = { renewed: false }) {
      tokens.push(options.renewed);
      return options.renewed ? 'new' : 'old';
    },
    async fetch(input, init) {
      asked.push(new Request(input, init));
      return remaining.shift()!;
    },
  });
  return { api, asked, tokens };
}

const problem = (status: number, slug: string, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify({ type: `urn:usher:problem:${slug}`, title: 'No', status }), {
    status,
    headers,
  });

test('asks for what is newer than it knows, past every cache', async () => {
  const { api, asked } = apiAnswering(new Response(null, { status: 304 }));
  expect(await api.readEntitlements({ atLeast: 7, known: snapshot })).toBe(snapshot);
  expect(asked[0]!.url).toBe('https://api.example/dev/entitlements?atLeast=7');
  expect(asked[0]!.headers.get('If-None-Match')).toBe(`W/"0.0.${snapshot.catalogVersion}"`);
  expect(asked[0]!.headers.get('Authorization')).toBe('Bearer old');
  expect(asked[0]!.cache).toBe('no-store');
});

test('renews a refused ID token once', async () => {
  const { api, asked, tokens } = apiAnswering(problem(401, 'unauthenticated'), Response.json(snapshot));
  expect(await api.readEntitlements({ atLeast: 0, known: undefined })).toEqual(snapshot);
  expect(tokens).toEqual([false, true]);
  expect(asked[1]!.headers.get('Authorization')).toBe('Bearer new');
});

test('asks to sign in again when the renewed token is refused as well', async () => {
  const { api, asked } = apiAnswering(problem(401, 'unauthenticated'), problem(401, 'unauthenticated'));
  await expect(api.requestRecompute()).rejects.toThrow(SignInNeeded);
  expect(asked).toHaveLength(2);
});

test('tells how long to wait, and waits at least that long', async () => {
  const { api } = apiAnswering(problem(429, 'too-often', { 'Retry-After': '7' }));
  const refusal = await api.requestRecompute().then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(sentenceOf(refusal)).toBe('That was a little too often. Try again in 7 seconds.');
  expect(delayAfter(refusal, 0, () => 0)).toBe(7500);
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
