import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { steadyTimers } from '../../../client/src/timing/timers.ts';

/** A worker whose answers a test gives. */
function createWorker() {
  const asked: { readonly id: number; readonly delayMs: number }[] = [];
  let hear: (event: { readonly data: unknown }) => void = () => {};
  let ended = 0;
  const worker: ReturnType<Parameters<typeof steadyTimers>[0]> = {
    postMessage: (message) => void asked.push(message),
    addEventListener(_, listener) {
      hear = listener;
    },
    terminate: () => ended++,
  };
  const opened = vi.fn<() => typeof worker>(() => worker);
  const timers = steadyTimers(opened);
  return { ...timers, opened, asked, answer: (id: number) => hear({ data: id }), ended: () => ended };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('calls back once, by the worker’s clock where the page’s own is slowed down', () => {
  const { start, after, asked, answer } = createWorker();
  const act = vi.fn<() => void>();
  start();
  after(15_000, act);
  expect(asked).toEqual([{ id: 1, delayMs: 15_000 }]);
  answer(1);
  expect(act).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(60_000);
  answer(1);
  expect(act).toHaveBeenCalledTimes(1);
});

test('calls back by the page’s own clock where the worker does not answer, and where none can be made', () => {
  const { start, after, answer } = createWorker();
  const without = steadyTimers(() => undefined);
  const act = vi.fn<() => void>();
  start();
  after(15_000, act);
  without.start();
  without.after(15_000, act);
  vi.advanceTimersByTime(15_000);
  answer(1);
  expect(act).toHaveBeenCalledTimes(2);
});

test('does not take what is further away than timers reach for what is due', () => {
  const { start, after, asked } = createWorker();
  const act = vi.fn<() => void>();
  start();
  for (const delayMs of [2 ** 31, 1e15, Infinity]) after(delayMs, act);
  vi.advanceTimersByTime(24 * 86_400_000);
  expect(act).not.toHaveBeenCalled();
  expect(asked.map(({ delayMs }) => delayMs)).toEqual(Array.from({ length: 3 }, () => 2 ** 31 - 1));
});

test('does not call back what was cancelled, and keeps the others', () => {
  const { start, after, answer } = createWorker();
  start();
  const [cancelled, kept] = [vi.fn<() => void>(), vi.fn<() => void>()];
  const cancel = after(1000, cancelled);
  after(1000, kept);
  cancel();
  answer(1);
  answer(2);
  vi.advanceTimersByTime(1000);
  expect(cancelled).not.toHaveBeenCalled();
  expect(kept).toHaveBeenCalledTimes(1);
});

test('ends its worker when it is stopped, keeps what waits, and takes another when it is started again', () => {
  const { start, stop, after, opened, asked, ended } = createWorker();
  const act = vi.fn<() => void>();
  start();
  start();
  expect(opened).toHaveBeenCalledTimes(1);
  after(1000, act);
  stop();
  expect(ended()).toBe(1);
  after(1000, act);
  expect(asked).toHaveLength(1);
  vi.advanceTimersByTime(1000);
  expect(act).toHaveBeenCalledTimes(2);
  start();
  expect(opened).toHaveBeenCalledTimes(2);
  after(1000, act);
  expect(asked).toHaveLength(2);
});
