import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createUsher } from '../../client/src/usher.ts';

/** A page whose service knows its configuration and nobody's streams; `asked` keeps what it is asked for. */
function openPage() {
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
  const usher = createUsher({ configUrl: '/config.json', idToken: async () => 'token' });
  return { usher, reads: () => asked.filter((path) => path === '/concurrency').length };
}

const settle = () => vi.advanceTimersByTimeAsync(1);

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
