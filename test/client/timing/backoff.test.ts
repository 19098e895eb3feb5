import { expect, test } from 'vitest';
import { Refusal, SignInNeeded } from '../../../client/src/service/problems.ts';
import { delayAfter } from '../../../client/src/timing/backoff.ts';

const longest = (error: unknown, failures: number) => delayAfter(error, failures, () => 1);

test('waits up to twice as long after every failure, and never more than 30 s', () => {
  const away = new TypeError('no network');
  expect([0, 1, 2, 3, 4, 5, 20].map((failures) => longest(away, failures))).toEqual([
    1000, 2000, 4000, 8000, 16_000, 30_000, 30_000,
  ]);
});

test('spreads the players of an outage over the whole of that', () => {
  const waits = [0, 0.25, 0.5, 0.999].map((drawn) => delayAfter(new Error('outage'), 4, () => drawn));
  expect(waits).toEqual([0, 4000, 8000, 15_984]);
});

test('never comes back before the service wants it to', () => {
  const busy = new Refusal(503, 'unavailable', 'busy', 7);
  expect(delayAfter(busy, 0, () => 0)).toBe(7000);
  expect(longest(busy, 0)).toBe(8000);
});

test('waits five minutes at most, whatever something in between asks for', () => {
  for (const asked of [301, 86_400, 1e12, Infinity]) {
    expect(longest(new Refusal(503, '', 'closed for today', asked), 0)).toBe(301_000);
  }
});

test('does not try again when only signing in helps', () => {
  expect(delayAfter(new SignInNeeded(), 0, () => 0.5)).toBeUndefined();
});
