import { describe, expect, test } from 'vitest';
import { isAffected, refreshDelayMs, type Hearer } from '../../../client/src/entitlements/deferral.ts';
import type { Wave, WavePriority } from '../../../shared/domain/catalog-messages.ts';

const wave: Wave = {
  waveId: 'w1',
  state: 'start',
  catalogVersion: '2026-11-22.10',
  productIds: ['premium'],
  refreshWithinSeconds: 300,
  priority: 'normal',
};

const idle: Hearer = {
  catalogVersion: '2026-11-22.9',
  productIds: ['free', 'premium'],
  playingProductIds: [],
  hidden: false,
};
const playing: Hearer = { ...idle, playingProductIds: ['premium'] };

/** Stands for every player there could be: one for each of so many evenly spaced draws. */
function delaysOf(heard: Wave, player: Hearer, players: number): number[] {
  return Array.from({ length: players }, (_, n) => refreshDelayMs(heard, player, () => (n + 0.5) / players)!);
}

/** How many times as many as by an even spread fall into the busiest thirtieth of the window. */
function peakOf(priority: WavePriority, shareThatPlays: number): number {
  const parts = 30;
  const players = 60_000;
  const counts = Array<number>(parts).fill(0);
  const heard = { ...wave, priority };
  const delays = [
    ...delaysOf(heard, playing, Math.round(players * shareThatPlays)),
    ...delaysOf(heard, idle, Math.round(players * (1 - shareThatPlays))),
  ];
  for (const delayMs of delays) counts[Math.floor((delayMs / 300_000) * parts)]! += 1;
  return Math.max(...counts) / (players / parts);
}

describe('a wave concerns', () => {
  test('who holds one of its products, and everyone when it names none', () => {
    expect(isAffected(wave, idle)).toBe(true);
    expect(isAffected(wave, { ...idle, productIds: ['free'] })).toBe(false);
    expect(isAffected({ ...wave, productIds: [] }, { ...idle, productIds: [] })).toBe(true);
  });

  test('nobody who has read the catalogue it leads to, or a newer one', () => {
    for (const catalogVersion of ['2026-11-22.10', '2026-11-22.11', '2026-11-23.1']) {
      expect(refreshDelayMs(wave, { ...idle, catalogVersion }, Math.random)).toBeUndefined();
    }
  });

  test('nobody who is about to read anyway, and nobody when it is an abort', () => {
    expect(refreshDelayMs(wave, { ...idle, catalogVersion: undefined }, Math.random)).toBeUndefined();
    expect(refreshDelayMs({ ...wave, state: 'abort' }, playing, Math.random)).toBeUndefined();
  });
});

describe('a tab that nobody sees', () => {
  test('waits until it is shown', () => {
    for (const priority of ['high', 'normal', 'low'] as const) {
      expect(refreshDelayMs({ ...wave, priority }, { ...idle, hidden: true }, Math.random)).toBeUndefined();
    }
  });

  test('refreshes like any other if it plays what has changed', () => {
    const draw = () => 0.5;
    expect(refreshDelayMs(wave, { ...playing, hidden: true }, draw)).toBe(
      refreshDelayMs(wave, playing, draw),
    );
    const playsOther = { ...idle, productIds: ['free', 'premium'], playingProductIds: ['free'] };
    expect(refreshDelayMs(wave, { ...playsOther, hidden: true }, draw)).toBeUndefined();
    expect(refreshDelayMs({ ...wave, productIds: [] }, { ...playsOther, hidden: true }, draw)).toBe(50_000);
  });
});

describe('the window', () => {
  test.each([
    ['high', 30],
    ['normal', 100],
    ['low', 300],
  ] as const)(
    'at priority %s has those that play what has changed in its first %i seconds',
    (priority, s) => {
      const delays = delaysOf({ ...wave, priority }, playing, 1000);
      expect(Math.min(...delays)).toBeLessThan(s);
      expect(Math.max(...delays)).toBeGreaterThan(s * 999);
      expect(Math.max(...delays)).toBeLessThan(s * 1000);
    },
  );

  test('has the others up to its end, and nobody beyond', () => {
    for (const priority of ['high', 'normal', 'low'] as const) {
      const delays = delaysOf({ ...wave, priority }, idle, 1000);
      expect(Math.max(...delays)).toBeGreaterThan(299_000);
      expect(Math.max(...delays)).toBeLessThan(300_000);
    }
    expect(Math.min(...delaysOf({ ...wave, priority: 'high' }, idle, 1000))).toBeGreaterThanOrEqual(30_000);
  });

  test.each([
    ['high', 0.12],
    ['normal', 0.25],
    ['low', 1],
  ] as const)(
    'at priority %s nowhere takes 1.2 times the even spread, while a share of up to %f plays',
    (priority, bound) => {
      for (let tenths = 0; tenths <= 10; tenths++) {
        expect(peakOf(priority, (bound * tenths) / 10)).toBeLessThan(1.21);
      }
    },
  );

  test('is exactly even at normal when one in six plays', () => {
    expect(peakOf('normal', 1 / 6)).toBeCloseTo(1, 2);
  });

  test('of no length means at once', () => {
    for (const player of [idle, playing]) {
      expect(refreshDelayMs({ ...wave, refreshWithinSeconds: 0 }, player, () => 0.9)).toBe(0);
    }
  });
});
