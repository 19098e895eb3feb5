import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Hearer } from '../../../client/src/entitlements/deferral.ts';
import { createWaves } from '../../../client/src/entitlements/waves.ts';
import type { Wave } from '../../../shared/domain/catalog-messages.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const wave: Wave = {
  waveId: 'w1',
  state: 'start',
  catalogVersion: '2026-11-22.2',
  productIds: ['premium'],
  refreshWithinSeconds: 300,
  priority: 'low',
};
const abort: Wave = { ...wave, state: 'abort' };

/** A player that holds what has changed, and draws the middle of the window. */
function createPlayer(changes: Partial<Hearer> = {}) {
  const hearer: Hearer = {
    catalogVersion: '2026-11-22.1',
    productIds: ['premium'],
    playingProductIds: [],
    hidden: false,
    ...changes,
  };
  const turns: string[] = [];
  const waves = createWaves(
    {
      after(delayMs, act) {
        const timer = setTimeout(act, delayMs);
        return () => clearTimeout(timer);
      },
      random: () => 0.5,
      hearer: () => hearer,
    },
    ({ waveId }) => turns.push(waveId),
  );
  return { waves, turns };
}

const HALF_MS = 150_000;

test('comes to its turn at the moment that it drew, and once, however often the message comes', () => {
  const { waves, turns } = createPlayer();
  waves.hear(wave);
  waves.hear(wave);
  expect(waves.arePending).toBe(true);
  vi.advanceTimersByTime(HALF_MS - 1);
  expect(turns).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(turns).toEqual(['w1']);
  expect(waves.arePending).toBe(false);
  waves.hear(wave);
  vi.advanceTimersByTime(600_000);
  expect(turns).toEqual(['w1']);
});

test('has no turn after an abort, however late the start comes', () => {
  const { waves, turns } = createPlayer();
  waves.hear(wave);
  waves.hear(abort);
  expect(waves.arePending).toBe(false);
  waves.hear(wave);
  const other = createPlayer();
  other.waves.hear(abort);
  other.waves.hear(wave);
  vi.advanceTimersByTime(600_000);
  expect([...turns, ...other.turns]).toEqual([]);
});

test('has its turn in every other wave than the one that was aborted', () => {
  const { waves, turns } = createPlayer();
  waves.hear(wave);
  waves.hear({ ...wave, waveId: 'w2' });
  waves.hear(abort);
  vi.advanceTimersByTime(HALF_MS);
  expect(turns).toEqual(['w2']);
});

test('a tab that nobody sees has its turn when it is shown, once, and none after an abort', () => {
  const { waves, turns } = createPlayer({ hidden: true });
  waves.hear(wave);
  waves.hear({ ...wave, waveId: 'w2' });
  vi.advanceTimersByTime(600_000);
  expect(turns).toEqual([]);
  expect(waves.arePending).toBe(true);
  waves.hear(abort);
  waves.shown();
  waves.shown();
  expect(turns).toEqual(['w2']);
  expect(waves.arePending).toBe(false);
});

test('a tab that nobody sees has its turn like any other if it plays what has changed', () => {
  const { waves, turns } = createPlayer({ hidden: true, playingProductIds: ['premium'] });
  waves.hear(wave);
  vi.advanceTimersByTime(HALF_MS);
  expect(turns).toEqual(['w1']);
});

test('whom the wave does not concern reads the catalogue in its window all the same, and not with everyone at once', () => {
  const { waves, turns } = createPlayer({ productIds: [] });
  waves.hear(wave);
  vi.advanceTimersByTime(HALF_MS - 1);
  expect(turns).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(turns).toEqual(['w1']);
});

test('has no turn any more once it is stopped', () => {
  const { waves, turns } = createPlayer();
  const hidden = createPlayer({ hidden: true });
  waves.hear(wave);
  hidden.waves.hear(wave);
  waves.stop();
  hidden.waves.stop();
  hidden.waves.shown();
  vi.advanceTimersByTime(600_000);
  expect([...turns, ...hidden.turns]).toEqual([]);
  expect(waves.arePending || hidden.waves.arePending).toBe(false);
});
