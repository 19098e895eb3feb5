import { bucketOf, boundaryMs, type Boundary, type Progress } from '../../shared/domain/boundaries.ts';
import type {
  AccountStore,
  BoundaryIndex,
  BoundaryProgress,
  CheckoutQueue,
  RecomputeRequests,
} from '../../shared/ports.ts';
import type { Purchase } from '../../shared/domain/purchases.ts';
import type { MemoryWorld } from './world.ts';

/** A message of the queue: a purchase to keep, or only the wish that an account be recomputed. */
export interface Waiting {
  readonly accountId: string;
  readonly purchase?: Purchase;
  readonly visibleAtMs: number;
}

/** How the index, the progress and the queue's delays behave in AWS, in memory and by the world's clock. */
export interface BoundaryWorld {
  readonly accounts: AccountStore;
  readonly index: { look(bucket: number): Promise<readonly Boundary[]> };
  readonly progress: BoundaryProgress;
  readonly queue: CheckoutQueue;
  readonly requests: RecomputeRequests;
  readonly waiting: Waiting[];
  /** Every message that was ever sent with a delay. */
  readonly asked: { readonly accountId: string; readonly visibleAtMs: number }[];
}

/** `lagMs`: how long the index takes to follow a commit. */
export function boundaryWorld(world: MemoryWorld, lagMs: () => number): BoundaryWorld {
  const { now } = world;
  const views: { readonly accountId: string; readonly atMs: number | undefined; readonly sinceMs: number }[] =
    [];
  let stored: Progress | undefined;
  const waiting: Waiting[] = [];
  const asked: { accountId: string; visibleAtMs: number }[] = [];

  const send = (accountId: string, delaySeconds: number) => {
    const message = { accountId, visibleAtMs: now() + delaySeconds * 1000 };
    waiting.push(message);
    asked.push(message);
  };

  return {
    accounts: {
      ...world.accounts,
      commit: async (commit) => {
        const committed = await world.accounts.commit(commit);
        const { accountId } = commit.next;
        if (committed) views.push({ accountId, atMs: boundaryMs(commit.next), sinceMs: now() + lagMs() });
        return committed;
      },
    },
    index: {
      look: async (bucket) => {
        const latest = new Map(
          views.filter(({ sinceMs }) => sinceMs <= now()).map(({ accountId, atMs }) => [accountId, atMs]),
        );
        return [...latest].flatMap(([accountId, atMs]) =>
          atMs !== undefined && bucketOf({ accountId, atMs }) === bucket ? [{ accountId, atMs }] : [],
        );
      },
    },
    progress: {
      read: async () => stored,
      advance: async (from, to) => {
        const same = from ? stored?.ahead === from.ahead && stored.behind === from.behind : !stored;
        if (same) stored = to;
        return same;
      },
    },
    queue: {
      send: async (message, { delaySeconds = 0 } = {}) => {
        if (message.kind === 'recompute') send(message.accountId, delaySeconds);
      },
    },
    requests: {
      sendAll: async (all) => {
        for (const { accountId, delaySeconds } of all) send(accountId, delaySeconds);
      },
    },
    waiting,
    asked,
  };
}

/** The index as the run is given it, in pages of two. */
export function inPages(index: BoundaryWorld['index']): BoundaryIndex {
  return {
    async *read(bucket) {
      const all = await index.look(bucket);
      for (let from = 0; from < all.length; from += 2) yield all.slice(from, from + 2);
    },
  };
}
