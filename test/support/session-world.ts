import { loadCatalog } from '../../shared/catalog.ts';
import type { SessionTerminated } from '../../shared/domain/session-messages.ts';
import { firstSnapshot, nextSnapshot } from '../../shared/domain/snapshots.ts';
import type { DegradedEntry, SessionGrant, SessionTokens } from '../../shared/ports.ts';
import { fakeSlots } from './slots.ts';
import { fakeClock, purchase } from './world.ts';

/** What the functions of sessions are given, in memory: Ada has premium, four screens; nobody else has anything. */
export function sessionTestWorld() {
  const now = fakeClock();
  const catalog = loadCatalog();
  const slots = fakeSlots(now);
  const told: SessionTerminated[] = [];
  const warned: string[] = [];
  const counts = new Map<string, number>();
  let ids = 0;
  let degraded: { readonly entries: readonly DegradedEntry[]; readonly revision: number } = {
    entries: [],
    revision: 0,
  };
  const snapshotFor = (accountId: string) => {
    const first = firstSnapshot(accountId, catalog, now());
    return accountId === 'ada' ? nextSnapshot(first, [purchase()], catalog, now()).snapshot : first;
  };
  slots.snapshots.set('ada', snapshotFor('ada'));

  return {
    slots,
    told,
    warned,
    counts,
    now,
    catalog,
    snapshotOf: async (accountId: string) => snapshotFor(accountId),
    topic: {
      publish: async (_: string, message: object) => void told.push(message as SessionTerminated),
    },
    newId: () => `id-${String((ids += 1)).padStart(4, '0')}`,
    leaseSeconds: 40,
    heartbeatSeconds: 15,
    trackerIntervalSeconds: 60,
    whenFull: 'refuse-newest' as const,
    warn: (what: string) => void warned.push(what),
    tokens: plainTokens,
    tracker: {
      count: async (accountId: string, { marker }: { marker: number }, deviceId: string, beats = 1) => {
        const key = `${accountId}-${marker} ${deviceId}`;
        counts.set(key, (counts.get(key) ?? 0) + beats);
        return counts.get(key)!;
      },
      devices: async (accountId: string, { marker }: { marker: number }) =>
        [...counts.keys()].filter((key) => key.startsWith(`${accountId}-${marker} `)).length,
    },
    degraded: {
      read: async () => degraded,
      write: async (_: string, entries: readonly DegradedEntry[], revision: number) => {
        if (revision !== degraded.revision) return false;
        degraded = { entries, revision: revision + 1 };
        return true;
      },
    },
  };
}

/** Tokens that anybody can read: what signs them has tests of its own. */
const plainTokens: SessionTokens = {
  ready: async () => {},
  sign: async (grant) => JSON.stringify(grant),
  verify: async (token) => {
    try {
      return JSON.parse(token) as SessionGrant;
    } catch {
      return undefined;
    }
  },
};
