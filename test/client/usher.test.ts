import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SignInNeeded } from '../../client/src/service/problems.ts';
import { createUsher, type UsherOptions } from '../../client/src/usher.ts';
import { firstSnapshot } from '../../shared/domain/snapshots.ts';
import { catalogOf } from '../support/catalogs.ts';

/** A page whose service knows its configuration and nobody's streams; `asked` keeps what it is asked for. */
function openPage(options: Partial<UsherOptions> = {}) {
  const asked: string[] = [];
  const document = Object.assign(new EventTarget(), { hidden: false });
  vi.stubGlobal('document', document);
  vi.stubGlobal('addEventListener', document.addEventListener.bind(document));
  vi.stubGlobal('fetch', async (url: string) => {
    if (url === '/config.json') return Response.json({ apiUrl: 'https://api.example' });
    asked.push(url.replace('https://api.example', ''));
    return url.endsWith('/concurrency')
      ? Response.json({ limit: 2, sessions: [], deviceCount: 0 })
      : Response.json({}, { status: 503, headers: { 'Retry-After': '3600' } });
  });
  const usher = createUsher({ configUrl: '/config.json', idToken: async () => 'token', ...options });
  return { usher, reads: () => asked.filter((path) => path === '/concurrency').length };
}

const settle = () => vi.advanceTimersByTimeAsync(1);

/** A browser that has kept the account's last known answer. */
function keepSnapshot(accountId: string): ReadonlyMap<string, string> {
  const nowMs = Date.now();
  const kept = { snapshot: firstSnapshot(accountId, catalogOf([]), nowMs), confirmedAtMs: nowMs };
  const items = new Map([
    [`usher.kept.${accountId}`, JSON.stringify({ ...kept, seenAtMs: nowMs, offsetMs: 0, isMeasured: true })],
  ]);
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, text: string) => void items.set(key, text),
    removeItem: (key: string) => void items.delete(key),
  });
  return items;
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('reads which streams are live for those alone who listen, for as long as they do', async () => {
  const { usher, reads } = openPage();
  usher.start();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(reads()).toBe(0);

  const told = vi.fn<() => void>();
  const cancel = usher.on('streams', told);
  await vi.advanceTimersByTimeAsync(30_001);
  expect(reads()).toBe(3);
  expect(told).toHaveBeenCalledTimes(3);
  cancel();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(reads()).toBe(3);
  expect(usher.streams).toMatchObject({ limit: 2 });
  await usher.stop();
});

test('reads them for one who listened before the start, and not any more after the end', async () => {
  const { usher, reads } = openPage();
  usher.on('streams', () => {});
  await settle();
  expect(reads()).toBe(0);
  usher.start();
  usher.start(); // changes nothing
  await settle();
  expect(reads()).toBe(1);
  await usher.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(reads()).toBe(1);
});

test('keeps a worker for its timers from the start to the end, and another after the next start', async () => {
  const workers: { readonly terminate: () => void }[] = [];
  const terminated: unknown[] = [];
  vi.stubGlobal(
    'Worker',
    class {
      constructor() {
        workers.push(this);
      }
      addEventListener() {}
      postMessage() {}
      terminate() {
        terminated.push(this);
      }
    },
  );
  const { usher } = openPage();
  expect(workers).toHaveLength(0);
  usher.start();
  await settle();
  expect(workers).toHaveLength(1);
  await usher.stop();
  expect(terminated).toEqual(workers);
  usher.start();
  await settle();
  expect(workers).toHaveLength(2);
  await usher.stop();
  expect(terminated).toEqual(workers);
});

test('starts, and tries again, although the page throws when it is asked for a token', async () => {
  let isThrowing = true;
  const { usher, reads } = openPage({
    idToken() {
      if (isThrowing) throw new TypeError('not ready');
      return Promise.resolve('token');
    },
  });
  usher.on('streams', () => {});
  usher.start();
  await settle();
  expect(reads()).toBe(0);
  isThrowing = false;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(reads()).toBeGreaterThan(0);
  await usher.stop();
});

test('stops where the page says at once, and not later, that only signing in helps', async () => {
  const { usher } = openPage({
    idToken() {
      throw new SignInNeeded();
    },
  });
  const stopped = vi.fn<(error: unknown) => void>();
  usher.on('stopped', stopped);
  usher.start();
  await settle();
  expect(stopped).toHaveBeenCalledExactlyOnceWith(expect.any(SignInNeeded));
});

test('leaves nothing of the account behind when the viewer signs out after it has stopped by itself', async () => {
  const items = keepSnapshot('ada');
  const { usher } = openPage({ accountId: 'ada', idToken: () => Promise.reject(new SignInNeeded()) });
  usher.start();
  expect(usher.entitlements.standing).toBe('stale');
  await settle();
  expect(items.size).toBe(1); // the session is over, the viewer has not gone
  await usher.stop({ forget: true });
  expect(items.size).toBe(0);
  expect(usher.entitlements).toEqual({ standing: 'unknown' });
});

test('shows no streams of an account that is forgotten', async () => {
  const { usher } = openPage();
  usher.on('streams', () => {});
  usher.start();
  await settle();
  expect(usher.streams).toMatchObject({ limit: 2 });
  await usher.stop();
  expect(usher.streams).toMatchObject({ limit: 2 });
  await usher.stop({ forget: true });
  expect(usher.streams).toBeUndefined();
});

test('can be stopped by who is told of its first moments, and be started again', async () => {
  const { usher, reads } = openPage();
  usher.on('streams', () => {});
  const cancel = usher.on('connection', () => {
    cancel();
    void usher.stop();
  });
  usher.start();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(reads()).toBeLessThanOrEqual(1);
  expect(usher.connection).toBe('offline');
  usher.start();
  await vi.advanceTimersByTimeAsync(30_001);
  expect(reads()).toBeGreaterThanOrEqual(3);
  await usher.stop();
});
