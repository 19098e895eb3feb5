import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { followCatalog } from '../../../client/src/service/follow-catalog.ts';
import type { Catalog } from '../../../shared/domain/catalog.ts';

const catalogAt = (count: number): Catalog => ({
  catalogVersion: `2026-11-22.${count}`,
  products: [],
  contents: [],
});

/** Answers with what is next in line, and then always with the last. */
function createWorld(...answers: (Catalog | Promise<Catalog> | Error)[]) {
  const told: string[] = [];
  let reads = 0;
  const live = followCatalog(
    {
      async read() {
        const answer = await answers[Math.min(reads++, answers.length - 1)]!;
        if (answer instanceof Error) throw answer;
        return answer;
      },
      after(delayMs, act) {
        const timer = setTimeout(act, delayMs);
        return () => clearTimeout(timer);
      },
      delayAfter: () => 1000,
    },
    ({ catalogVersion }) => told.push(catalogVersion),
  );
  return { live, told, reads: () => reads };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('reads again when somebody speaks of a newer one, and tells of it', async () => {
  const { live, told } = createWorld(catalogAt(1), catalogAt(2));
  await live.read();
  live.hear('2026-11-22.1');
  live.hear('2026-11-22.2');
  await settle();
  expect(told).toEqual(['2026-11-22.2']);
});

test('reads nothing for those who have never asked for it', async () => {
  const { live, reads } = createWorld(catalogAt(1));
  live.hear('2026-11-22.2');
  await settle();
  expect(reads()).toBe(0);
});

test('keeps asking while the answer is older than what was spoken of, as one that the browser has kept', async () => {
  const { live, told } = createWorld(
    catalogAt(1),
    catalogAt(1),
    new Error('503'),
    catalogAt(1),
    catalogAt(2),
  );
  await live.read();
  live.hear('2026-11-22.2');
  await vi.advanceTimersByTimeAsync(2999);
  expect(told).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(told).toEqual(['2026-11-22.2']);
});

test('does not miss what is spoken of while it reads', async () => {
  const answer = Promise.withResolvers<Catalog>();
  const { live, told } = createWorld(catalogAt(1), answer.promise, catalogAt(3));
  await live.read();
  live.hear('2026-11-22.2');
  live.hear('2026-11-22.3');
  answer.resolve(catalogAt(2));
  await vi.advanceTimersByTimeAsync(1000);
  expect(told).toEqual(['2026-11-22.2', '2026-11-22.3']);
});

test('lets be a version that nobody sells any more, until somebody speaks of it again', async () => {
  const { live, reads } = createWorld(catalogAt(1));
  await live.read();
  live.hear('2026-11-22.2');
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(reads()).toBe(12);
  live.hear('2026-11-22.2');
  await settle();
  expect(reads()).toBe(13);
});

test('asks for nothing once it is stopped', async () => {
  const { live, reads } = createWorld(catalogAt(1));
  await live.read();
  live.hear('2026-11-22.2');
  await settle();
  live.stop();
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(reads()).toBe(2);
});

test.for([
  ['waits to ask again', 500],
  ['is asking', 0],
] as const)(
  'asks again when somebody speaks of a newer one after it was stopped while it %s',
  async ([, ms]) => {
    const { live, told, reads } = createWorld(catalogAt(1), catalogAt(1), catalogAt(1), catalogAt(2));
    await live.read();
    live.hear('2026-11-22.2');
    if (ms) await vi.advanceTimersByTimeAsync(ms);
    live.stop();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(reads()).toBe(2);
    live.hear('2026-11-22.2');
    await vi.advanceTimersByTimeAsync(1000);
    expect(told).toEqual(['2026-11-22.2']);
  },
);
