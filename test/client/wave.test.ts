import { beforeAll, describe, expect, test } from 'vitest';
import { readSnapshot } from '../../shared/entitlements/read-snapshot.ts';
import { recompute } from '../../shared/entitlements/recompute.ts';
import { catalogOf, product } from '../support/catalogs.ts';
import { memoryWorld, purchase } from '../support/world.ts';
import { simulateWave, type Reason, type WaveRun } from './wave-simulation.ts';

const SECONDS = 300;
const WINDOW_MS = SECONDS * 1000;
const wave = { waveId: 'w1', state: 'start', refreshWithinSeconds: SECONDS, priority: 'normal' } as const;
const crowd = { plays: 0.2, hidden: 0.15, readsAnyway: 0.05, seed: 20_261_122 };

/** How many times as many as by an even spread come in the busiest second of the window. */
function peakOf(timesMs: readonly number[]): number {
  const inWindow = timesMs.filter((atMs) => atMs < WINDOW_MS);
  const counts = Array<number>(SECONDS).fill(0);
  for (const atMs of inWindow) counts[Math.floor(atMs / 1000)]! += 1;
  return Math.max(...counts) / (inWindow.length / SECONDS);
}

const timesOf = ({ reads }: WaveRun, reason?: Reason) =>
  reads.filter((read) => reason === undefined || read.reason === reason).map(({ atMs }) => atMs);

/** Told without showing them: there are a hundred thousand. */
const sameTimes = (some: readonly number[], others: readonly number[]) => some.join() === others.join();

describe('a wave over 100,000 players', () => {
  let run: WaveRun;
  beforeAll(async () => {
    run = await simulateWave(wave, { ...crowd, players: 100_000 });
  }, 60_000); // as long as a test may take: a hundred thousand on a busy machine

  test('brings no more than 1.5 times the even spread in its busiest second', () => {
    expect(run.reads.length).toBeGreaterThan(100_000);
    expect(peakOf(timesOf(run))).toBeLessThanOrEqual(1.5);
    expect(peakOf(timesOf(run, 'wave'))).toBeLessThanOrEqual(1.5);
  });

  test('has each answer computed when it is read, by the new catalogue, and none before', () => {
    expect(sameTimes(run.computedAtMs, timesOf(run))).toBe(true);
    expect(new Set(run.reads.map(({ snapshot }) => snapshot.catalogVersion))).toEqual(
      new Set(['2026-11-22.2']),
    );
    expect(run.reads.every(({ snapshot, provisional }) => provisional && snapshot.version === 1)).toBe(true);
    expect(run.reads.every(({ snapshot }) => snapshot.access.features['quality'] === 'uhd')).toBe(true);
  });

  test('has the recomputes that are asked for spread as evenly as the reads', () => {
    expect(sameTimes(run.recomputesAtMs, timesOf(run))).toBe(true);
    expect(peakOf(run.recomputesAtMs)).toBeLessThanOrEqual(1.5);
  });

  test('reaches everybody: by its end who was seen has read, and who is shown later reads then', () => {
    const late = timesOf(run, 'wave').filter((atMs) => atMs >= WINDOW_MS + 500);
    expect(late).toEqual([]);
    const readers = new Set(run.reads.map(({ snapshot }) => snapshot.accountId));
    expect(readers.size).toBe(100_000);
  });

  test('asks nobody who has read meanwhile', () => {
    const readers = new Set<string>();
    let twice = 0;
    for (const { reason, snapshot } of run.reads) {
      if (reason === 'wave' && readers.has(snapshot.accountId)) twice += 1;
      readers.add(snapshot.accountId);
    }
    expect(twice).toBe(0);
    expect(timesOf(run, 'anyway').length).toBeGreaterThan(4000);
  });
});

test('a wave that is aborted half-way brings no further reads; who shows a tab still reads', async () => {
  const run = await simulateWave(wave, { ...crowd, players: 10_000, abortedAtMs: WINDOW_MS / 2 });
  const afterwards = run.reads.filter(({ atMs }) => atMs >= WINDOW_MS / 2);
  expect(timesOf(run, 'wave').length).toBeGreaterThan(3000);
  expect(afterwards.filter(({ reason }) => reason === 'wave')).toEqual([]);
  expect(afterwards.filter(({ reason }) => reason === 'shown').length).toBeGreaterThan(500);
});

test('what the recompute then announces is what the player has read, as the very next version', async () => {
  const world = memoryWorld({ catalog: catalogOf([product()]) });
  await recompute(world, 'ada', [purchase()]);
  world.published.length = 0;

  const catalog = catalogOf([product({ features: { quality: 'uhd' } })], { catalogVersion: '2026-11-22.2' });
  const { snapshot } = await readSnapshot({ ...world, catalog }, 'ada');
  await recompute({ ...world, catalog }, 'ada');

  expect(snapshot.version).toBe(1);
  expect(world.published).toMatchObject([
    { type: 'entitlement.updated', epoch: snapshot.epoch, version: 2, data: snapshot.entitlements[0] },
  ]);
});

test('an account that holds nothing of what changed is told nothing', async () => {
  const world = memoryWorld({ catalog: catalogOf([product(), product({ productId: 'sports' })]) });
  await recompute(world, 'ada', [purchase()]);
  world.published.length = 0;

  const changed = product({ productId: 'sports', grants: ['sports'] });
  const catalog = catalogOf([product(), changed], { catalogVersion: '2026-11-22.2' });
  const reading = await readSnapshot({ ...world, catalog }, 'ada');
  await recompute({ ...world, catalog }, 'ada');

  expect(reading).toMatchObject({
    provisional: false,
    snapshot: { version: 1, catalogVersion: '2026-11-22.2' },
  });
  expect(world.published).toEqual([]);
});
