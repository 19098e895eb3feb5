import type { Reading } from '../../../../client/src/service/api.ts';
import { announcementsOf, quietOnes } from '../../../../shared/domain/announcements.ts';
import type { Catalog } from '../../../../shared/domain/catalog.ts';
import { catalogChanged, type Wave } from '../../../../shared/domain/catalog-messages.ts';
import type { Snapshot } from '../../../../shared/domain/entitlements.ts';
import { toMs } from '../../../../shared/domain/instants.ts';
import type { Purchase } from '../../../../shared/domain/purchases.ts';
import { firstSnapshot, isOverdue, nextSnapshot } from '../../../../shared/domain/snapshots.ts';
import { catalogOf, product } from '../../../support/catalogs.ts';
import type { FakeTime } from './fake-time.ts';

/** Each another answer from the same purchases than the one before; the last names no other. */
export const CATALOGS: readonly Catalog[] = [
  '2026-11-22.9',
  '2026-11-22.10',
  '2026-11-23.1',
  '2026-11-23.2',
].map((catalogVersion, edition) =>
  catalogOf(
    [
      product({ productId: 'free', productType: 'free', grants: ['free'], maxStreams: 1 }),
      product({ productId: 'premium', grants: ['movies', `edition-${Math.min(edition, 2)}`], maxStreams: 2 }),
      product({ productId: 'sports', productType: 'addon', grants: ['sports'], extraStreams: 1 }),
      product({ productId: 'archive', grants: ['archive'], notify: false }),
    ],
    { catalogVersion },
  ),
);

interface World {
  readonly time: FakeTime;
  readonly publish: (topic: string, message: unknown) => void;
  /** How long a committed answer takes to reach the cache, and then the topic, in ms. */
  readonly lagMs: () => number;
  /** Something has happened that nobody will be told of. */
  readonly onUnannounced: () => void;
}

/** One account of the service: the domain's own rules over a table, a cache and a topic. */
export function fakeService({ time, publish, lagMs, onUnannounced }: World) {
  const purchases = new Map<string, Purchase>();
  let catalog = CATALOGS[0]!;
  let stored: Snapshot = firstSnapshot('ada', catalog, time.now());
  let cached: Snapshot | undefined = stored;
  let cancelBoundary = () => {};
  let isRecomputing = false;
  let committedAtMs = -Infinity;

  return {
    get stored() {
      return stored;
    },
    get cached() {
      return cached;
    },
    get committedAtMs() {
      return committedAtMs;
    },
    get isRecomputing() {
      return isRecomputing;
    },
    get catalog() {
      return catalog;
    },
    buy(bought: readonly Purchase[]) {
      for (const purchase of bought) purchases.set(purchase.purchaseId, purchase);
      commit();
    },
    /** The next edition of the catalogue comes into force; nothing is computed anew because of that. */
    sellOtherwise(): boolean {
      const next = CATALOGS[CATALOGS.indexOf(catalog) + 1];
      if (next) catalog = next;
      return next !== undefined;
    },
    tellOfWave(wave: Wave) {
      publish('catalog', catalogChanged(wave, time.now()));
    },
    /** The table is put back to what it held some versions ago, with nobody told. */
    restore() {
      const epoch = String(Number(stored.epoch) + 1);
      stored = { ...stored, epoch, version: Math.max(0, stored.version - 3) };
      cached = undefined;
      onUnannounced();
    },
    flush() {
      cached = undefined;
    },
    read(atLeast: number): Reading {
      if (cached && cached.version >= atLeast && isCurrent(cached)) return exact(cached);
      if (isCurrent(stored)) return exact((cached = stored));
      const { snapshot, changes } = nextSnapshot(stored, [...purchases.values()], catalog, time.now());
      recomputeSoon();
      if (changes.length === 0) return exact((cached = snapshot));
      onUnannounced();
      return { snapshot: { ...snapshot, version: stored.version }, provisional: true };
    },
  };

  function commit(): void {
    const bought = [...purchases.values()];
    const { snapshot, changes } = nextSnapshot(stored, bought, catalog, time.now());
    const isQuiet = quietOnes(bought, catalog);
    if (changes.some(({ entitlementId }) => isQuiet(entitlementId))) onUnannounced();
    if (changes.length > 0) committedAtMs = time.now();
    stored = snapshot;
    awaitBoundary();
    const messages = announcementsOf(changes, snapshot, isQuiet);
    const tell = () => {
      cached = stored;
      for (const message of messages) publish('ada', message);
    };
    const ms = lagMs();
    if (ms === 0) tell();
    else time.after(ms, tell);
  }

  /** What begins and ends by time moves the account's version at that moment. */
  function awaitBoundary(): void {
    cancelBoundary();
    if (stored.nextChangeAt === null) return;
    cancelBoundary = time.after(toMs(stored.nextChangeAt) - time.now() + 50, commit);
  }

  function recomputeSoon(): void {
    if (isRecomputing) return;
    isRecomputing = true;
    time.after(2000, () => {
      isRecomputing = false;
      commit();
    });
  }

  function isCurrent(snapshot: Snapshot): boolean {
    return snapshot.catalogVersion === catalog.catalogVersion && !isOverdue(snapshot, time.now());
  }
}

export type FakeService = ReturnType<typeof fakeService>;

function exact(snapshot: Snapshot): Reading {
  return { snapshot, provisional: false };
}
