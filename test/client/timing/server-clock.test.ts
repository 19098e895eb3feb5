import { expect, test } from 'vitest';
import { createServerClock } from '../../../client/src/timing/server-clock.ts';

const NOW = Date.parse('2026-11-22T10:00:00.000Z');
const HOUR_MS = 3_600_000;

/** A device whose clocks a test moves: both as time passes, one alone when it is set or when the device sleeps. */
function createDevice({ wrongByMs = 0 } = {}) {
  let nowMs = NOW + wrongByMs;
  let steadyMs = 5000;
  return {
    clock: createServerClock({ now: () => nowMs, steadyNow: () => steadyMs }),
    pass: (ms: number) => {
      nowMs += ms;
      steadyMs += ms;
    },
    setBy: (ms: number) => void (nowMs += ms),
  };
}

test('trusts the device’s clock until the service says otherwise', () => {
  const { clock } = createDevice();
  expect(clock.now()).toBe(NOW);
});

test('takes the answer’s moment for the middle of the call', () => {
  const { clock, pass } = createDevice({ wrongByMs: -HOUR_MS });
  const sentAtMs = clock.now();
  pass(400);
  clock.measure(NOW + 200, sentAtMs);
  expect(clock.now()).toBe(NOW + 400);
});

test('keeps what a slower call does not contradict', () => {
  const { clock, pass } = createDevice({ wrongByMs: HOUR_MS });
  clock.measure(NOW, clock.now());
  const sentAtMs = clock.now();
  pass(10_000);
  clock.measure(NOW + 9000, sentAtMs);
  expect(clock.now()).toBe(NOW + 10_000);
});

test('a clock that is set back stops nothing, and calls for another measurement once', () => {
  const { clock, pass, setBy } = createDevice();
  expect(clock.hasJumped()).toBe(false);
  setBy(-HOUR_MS);
  expect(clock.now()).toBe(NOW);
  expect(clock.hasJumped()).toBe(true);
  expect(clock.hasJumped()).toBe(false);
  pass(1000);
  expect(clock.now()).toBe(NOW + 1000);
});

test('a clock that goes forward alone is a device that slept: time has passed', () => {
  const { clock, setBy } = createDevice();
  setBy(HOUR_MS);
  expect(clock.now()).toBe(NOW + HOUR_MS);
  expect(clock.hasJumped()).toBe(true);
});

test('a call in the middle of which the clock was set is no measurement', () => {
  const { clock, setBy } = createDevice();
  clock.measure(NOW, clock.now());
  const sentAtMs = clock.now();
  setBy(HOUR_MS);
  expect(clock.measure(NOW, sentAtMs)).toBeUndefined();
  expect(clock.hasJumped()).toBe(true);
  expect(clock.measure(NOW, clock.now())).toBe(0);
  expect(clock.now()).toBe(NOW);
});

test('what a clock gave that was wrong before the device slept is mended by as much as it was wrong', () => {
  const { clock, setBy, pass } = createDevice({ wrongByMs: -HOUR_MS });
  setBy(600_000);
  pass(1000);
  expect(clock.measure(NOW + 601_000, clock.now())).toBe(HOUR_MS);
});

test('what has lasted here has lasted for as long whatever the service says, also through a sleep', () => {
  const { clock, pass, setBy } = createDevice({ wrongByMs: -HOUR_MS });
  const sinceMs = clock.elapsedMs();
  pass(1000);
  clock.measure(NOW + 1000, clock.now());
  expect(clock.elapsedMs() - sinceMs).toBe(1000);
  setBy(600_000); // asleep
  expect(clock.elapsedMs() - sinceMs).toBe(601_000);
  setBy(-HOUR_MS);
  pass(1000);
  expect(clock.elapsedMs() - sinceMs).toBe(602_000);
});

test('clocks that merely drift are left alone', () => {
  const { clock, setBy } = createDevice();
  setBy(-900);
  expect(clock.now()).toBe(NOW - 900);
  expect(clock.hasJumped()).toBe(false);
});

test('goes on from what an earlier page knew, and never from before what it saw', () => {
  const first = createDevice({ wrongByMs: -HOUR_MS });
  first.clock.measure(NOW, first.clock.now());
  first.pass(60_000);
  const mark = first.clock.mark();
  expect(mark).toEqual({ offsetMs: HOUR_MS, seenAtMs: NOW + 60_000, isMeasured: true });

  const later = createDevice({ wrongByMs: -HOUR_MS });
  later.pass(90_000);
  later.clock.resume(mark);
  expect(later.clock.now()).toBe(NOW + 90_000);

  const setBack = createDevice({ wrongByMs: -48 * HOUR_MS });
  setBack.clock.resume(mark);
  expect(setBack.clock.now()).toBe(NOW + 60_000);
  setBack.pass(1000);
  expect(setBack.clock.now()).toBe(NOW + 61_000);
});
