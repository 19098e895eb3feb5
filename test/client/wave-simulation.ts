import { isAffected, refreshDelayMs, type Hearer } from '../../client/src/entitlements/deferral.ts';
import type { Wave } from '../../shared/domain/catalog-messages.ts';
import type { Snapshot } from '../../shared/domain/entitlements.ts';
import { basisOf } from '../../shared/domain/purchases.ts';
import { firstSnapshot, nextSnapshot } from '../../shared/domain/snapshots.ts';
import { readSnapshot } from '../../shared/entitlements/read-snapshot.ts';
import type { AccountRecord } from '../../shared/ports.ts';
import { catalogOf, product } from '../support/catalogs.ts';
import { fakeClock, purchase } from '../support/world.ts';

const before = catalogOf([product({ features: { quality: 'hd' } })], { catalogVersion: '2026-11-22.1' });
const after = catalogOf([product({ features: { quality: 'uhd' } })], { catalogVersion: '2026-11-22.2' });

export interface Crowd {
  readonly players: number;
  /** Shares of the players. */
  readonly plays: number;
  readonly hidden: number;
  /** Those that read in the course of the window for reasons of their own. */
  readonly readsAnyway: number;
  /** Draws everything that is left to chance; the same seed, the same run. */
  readonly seed: number;
  readonly abortedAtMs?: number;
}

export type Reason = 'wave' | 'shown' | 'anyway';

/** One read as the server saw it. */
export interface SeenRead {
  readonly atMs: number;
  readonly reason: Reason;
  readonly snapshot: Snapshot;
  readonly provisional: boolean;
}

export interface WaveRun {
  readonly reads: readonly SeenRead[];
  /** When the server looked at an account's purchases, which it does to compute. */
  readonly computedAtMs: readonly number[];
  /** When it asked for a recompute. */
  readonly recomputesAtMs: readonly number[];
}

/** What reaches the players within this time of being published, one sooner, one later. */
const HEARD_WITHIN_MS = 500;
/** Hidden tabs are shown at any moment of so many windows: of some, not before the wave is over. */
const SHOWN_WITHIN_WINDOWS = 2;

/**
 * A catalogue was deployed and a wave announces it to so many players, each of an account of its own that nobody has
 * read since: the worst case. Their reads go through the server's own code.
 */
export async function simulateWave(
  announced: Omit<Wave, 'catalogVersion' | 'productIds'>,
  crowd: Crowd,
): Promise<WaveRun> {
  const wave: Wave = { ...announced, catalogVersion: after.catalogVersion, productIds: ['premium'] };
  const server = startServer();
  const holds = Array<string>(crowd.players).fill(before.catalogVersion);
  const reads: SeenRead[] = [];

  for (const { atMs, player, reason } of moments(wave, crowd)) {
    const hearer = { catalogVersion: holds[player], productIds: ['premium'] };
    const aborted = crowd.abortedAtMs !== undefined && atMs >= crowd.abortedAtMs;
    if (reason === 'wave' && (aborted || !isAffected(wave, hearer))) continue;
    const reading = await server.read(`account-${player}`, atMs);
    holds[player] = reading.snapshot.catalogVersion;
    reads.push({ atMs, reason, ...reading });
  }
  return { reads, computedAtMs: server.computedAtMs, recomputesAtMs: server.recomputesAtMs };
}

interface Moment {
  readonly atMs: number;
  readonly player: number;
  readonly reason: Reason;
}

/** When each player would read, and why, in the order of time. */
function moments(wave: Wave, { players, plays, hidden, readsAnyway, seed }: Crowd): readonly Moment[] {
  const random = randomFrom(seed);
  const windowMs = wave.refreshWithinSeconds * 1000;
  const all: Moment[] = [];
  for (let player = 0; player < players; player++) {
    const hearer: Hearer = {
      catalogVersion: before.catalogVersion,
      productIds: ['premium'],
      playingProductIds: random() < plays ? ['premium'] : [],
      hidden: random() < hidden,
    };
    const delayMs = refreshDelayMs(wave, hearer, random);
    if (delayMs === undefined) {
      all.push({ atMs: random() * windowMs * SHOWN_WITHIN_WINDOWS, player, reason: 'shown' });
    } else {
      all.push({ atMs: random() * HEARD_WITHIN_MS + delayMs, player, reason: 'wave' });
    }
    if (random() < readsAnyway) all.push({ atMs: random() * windowMs, player, reason: 'anyway' });
  }
  return all
    .map((moment) => ({ ...moment, atMs: Math.floor(moment.atMs) })) // as clocks have it
    .toSorted((a, b) => a.atMs - b.atMs);
}

/** The server's own code for a read, on a table and a cache that hold for every account what was before the wave. */
function startServer() {
  const now = fakeClock();
  const startedMs = now();
  const bought = purchase();
  const { snapshot: old } = nextSnapshot(
    firstSnapshot('ada', before, startedMs),
    [bought],
    before,
    startedMs,
  );
  const basis = basisOf([bought]);
  const computedAtMs: number[] = [];
  const recomputesAtMs: number[] = [];

  const recordOf = (accountId: string): AccountRecord => ({
    snapshot: { ...old, accountId, entitlements: old.entitlements.map((one) => ({ ...one, accountId })) },
    basis,
    outbox: [],
    inbox: [],
    revision: 1,
  });
  const world = {
    catalog: after,
    now,
    warn: (message: string) => {
      throw new Error(message);
    },
    accounts: {
      read: async (accountId: string) => recordOf(accountId),
      readAll: async (accountId: string) => {
        computedAtMs.push(now() - startedMs);
        return { record: recordOf(accountId), purchases: [{ ...bought, accountId }] };
      },
    },
    cache: {
      read: async (accountId: string) => ({ snapshot: recordOf(accountId).snapshot, hash: new Uint8Array() }),
      replace: async () => true,
    },
    queue: { send: async () => void recomputesAtMs.push(now() - startedMs) },
  };
  return {
    computedAtMs,
    recomputesAtMs,
    read(accountId: string, atMs: number) {
      now.advance(startedMs + atMs - now());
      return readSnapshot(world, accountId);
    },
  };
}

/** Numbers from 0 up to 1 that are the same in every run (xorshift, 32 bits). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
