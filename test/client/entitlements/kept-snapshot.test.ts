import { expect, test } from 'vitest';
import { keptSnapshots, type Kept } from '../../../client/src/entitlements/kept-snapshot.ts';
import { firstSnapshot } from '../../../shared/domain/snapshots.ts';
import { catalogOf } from '../../support/catalogs.ts';

const NOW = Date.parse('2026-11-22T10:00:00.000Z');
const HOUR_MS = 3_600_000;

/** What a tab keeps that was confirmed so many hours ago. */
const keptAt = (version: number, hoursAgo: number): Kept => ({
  snapshot: { ...firstSnapshot('ada', catalogOf([]), NOW), version },
  confirmedAtMs: NOW - hoursAgo * HOUR_MS,
  seenAtMs: NOW,
  offsetMs: 0,
  isMeasured: true,
});

/** Two tabs of one browser. */
function twoTabs() {
  const items = new Map<string, string>();
  const storage = {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, text: string) => void items.set(key, text),
    removeItem: (key: string) => void items.delete(key),
  };
  const open = () => keptSnapshots(() => storage);
  return { one: open(), other: open(), next: () => open().read('ada') };
}

test('a tab that cannot be confirmed does not make the grace of the next page shorter', () => {
  const { one, other, next } = twoTabs();
  one.write(keptAt(3, 50));
  other.write(keptAt(3, 0));
  one.write(keptAt(3, 50));
  expect(next()!.confirmedAtMs).toBe(NOW);
});

test('a newer answer is kept with the latest time at which the service stood by any', () => {
  const { one, other, next } = twoTabs();
  other.write(keptAt(3, 0));
  one.write(keptAt(4, 1));
  expect(next()).toMatchObject({ snapshot: { version: 4 }, confirmedAtMs: NOW });
  other.write(keptAt(3, 0));
  expect(next()).toMatchObject({ snapshot: { version: 4 }, confirmedAtMs: NOW });
});

test('an older answer takes nothing from a newer one, and gives it nothing', () => {
  const { one, other, next } = twoTabs();
  one.write(keptAt(4, 2));
  other.write(keptAt(3, 1));
  expect(next()).toEqual(keptAt(4, 2));
});

test('a tab that has fallen behind leaves what is newer as it is, however often it keeps its own', () => {
  const { one, other, next } = twoTabs();
  other.write(keptAt(4, 0));
  for (let times = 0; times < 3; times++) one.write(keptAt(3, 1));
  expect(next()).toEqual(keptAt(4, 0));
});

test('what another tab saw confirmed stays so, however often a tab that could not be keeps its own', () => {
  const { one, other, next } = twoTabs();
  other.write(keptAt(3, 0));
  for (let times = 0; times < 3; times++) one.write(keptAt(3, 50));
  expect(next()!.confirmedAtMs).toBe(NOW);
});

test('a tab whose clock was ahead does not make the grace longer for the others', () => {
  const { one, other, next } = twoTabs();
  other.write({ ...keptAt(3, -48), seenAtMs: NOW + 48 * HOUR_MS });
  one.write(keptAt(3, 1));
  expect(next()!.confirmedAtMs).toBe(NOW);
});

test('a tab may correct what it has kept itself', () => {
  const { one, next } = twoTabs();
  one.write(keptAt(3, 0));
  one.write(keptAt(3, 1));
  expect(next()!.confirmedAtMs).toBe(NOW - HOUR_MS);
});
