import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { followStreams } from '../../../client/src/playback/streams.ts';
import type { Streams } from '../../../client/src/service/session-answers.ts';

const streams = (deviceCount: number): Streams => ({ limit: 2, sessions: [], deviceCount });

function createWorld() {
  const shown: number[] = [];
  const answers: (Promise<Streams> | Error)[] = [];
  const page = { isSeen: true, reads: 0 };
  const live = followStreams(
    {
      async read() {
        page.reads++;
        const answer = answers.shift() ?? streams(page.reads);
        if (answer instanceof Error) throw answer;
        return answer;
      },
      after(delayMs, act) {
        const timer = setTimeout(act, delayMs);
        return () => clearTimeout(timer);
      },
      delayAfter: (error) => (error instanceof RangeError ? undefined : 1000),
      isSeen: () => page.isSeen,
    },
    ({ deviceCount }) => shown.push(deviceCount),
  );
  return { live, shown, answers, page };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('reads at once, now and then, and whenever told', async () => {
  const { live, shown } = createWorld();
  await settle();
  expect(shown).toEqual([1]);
  await vi.advanceTimersByTimeAsync(15_000);
  expect(shown).toEqual([1, 2]);
  live.refresh();
  await settle();
  expect(shown).toEqual([1, 2, 3]);
});

test('reads once more for all that it is told of during a read', async () => {
  const { live, shown, answers, page } = createWorld();
  await settle();
  const answer = Promise.withResolvers<Streams>();
  answers.push(answer.promise);
  live.refresh();
  live.refresh();
  live.refresh();
  answer.resolve(streams(9));
  await settle();
  expect(shown).toEqual([1, 9, 3]);
  expect(page.reads).toBe(3);
});

test('keeps what it shows when a read fails, and tries again later', async () => {
  const { live, shown, answers } = createWorld();
  await settle();
  answers.push(new TypeError('Failed to fetch'));
  live.refresh();
  await settle();
  expect(shown).toEqual([1]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(shown).toEqual([1, 3]);
});

test('reads nothing while nobody looks, nor once it is stopped', async () => {
  const { live, shown, page } = createWorld();
  await settle();
  page.isSeen = false;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(shown).toEqual([1]);
  page.isSeen = true;
  await vi.advanceTimersByTimeAsync(15_000);
  expect(shown).toEqual([1, 2]);
  live.stop();
  live.refresh();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(shown).toEqual([1, 2]);
});
