import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { steadyTimers } from '../../../client/src/timing/timers.ts';

/** A worker whose answers a test gives. */
function createWorker() {
  const asked: { readonly id: number; readonly delayMs: number }[] = [];
  let hear: (event: { readonly data: unknown }) => void = () => {};
  const worker: Parameters<typeof steadyTimers>[0] = {
    postMessage: (message) => void asked.push(message),
    addEventListener(_, listener) {
      hear = listener;
    },
  };
  return { worker, asked, answer: (id: number) => hear({ data: id }) };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('calls back once, by the worker’s clock where the page’s own is slowed down', () => {
  const { worker, asked, answer } = createWorker();
  const act = vi.fn<() => void>();
  steadyTimers(worker)(15_000, act);
  expect(asked).toEqual([{ id: 1, delayMs: 15_000 }]);
  answer(1);
  expect(act).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(60_000);
  answer(1);
  expect(act).toHaveBeenCalledTimes(1);
});

test('calls back by the page’s own clock where the worker does not answer, and where none can be made', () => {
  const { worker, answer } = createWorker();
  const act = vi.fn<() => void>();
  steadyTimers(worker)(15_000, act);
  steadyTimers(undefined)(15_000, act);
  vi.advanceTimersByTime(15_000);
  answer(1);
  expect(act).toHaveBeenCalledTimes(2);
});

test('does not call back what was cancelled, and keeps the others', () => {
  const { worker, answer } = createWorker();
  const after = steadyTimers(worker);
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
