import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromMs } from '../../../shared/domain/instants.ts';
import { isOverdue } from '../../../shared/domain/snapshots.ts';
import type { Purchase } from '../../../shared/domain/purchases.ts';
import { announceBoundaries } from '../../../shared/entitlements/announce-boundaries.ts';
import { recompute } from '../../../shared/entitlements/recompute.ts';
import { Unavailable } from '../../../shared/errors.ts';
import { boundaryWorld, inPages } from '../../support/boundary-world.ts';
import { Crash, mortal } from '../../support/crash.ts';
import { fakeClock, memoryWorld, purchase } from '../../support/world.ts';

const MINUTE = 60;
const HOUR = 3600;
/** How long the queue hides what a function that died was working on. */
const VISIBILITY_SECONDS = 180;

/** What happens in an hour. All times are seconds. */
interface Schedule {
  readonly bought: readonly {
    readonly at: number;
    readonly account: string;
    readonly startsIn: number;
    readonly lasts: number;
  }[];
  /** One a minute; `undefined` = it was not started. A second start comes a moment after the first. */
  readonly runs: readonly (
    | {
        readonly late: number;
        readonly twice: boolean;
        readonly diesAt?: number | undefined;
        readonly clock: number;
      }
    | undefined
  )[];
  /** The steps at which the recomputes die that come first. */
  readonly deaths: readonly (number | undefined)[];
  readonly lags: readonly number[];
}

const bought = fc.record({
  at: fc.integer({ min: 0, max: HOUR - 1 }),
  account: fc.constantFrom('ada', 'bob', 'eve'),
  startsIn: fc.oneof(fc.integer({ min: -60, max: 400 }), fc.integer({ min: -60, max: 2400 })),
  lasts: fc.oneof(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 2400 })),
});

/**
 * Plays the schedule second by second, and then ten quiet minutes with a run in each. A purchase whose message dies
 * three times in a row is put aside, as into the dead letters, and never repeated.
 */
async function play({ bought: purchases, runs, deaths, lags }: Schedule) {
  const now = fakeClock();
  const startMs = now();
  const memory = memoryWorld({ now });
  let commits = 0;
  const world = boundaryWorld(memory, () => (lags[commits++ % lags.length] ?? 0) * 1000);
  const coming: Purchase[] = purchases.map(({ at, account, startsIn, lasts }, n) => {
    const fromSecond = at + startsIn;
    return purchase({
      accountId: account,
      purchaseId: `p_${n}`,
      productId: 'nightfall-48h',
      validFrom: fromMs(startMs + fromSecond * 1000 + n),
      validUntil: fromMs(startMs + (fromSecond + lasts) * 1000 + n),
    });
  });
  const starts = [
    ...runs,
    ...Array.from({ length: 10 }, () => ({ late: 0, twice: false, clock: 0 })),
  ].flatMap((run, minute) => {
    if (!run) return [];
    const first = { ...run, at: minute * MINUTE + run.late };
    return run.twice ? [first, { ...first, diesAt: undefined }] : [first];
  });

  let recomputes = 0;
  const receives = new Map<string, number>();
  const lateness: number[] = [];
  const dueAtMs = new Map<string, number>();

  async function consume(): Promise<void> {
    const visible = world.waiting.filter(({ visibleAtMs }) => visibleAtMs <= now());
    for (const message of visible) {
      world.waiting.splice(world.waiting.indexOf(message), 1);
      const step = deaths[recomputes++] ?? Infinity;
      const { accounts, queue } = world;
      const { cache, topic, slots } = memory;
      const { ports } = mortal({ accounts, queue, cache, topic, slots }, step);
      try {
        await recompute(
          { ...memory, ...ports },
          message.accountId,
          message.purchase ? [message.purchase] : [],
        );
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        const { purchaseId } = message.purchase ?? {};
        const times = (receives.get(purchaseId ?? '') ?? 0) + 1;
        if (purchaseId !== undefined) receives.set(purchaseId, times);
        if (purchaseId !== undefined && times === 3) continue;
        world.waiting.push({ ...message, visibleAtMs: now() + VISIBILITY_SECONDS * 1000 });
      }
    }
  }

  async function look({
    diesAt = Infinity,
    clock,
  }: {
    readonly diesAt?: number | undefined;
    readonly clock: number;
  }) {
    const { index, progress, requests } = world;
    const { ports } = mortal({ index, progress, requests }, diesAt);
    const own = () => now() + clock * 1000;
    const started = { boundaries: inPages(ports.index), ...ports, now: own };
    try {
      await announceBoundaries(started, own() + 40_000);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }

  for (let second = 0; second < HOUR + 10 * MINUTE; second++) {
    for (const [n, { at }] of purchases.entries()) {
      if (at !== second) continue;
      world.waiting.push({ accountId: coming[n]!.accountId, purchase: coming[n]!, visibleAtMs: now() });
    }
    // Those of one second run at once: a run and its double read the same.
    await Promise.all(starts.filter(({ at }) => at === second).map(look));
    await consume();
    for (const [accountId, snapshot] of memory.stored) {
      const due = isOverdue(snapshot, now());
      if (due) dueAtMs.set(accountId, Date.parse(snapshot.nextChangeAt!));
      else if (dueAtMs.delete(accountId)) lateness.push(0);
      if (due) lateness.push(now() - dueAtMs.get(accountId)!);
    }
    now.advance(1000);
  }
  return { memory, world, lateSeconds: Math.max(0, ...lateness) / 1000, recomputes };
}

const perMinute = <T>(run: fc.Arbitrary<T>) => fc.array(run, { minLength: 60, maxLength: 60 });
const few = { numRuns: 20 };

describe('an entitlement that starts or ends by time', () => {
  test('is announced within seconds, while runs come late, come twice or now and then not at all', async () => {
    const runs = perMinute(
      fc.record({
        late: fc.integer({ min: 0, max: 30 }),
        twice: fc.boolean(),
        left: fc.boolean(),
        clock: fc.integer({ min: -3, max: 3 }),
      }),
      // Never two in a row.
    ).map((all) => all.map((run, n) => (run.left && !all[n - 1]?.left ? undefined : run)));
    await fc.assert(
      fc.asyncProperty(
        fc.array(bought, { minLength: 1, maxLength: 12 }),
        runs,
        fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 1 }),
        async (purchases, all, lags) => {
          const { memory, lateSeconds } = await play({ bought: purchases, runs: all, deaths: [], lags });
          // The second in which it is looked at, that which SQS rounds up to, and what the run's clock is behind.
          expect(lateSeconds).toBeLessThanOrEqual(5);
          const told = new Set(memory.published.map(({ subject, id }) => `${subject} ${id}`));
          expect(memory.committed.length).toBe(told.size);
        },
      ),
      few,
    );
  });

  test('is announced in the end, wherever runs and recomputes die, and whoever is put aside', async () => {
    const runs = perMinute(
      fc.option(
        fc.record({
          late: fc.integer({ min: 0, max: 59 }),
          twice: fc.boolean(),
          diesAt: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
          clock: fc.integer({ min: -20, max: 20 }),
        }),
        { nil: undefined, freq: 3 },
      ),
    );
    const deaths = fc.array(fc.option(fc.integer({ min: 1, max: 18 }), { nil: undefined }), {
      maxLength: 30,
    });
    const lags = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1 });
    const purchases = fc.array(bought, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(purchases, runs, deaths, lags, async (all, starts, steps, lag) => {
        const { memory } = await play({ bought: all, runs: starts, deaths: steps, lags: lag });
        for (const snapshot of memory.stored.values()) {
          expect(isOverdue(snapshot, memory.now() - 2 * MINUTE * 1000)).toBe(false);
        }
      }),
      few,
    );
  });

  test('is found behind, when the purchase that set it was put aside before it asked for anything', async () => {
    const quiet = Array.from({ length: 60 }, () => ({ late: 0, twice: false, clock: 0 }));
    let overdue = 0;
    for (let step = 1; step <= 24; step++) {
      const rental = { at: 30, account: 'ada', startsIn: -1, lasts: 60 };
      const deaths = [step, 2, 2];
      const { memory, lateSeconds } = await play({ bought: [rental], runs: quiet, deaths, lags: [1] });
      for (const snapshot of memory.stored.values()) expect(snapshot.nextChangeAt).toBeNull();
      // The minute, five more, and the next run.
      expect(lateSeconds).toBeLessThanOrEqual(8 * MINUTE);
      if (lateSeconds > MINUTE) overdue += 1;
    }
    expect(overdue).toBeGreaterThan(0);
  });
});

describe('a run', () => {
  /** An index with so many accounts whose boundary is a minute ahead, and what is asked of the queue. */
  function full(accounts: number) {
    const memory = memoryWorld();
    const world = boundaryWorld(memory, () => 0);
    const atMs = memory.now() + MINUTE * 1000;
    const commits = Array.from({ length: accounts }, (_, n) =>
      world.accounts.commit({
        read: undefined,
        next: { accountId: `a${n}`, version: 1, nextChangeAt: fromMs(atMs) } as never,
        basis: {},
        outbox: { add: [] },
        inbox: [],
      }),
    );
    const ports = { boundaries: inPages(world.index), progress: world.progress, requests: world.requests };
    return {
      ...world,
      ports: { ...ports, now: memory.now },
      now: memory.now,
      atMs,
      ready: Promise.all(commits),
    };
  }

  test('has everyone recomputed at the boundary, none before, and says how many', async () => {
    const world = full(40);
    await world.ready;
    expect(await announceBoundaries(world.ports, Infinity)).toMatchObject({ requested: 40, lateSeconds: 0 });
    expect(new Set(world.asked.map(({ accountId }) => accountId)).size).toBe(40);
    for (const { visibleAtMs } of world.asked) expect(visibleAtMs).toBe(world.atMs);
    expect(await announceBoundaries(world.ports, Infinity)).toMatchObject({ requested: 0, buckets: 0 });
  });

  test('stops when its time is over, and the next goes on where it was, after any number of them', async () => {
    const world = full(40);
    await world.ready;
    let runs = 0;
    for (let requested = -1; requested !== 0; runs++) {
      // Time passes with every page that is sent.
      const untilMs = world.now() + 1;
      const requests = {
        sendAll: async (all: Parameters<typeof world.requests.sendAll>[0]) => {
          world.now.advance(1);
          await world.requests.sendAll(all);
        },
      };
      ({ requested } = await announceBoundaries({ ...world.ports, requests }, untilMs));
    }
    expect(runs).toBeGreaterThan(5);
    expect(world.asked).toHaveLength(40);
  });

  test('that another has overtaken stops', async () => {
    const world = full(4);
    await world.ready;
    await announceBoundaries({ ...world.ports, now: () => world.now() - 10 * MINUTE * 1000 }, Infinity);
    const slow = { ...world.progress, advance: async () => false };
    expect(await announceBoundaries({ ...world.ports, progress: slow }, Infinity)).toMatchObject({
      overtaken: true,
    });
  });

  test('does not pass over whom the queue did not take', async () => {
    const world = full(3);
    await world.ready;
    const down = { sendAll: () => Promise.reject(new Unavailable('SQS SendMessageBatch')) };
    await expect(announceBoundaries({ ...world.ports, requests: down }, Infinity)).rejects.toThrow(
      Unavailable,
    );
    expect(await announceBoundaries(world.ports, Infinity)).toMatchObject({ requested: 3 });
  });

  test('after an outage tells how late it is, until it has caught up', async () => {
    const world = full(1);
    await world.ready;
    await announceBoundaries({ ...world.ports, now: () => world.now() - 10 * MINUTE * 1000 }, Infinity);
    world.now.advance(24 * HOUR * 1000);
    const from = world.now();
    const ticking = () => {
      world.now.advance(5);
      return world.now();
    };
    const first = await announceBoundaries({ ...world.ports, now: ticking }, from + 40_000);
    expect(first.lateSeconds).toBeGreaterThan(HOUR);
    let last = first;
    for (let runs = 0; last.lateSeconds > 0; runs++) {
      expect(runs).toBeLessThan(10);
      last = await announceBoundaries({ ...world.ports, now: ticking }, world.now() + 40_000);
    }
    expect(world.asked).toHaveLength(1);
  });
});
