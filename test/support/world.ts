import { createHash, randomUUID } from 'node:crypto';
import { loadCatalog } from '../../shared/catalog.ts';
import type { Announcement } from '../../shared/domain/announcements.ts';
import { boundaryMs } from '../../shared/domain/boundaries.ts';
import type { Catalog } from '../../shared/domain/catalog.ts';
import type { Snapshot } from '../../shared/domain/entitlements.ts';
import type { SessionTerminated } from '../../shared/domain/session-messages.ts';
import { isErased } from '../../shared/domain/erasure.ts';
import type { RecentChange } from '../../shared/domain/recent-changes.ts';
import { reportKey, supersedes, type Basis, type Purchase } from '../../shared/domain/purchases.ts';
import type {
  AccountStore,
  AccountTopic,
  CheckoutMessage,
  CheckoutQueue,
  SlotStore,
  SnapshotCache,
} from '../../shared/ports.ts';

/** A clock that moves when it is told to. */
export interface FakeClock {
  (): number;
  advance(ms: number): void;
}

export function fakeClock(startMs = Date.parse('2026-11-22T10:00:00.000Z')): FakeClock {
  let nowMs = startMs;
  return Object.assign(() => nowMs, { advance: (ms: number) => void (nowMs += ms) });
}

/** A purchase of premium without an end, unless told otherwise. */
export function purchase(changes: Partial<Purchase> & { readonly occurredAt?: string } = {}): Purchase {
  const { occurredAt = '2026-11-22T09:00:00.000Z', ...rest } = changes;
  return {
    accountId: 'ada',
    purchaseId: 'sub_1',
    productId: 'premium',
    status: 'active',
    validFrom: '2026-11-22T09:00:00.000Z',
    validUntil: null,
    notify: true,
    reported: { eventId: 'evt_1', occurredAt, revision: 0 },
    ...rest,
  };
}

/** What the table, the cache and the topic hold, for looking at. */
export interface MemoryWorld {
  readonly accounts: AccountStore;
  readonly cache: SnapshotCache & { flush(): void };
  readonly topic: AccountTopic;
  readonly queue: CheckoutQueue;
  readonly slots: SlotStore;
  readonly catalog: Catalog;
  readonly now: FakeClock;
  readonly newId: () => string;
  readonly warn: () => void;
  readonly stored: Map<string, Snapshot>;
  readonly outboxes: Map<string, Map<number, Announcement>>;
  /** By the report's key. */
  readonly inboxes: Map<string, Map<string, Purchase>>;
  /** What has an item of its own, by purchase id. */
  readonly purchases: Map<string, Map<string, Purchase>>;
  readonly cached: Map<string, Snapshot>;
  /** What stands in an account's slots. */
  readonly standing: Map<string, (string | undefined)[]>;
  readonly due: Map<string, number>;
  /** Up to when an account is erased. */
  readonly erased: Map<string, number>;
  readonly published: Announcement[];
  /** What the account's topic was told of its sessions. */
  readonly sessionsEnded: SessionTerminated[];
  readonly committed: Announcement[];
  readonly queued: CheckoutMessage[];
}

/** Ports in memory that keep the promises of `shared/ports.ts`; each operation takes effect at one instant. */
export function memoryWorld({ catalog = loadCatalog(), now = fakeClock() } = {}): MemoryWorld {
  const purchases = new Map<string, Map<string, Purchase>>();
  const stored = new Map<string, Snapshot>();
  const bases = new Map<string, Basis>();
  const outboxes = new Map<string, Map<number, Announcement>>();
  const inboxes = new Map<string, Map<string, Purchase>>();
  const revisions = new Map<string, number>();
  const cached = new Map<string, Snapshot>();
  const published: Announcement[] = [];
  const sessionsEnded: SessionTerminated[] = [];
  const committed: Announcement[] = [];
  const queued: CheckoutMessage[] = [];
  const standing = new Map<string, (string | undefined)[]>();
  const due = new Map<string, number>();
  const erased = new Map<string, number>();
  const recents = new Map<string, readonly RecentChange[]>();

  const accounts: AccountStore = {
    read: async (accountId) => {
      const snapshot = stored.get(accountId);
      return (
        snapshot && {
          snapshot,
          basis: bases.get(accountId)!,
          outbox: [...outboxes.get(accountId)!.values()],
          inbox: [...inboxes.get(accountId)!.values()],
          revision: revisions.get(accountId)!,
          sessionsDue: due.get(accountId),
          boundaryAtMs: boundaryMs(snapshot),
          recent: recents.get(accountId),
          erasedAtMs: erased.get(accountId),
        }
      );
    },
    readAll: async (accountId) => ({
      purchases: [...(purchases.get(accountId)?.values() ?? [])],
      record: await accounts.read(accountId),
    }),
    putPurchase: async (bought) => {
      const held = purchases.get(bought.accountId) ?? new Map<string, Purchase>();
      const known = held.get(bought.purchaseId);
      if (known && !supersedes(bought.reported, known.reported)) return 'superseded';
      purchases.set(bought.accountId, held.set(bought.purchaseId, bought));
      return 'stored';
    },
    commit: async ({ read, next, basis, outbox, inbox, takesAway, recent, erasedAtMs }) => {
      if (revisions.get(next.accountId) !== read?.revision) return false;
      revisions.set(next.accountId, (read?.revision ?? 0) + 1);
      const reports = inbox.map((each) => [reportKey(each), each] as const);
      const waiting = erasedAtMs === undefined ? (inboxes.get(next.accountId) ?? []) : [];
      inboxes.set(next.accountId, new Map([...waiting, ...reports]));
      if (recent) recents.set(next.accountId, recent);
      if (erasedAtMs !== undefined) erased.set(next.accountId, erasedAtMs);
      stored.set(next.accountId, next);
      bases.set(next.accountId, basis);
      if (takesAway) due.set(next.accountId, (read?.revision ?? 0) + 1);
      const added = 'replace' in outbox ? outbox.replace : outbox.add;
      const before = 'replace' in outbox ? [] : (outboxes.get(next.accountId) ?? []);
      const entries = added.map((announcement) => [announcement.version, announcement] as const);
      outboxes.set(next.accountId, new Map([...before, ...entries]));
      committed.push(...added);
      return true;
    },
    remove: async (accountId, { published: told = [], kept = [] }) => {
      for (const version of told) outboxes.get(accountId)?.delete(version);
      for (const bought of kept) inboxes.get(accountId)?.delete(reportKey(bought));
    },
    removeSessionsDue: async (accountId, revision) => {
      if (due.get(accountId) === revision) due.delete(accountId);
    },
    sweep: async (accountId, erasedAtMs) => {
      const held = [...(purchases.get(accountId) ?? [])];
      purchases.set(accountId, new Map(held.filter(([, each]) => !isErased(each, erasedAtMs))));
    },
  };

  const cache: MemoryWorld['cache'] = {
    read: async (accountId) => {
      const snapshot = cached.get(accountId);
      return snapshot && { snapshot, hash: hashOf(snapshot) };
    },
    replace: async (snapshot, read) => {
      const known = cached.get(snapshot.accountId);
      const unchanged = read ? known && hashOf(known).equals(read.hash) : known === undefined;
      if (unchanged) cached.set(snapshot.accountId, snapshot);
      return unchanged === true;
    },
    supersede: async (previous, snapshot) => {
      const known = cached.get(snapshot.accountId);
      const unchanged = known !== undefined && hashOf(known).equals(hashOf(previous));
      if (unchanged) cached.set(snapshot.accountId, snapshot);
      return unchanged;
    },
    flush: () => cached.clear(),
  };

  const slotsOf = (accountId: string) =>
    standing.get(accountId) ?? Array<string | undefined>(16).fill(undefined);
  const slots: SlotStore = {
    read: async (accountId) => ({ snapshot: cached.get(accountId), slots: slotsOf(accountId) }),
    replace: async (accountId, number, seen, text) => {
      if (slotsOf(accountId)[number - 1] !== seen) return false;
      standing.set(accountId, slotsOf(accountId).with(number - 1, text));
      return true;
    },
  };

  return {
    accounts,
    cache,
    slots,
    standing,
    due,
    erased,
    newId: randomUUID,
    warn: () => {},
    topic: {
      publish: async (_, message) => {
        if (message.type === 'session.terminated') sessionsEnded.push(message);
        else published.push(message);
      },
    },
    queue: { send: async (message) => void queued.push(message) },
    catalog,
    now,
    stored,
    outboxes,
    inboxes,
    purchases,
    cached,
    published,
    sessionsEnded,
    committed,
    queued,
  };
}

function hashOf(snapshot: Snapshot): Buffer {
  return createHash('sha256').update(JSON.stringify(snapshot)).digest();
}

type Port = object;

/**
 * The same port, each of whose methods first awaits `before` and, once it took effect, `after`: the places at
 * which a function can die, or another can come in between.
 */
export function interrupted<P extends Port>(
  port: P,
  {
    before,
    after,
  }: { readonly before: (step: string) => Promise<void>; readonly after: (step: string) => Promise<void> },
): P {
  return new Proxy(port, {
    get(target, name, receiver) {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]) => {
        await before(String(name));
        const result: unknown = await method.apply(target, args);
        await after(String(name));
        return result;
      };
    },
  });
}
