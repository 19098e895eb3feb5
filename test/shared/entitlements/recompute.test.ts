import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recomputeEntitlements } from '../../../functions/recompute-entitlements.ts';
import type { Order } from '../../../shared/checkout-message.ts';
import type { Snapshot } from '../../../shared/domain/entitlements.ts';
import { fateOf, slotOf, standingIn, textOfSession } from '../../../shared/domain/sessions.ts';
import { PURCHASE_STATUSES, type Purchase } from '../../../shared/domain/purchases.ts';
import { fillCache } from '../../../shared/entitlements/fill-cache.ts';
import { readSnapshot } from '../../../shared/entitlements/read-snapshot.ts';
import { recompute } from '../../../shared/entitlements/recompute.ts';
import { Unavailable } from '../../../shared/errors.ts';
import type { AccountStore, AccountTopic, CheckoutQueue } from '../../../shared/ports.ts';
import { mortal } from '../../support/crash.ts';
import { interleave } from '../../support/interleaving.ts';
import { session } from '../../support/sessions.ts';
import { interrupted, memoryWorld, purchase, type MemoryWorld } from '../../support/world.ts';

/** One delivery of a queue message: keep the purchase, recompute. */
async function deliver(
  { accounts, cache, topic, slots }: Pick<MemoryWorld, 'accounts' | 'cache' | 'topic' | 'slots'>,
  { queue, catalog, now, newId, warn }: Pick<MemoryWorld, 'queue' | 'catalog' | 'now' | 'newId' | 'warn'>,
  bought: Purchase,
): Promise<void> {
  await recompute({ accounts, cache, topic, slots, queue, catalog, now, newId, warn }, bought.accountId, [
    bought,
  ]);
}

const grantsOf = (snapshot: Snapshot | undefined) => snapshot?.access.grants;
const versionsOf = (announcements: readonly { version: number }[]) =>
  announcements.map(({ version }) => version);

describe('a purchase', () => {
  test('is in the table, the cache and on the topic, as one version', async () => {
    const world = memoryWorld();
    await deliver(world, world, purchase());
    expect(world.stored.get('ada')).toMatchObject({
      version: 1,
      access: { grants: ['free', 'movies', 'series'] },
    });
    expect(world.cached.get('ada')).toEqual(world.stored.get('ada'));
    expect(world.published).toMatchObject([
      {
        id: '0.1',
        type: 'entitlement.created',
        subject: 'ada',
        version: 1,
        data: { entitlementId: 'sub_1' },
      },
    ]);
    expect(world.outboxes.get('ada')).toEqual(new Map());
    expect(world.inboxes.get('ada')).toEqual(new Map());
    expect([...world.purchases.get('ada')!.values()]).toEqual([purchase()]);
  });

  test('reaches the topic by four calls where the cache holds what the table holds', async () => {
    const world = memoryWorld();
    const calls: string[] = [];
    const steps = { before: async (call: string) => void calls.push(call), after: async () => {} };
    const watched = {
      accounts: interrupted(world.accounts, steps),
      cache: interrupted(world.cache, steps),
      topic: interrupted(world.topic, steps),
    };
    await deliver(world, world, purchase());
    await recompute({ ...world, ...watched }, 'ada', [purchase({ purchaseId: 'sub_2' })]);
    expect(calls.slice(0, 4)).toEqual(['readAll', 'commit', 'supersede', 'publish']);
  });

  test('finds the table’s words in the cache although the account’s first reader put its own there', async () => {
    const world = memoryWorld();
    await readSnapshot(world, 'ada');
    world.now.advance(1000);
    expect(world.queued).toEqual([{ kind: 'recompute', accountId: 'ada' }]);
    await recompute(world, 'ada');
    expect(world.cached.get('ada')).toEqual(world.stored.get('ada'));
  });

  test('has an item of its own only after the player was told, and is never neither there nor in the inbox', async () => {
    const world = memoryWorld();
    const told: string[] = [];
    const look = async (step: string) => {
      if (!world.stored.has('ada')) return;
      const { record, purchases } = await world.accounts.readAll('ada');
      expect([...purchases, ...record!.inbox]).toContainEqual(purchase());
      told.push(step);
    };
    const steps = { before: look, after: look };
    const watched = {
      accounts: interrupted(world.accounts, steps),
      topic: interrupted(world.topic, steps),
    };
    await recompute({ ...world, ...watched }, 'ada', [purchase()]);
    expect(told.indexOf('publish')).toBeLessThan(told.indexOf('putPurchase'));
    expect(told.lastIndexOf('putPurchase')).toBeLessThan(told.indexOf('remove'));
  });

  test('that changes nothing is kept nevertheless', async () => {
    const world = memoryWorld();
    await deliver(world, world, purchase());
    const renewed = purchase({ occurredAt: '2026-11-22T09:30:00.000Z' });
    await deliver(world, world, renewed);
    expect([...world.purchases.get('ada')!.values()]).toEqual([renewed]);
    expect(world.inboxes.get('ada')).toEqual(new Map());
    expect(world.published).toHaveLength(1);
  });

  test('reported again changes and announces nothing', async () => {
    const world = memoryWorld();
    await deliver(world, world, purchase());
    await deliver(world, world, purchase());
    expect(world.stored.get('ada')?.version).toBe(1);
    expect(world.published).toHaveLength(1);
  });

  test('that is quiet takes its version and is not announced', async () => {
    const world = memoryWorld();
    await deliver(world, world, purchase({ notify: false }));
    await deliver(world, world, purchase({ purchaseId: 'sub_2', productId: 'sports' }));
    expect(world.stored.get('ada')?.version).toBe(2);
    expect(versionsOf(world.published)).toEqual([2]);
  });

  test('is announced as ended by the next recompute after its time', async () => {
    const world = memoryWorld();
    const validUntil = '2026-11-24T09:00:00.000Z';
    await deliver(world, world, purchase({ productId: 'nightfall-48h', validUntil }));
    world.now.advance(3 * 24 * 3_600_000);
    await recompute(world, 'ada');
    expect(grantsOf(world.stored.get('ada'))).toEqual(['free']);
    expect(world.published.at(-1)).toMatchObject({
      type: 'entitlement.updated',
      version: 2,
      data: { held: false },
    });
  });

  test('that begins and ends unseen leaves no moment of change behind that has passed', async () => {
    const world = memoryWorld();
    const [validFrom, validUntil] = ['2026-11-23T10:00:00.000Z', '2026-11-24T10:00:00.000Z'];
    await deliver(
      world,
      world,
      purchase({ productId: 'nightfall-48h', status: 'cancelled', validFrom, validUntil }),
    );
    expect(world.stored.get('ada')?.nextChangeAt).toBe(validFrom);
    world.now.advance(5 * 24 * 3_600_000);
    await recompute(world, 'ada');
    expect(world.stored.get('ada')).toMatchObject({ version: 1, nextChangeAt: null });
  });

  test('is told as far as time allows, and every run comes further than the one before', async () => {
    const world = memoryWorld();
    const down = { publish: () => Promise.reject(new Unavailable('down')) };
    const many = Array.from({ length: 12 }, (_, index) => purchase({ purchaseId: `sub_${index}` }));
    await expect(recompute({ ...world, topic: down }, 'ada', many)).rejects.toThrow(Unavailable);
    const slow: AccountTopic = {
      publish: async (accountId, announcement) => {
        world.now.advance(5000);
        await world.topic.publish(accountId, announcement);
      },
    };
    let runs = 0;
    for (let left = Infinity; left > 0; runs++) {
      await recompute({ ...world, topic: slow }, 'ada').catch(() => {});
      const now = world.outboxes.get('ada')!.size;
      expect(now).toBeLessThan(left);
      left = now;
    }
    expect(versionsOf(world.published)).toEqual(many.map((_, index) => index + 1));
    expect(runs).toBeGreaterThan(1);
  });

  test('never loses to an older catalogue that is still running somewhere', async () => {
    const world = memoryWorld();
    await recompute({ ...world, catalog: { ...world.catalog, catalogVersion: '2027-01-01.1' } }, 'ada');
    await expect(recompute(world, 'ada')).rejects.toThrow(Unavailable);
    expect(world.stored.get('ada')?.catalogVersion).toBe('2027-01-01.1');
  });

  test('waits in an outbox that stays small while the topic is unreachable, and is told as one replacement', async () => {
    const world = memoryWorld();
    const down = { publish: () => Promise.reject(new Unavailable('down')) };
    for (let index = 0; index < 100; index++) {
      const bought = purchase({ purchaseId: `sub_${index}` });
      await expect(deliver({ ...world, topic: down }, world, bought)).rejects.toThrow(Unavailable);
    }
    expect(world.outboxes.get('ada')!.size).toBeLessThanOrEqual(64);
    expect(world.inboxes.get('ada')!.size).toBeLessThanOrEqual(64);
    await recompute(world, 'ada');
    expect(world.inboxes.get('ada')).toEqual(new Map());
    expect(world.purchases.get('ada')!.size).toBe(100);
    expect(versionsOf(world.published).at(-1)).toBe(100);
    expect(world.published[0]?.type).toBe('entitlements.replaced');
    expect(world.outboxes.get('ada')).toEqual(new Map());
  });
});

describe('time that changes the answer soon', () => {
  const rental = (changes: Partial<Purchase> = {}) => purchase({ productId: 'nightfall-48h', ...changes });

  /** A world whose queue says what it was asked for, and after what. */
  function watched() {
    const world = memoryWorld();
    const asked: { readonly delaySeconds: number | undefined; readonly published: number }[] = [];
    const queue: CheckoutQueue = {
      send: async (_, { delaySeconds } = {}) =>
        void asked.push({ delaySeconds, published: world.published.length }),
    };
    return { ...world, queue, asked };
  }

  test('has the account recomputed then, rounded up, and the player is told before that is asked for', async () => {
    const world = watched();
    await deliver(world, world, rental({ validUntil: '2026-11-22T10:00:29.001Z' }));
    expect(world.asked).toEqual([{ delaySeconds: 30, published: 1 }]);
  });

  test('is left to whoever looks ahead when it is not that soon, and to nobody when it never comes', async () => {
    const world = watched();
    await deliver(world, world, rental({ validUntil: '2026-11-22T10:04:30.001Z' }));
    await deliver(world, world, purchase({ accountId: 'bob' }));
    expect(world.asked).toEqual([]);
    await deliver(world, world, rental({ accountId: 'eve', validUntil: '2026-11-22T10:04:30.000Z' }));
    expect(world.asked).toEqual([{ delaySeconds: 270, published: 3 }]);
  });

  test('is asked for again by a recompute that comes a moment before, and changes nothing', async () => {
    const world = watched();
    await deliver(world, world, rental({ validUntil: '2026-11-22T10:00:30.000Z' }));
    world.now.advance(29_999);
    await recompute(world, 'ada');
    expect(world.asked.map(({ delaySeconds }) => delaySeconds)).toEqual([30, 1]);
    expect(world.published).toHaveLength(1);
    world.now.advance(1000);
    await recompute(world, 'ada');
    expect(world.published.at(-1)).toMatchObject({ type: 'entitlement.updated', data: { held: false } });
    expect(world.asked).toHaveLength(2);
  });

  test('is asked for by the message that comes again, wherever the first died', async () => {
    let deadline = 0;
    for (let died = true; died;) {
      deadline += 1;
      const world = watched();
      const { accounts, cache, topic, slots, queue } = world;
      const life = mortal({ accounts, cache, topic, slots, queue }, deadline);
      const bought = rental({ validUntil: '2026-11-22T10:00:30.000Z' });
      await deliver(life.ports, world, bought).catch(() => {});
      died = life.died();
      await deliver(world, world, bought);
      expect(world.asked.at(-1)).toMatchObject({ delaySeconds: 30 });
    }
    expect(deadline).toBeGreaterThan(12);
  });

  test('and takes something away ends the sessions that watch it, and tells them', async () => {
    const world = memoryWorld();
    await deliver(world, world, rental({ validUntil: '2026-11-22T10:00:30.000Z' }));
    const watching = textOfSession(session({ sessionId: 's1', contentId: 'nightfall' }));
    world.standing.set('ada', [watching, ...Array<undefined>(15).fill(undefined)]);
    world.now.advance(30_000);
    await recompute(world, 'ada');
    expect(world.sessionsEnded).toMatchObject([{ data: { sessionId: 's1', reason: 'revoked' } }]);
    expect(standingIn(world.standing.get('ada')!.map(slotOf))).toEqual([]);
    expect(world.due.get('ada')).toBeUndefined();
  });

  test('and only gives looks through nobody’s sessions', async () => {
    const world = memoryWorld();
    await deliver(world, world, rental({ validFrom: '2026-11-22T10:00:30.000Z' }));
    const watching = textOfSession(session({ sessionId: 's1', contentId: 'city-lights-tour' }));
    world.standing.set('ada', [watching, ...Array<undefined>(15).fill(undefined)]);
    world.now.advance(30_000);
    await recompute(world, 'ada');
    expect(world.published.at(-1)).toMatchObject({ data: { held: true } });
    expect(world.standing.get('ada')?.[0]).toBe(watching);
  });

  test('that has given something since the last recompute does not hide that it is taken away', async () => {
    const world = memoryWorld();
    const later = rental({ validFrom: '2026-11-22T10:00:30.000Z' });
    await deliver(world, world, later);
    world.now.advance(60_000);
    const watching = textOfSession(session({ sessionId: 's1', contentId: 'nightfall' }));
    world.standing.set('ada', [watching, ...Array<undefined>(15).fill(undefined)]);
    await deliver(world, world, {
      ...later,
      status: 'refunded',
      reported: { ...later.reported, revision: 1 },
    });
    expect(world.sessionsEnded).toMatchObject([{ data: { sessionId: 's1', reason: 'revoked' } }]);
  });
});

describe('a crash', () => {
  const before: readonly Purchase[] = [purchase({ purchaseId: 'old', productId: 'sports' })];
  const scenarios: readonly { name: string; history: readonly Purchase[]; bought: Purchase }[] = [
    { name: 'the first purchase', history: [], bought: purchase() },
    { name: 'a second purchase', history: before, bought: purchase() },
    {
      name: 'a refund',
      history: before,
      bought: purchase({
        purchaseId: 'old',
        productId: 'sports',
        status: 'refunded',
        occurredAt: '2026-11-22T09:30:00.000Z',
      }),
    },
    { name: 'a quiet purchase', history: before, bought: purchase({ notify: false }) },
  ];

  test.each(scenarios)(
    'after any step of $name loses neither purchase nor push',
    async ({ history, bought }) => {
      const expected = memoryWorld();
      for (const each of [...history, bought]) await deliver(expected, expected, each);
      const wanted = grantsOf(expected.stored.get('ada'));

      let deadline = 0;
      for (let died = true; died;) {
        deadline += 1;
        const world = memoryWorld();
        for (const each of history) await deliver(world, world, each);
        const { accounts, cache, topic, slots } = world;
        const life = mortal({ accounts, cache, topic, slots }, deadline);
        await deliver(life.ports, world, bought).catch(() => {});
        died = life.died();

        await deliver(world, world, bought); // SQS delivers again what was not deleted

        expect(grantsOf(world.stored.get('ada'))).toEqual(wanted);
        expect(world.cached.get('ada')).toEqual(world.stored.get('ada'));
        expect(new Set(versionsOf(world.published))).toEqual(new Set(versionsOf(world.committed)));
        expect(versionsOf(world.committed)).toEqual(versionsOf(expected.committed));
        expect(world.outboxes.get('ada')).toEqual(new Map());
        expect(world.inboxes.get('ada')).toEqual(new Map());
        expect(world.purchases.get('ada')).toEqual(expected.purchases.get('ada'));
      }
      expect(deadline).toBeGreaterThan(12); // six operations at least, two steps each
    },
  );

  test('after any step of a refund leaves no session that is too much, and none of those untold', async () => {
    const bought = purchase();
    const refunded = purchase({ status: 'refunded', occurredAt: '2026-11-22T09:30:00.000Z' });
    let deadline = 0;
    for (let died = true; died;) {
      deadline += 1;
      const world = memoryWorld();
      await deliver(world, world, bought);
      const lost = ['s1', 's2', 's3'].map((sessionId) => textOfSession(session({ sessionId })));
      const kept = textOfSession(session({ sessionId: 'free', contentId: 'city-lights-tour' }));
      world.standing.set('ada', [...lost, kept, ...Array<undefined>(12).fill(undefined)]);
      const { accounts, cache, topic, slots } = world;
      const life = mortal({ accounts, cache, topic, slots }, deadline);
      await deliver(life.ports, world, refunded).catch(() => {});
      died = life.died();

      await deliver(world, world, refunded);

      const standing = standingIn(world.standing.get('ada')!.map(slotOf));
      expect(standing).toEqual([]); // the limit is one again, and the fourth slot is above it
      expect(fateOf(session({ sessionId: 'free' }), 4, world.standing.get('ada')!.map(slotOf))).toBe(
        'expired',
      );
      const told = new Set(world.sessionsEnded.map(({ data }) => `${data.sessionId} ${data.reason}`));
      expect(told).toEqual(new Set(['s1 revoked', 's2 revoked', 's3 revoked']));
      expect(world.due.get('ada')).toBeUndefined();
    }
    expect(deadline).toBeGreaterThan(20);
  });

  test('between two crashes changes nothing of that', async () => {
    for (let first = 1; first <= 20; first++) {
      for (let second = 1; second <= 20; second++) {
        const world = memoryWorld();
        const { accounts, cache, topic, slots } = world;
        for (const deadline of [first, second]) {
          await deliver(mortal({ accounts, cache, topic, slots }, deadline).ports, world, purchase()).catch(
            () => {},
          );
        }
        await deliver(world, world, purchase());
        expect(new Set(versionsOf(world.published))).toEqual(new Set([1]));
        expect(world.cached.get('ada')?.version).toBe(1);
        expect(world.inboxes.get('ada')).toEqual(new Map());
        expect([...world.purchases.get('ada')!.values()]).toEqual([purchase()]);
      }
    }
  });
});

describe('a purchase in the inbox', () => {
  const earlier = purchase();
  const later = purchase({ status: 'refunded', occurredAt: '2026-11-22T09:30:00.000Z' });

  /** As a run leaves it that dies between commit and put. */
  async function leftBehind(bought: Purchase): Promise<MemoryWorld> {
    const world = memoryWorld();
    const dies = { ...world.accounts, putPurchase: () => Promise.reject(new Unavailable('down')) };
    await deliver({ ...world, accounts: dies }, world, bought).catch(() => {});
    expect([...world.inboxes.get('ada')!.values()]).toEqual([bought]);
    return world;
  }

  test('gets its item from the next run of the account, whatever that is for', async () => {
    const world = await leftBehind(purchase());
    await recompute(world, 'ada');
    expect([...world.purchases.get('ada')!.values()]).toEqual([purchase()]);
    expect(world.inboxes.get('ada')).toEqual(new Map());
  });

  test('counts for another purchase that comes in between', async () => {
    const world = await leftBehind(purchase());
    await deliver(world, world, purchase({ purchaseId: 'sub_2', productId: 'sports' }));
    expect(grantsOf(world.stored.get('ada'))).toEqual(['free', 'movies', 'series', 'sports']);
    expect([...world.purchases.get('ada')!.keys()].toSorted()).toEqual(['sub_1', 'sub_2']);
  });

  test('wins against an earlier report of the same purchase', async () => {
    const world = await leftBehind(later);
    await deliver(world, world, earlier);
    expect(grantsOf(world.stored.get('ada'))).toEqual(['free']);
    expect([...world.purchases.get('ada')!.values()]).toEqual([later]);
    expect(world.inboxes.get('ada')).toEqual(new Map());
  });

  test('loses to a later report of the same purchase', async () => {
    const world = await leftBehind(earlier);
    await deliver(world, world, later);
    expect(grantsOf(world.stored.get('ada'))).toEqual(['free']);
    expect([...world.purchases.get('ada')!.values()]).toEqual([later]);
    expect(world.inboxes.get('ada')).toEqual(new Map());
  });
});

describe('the order of events', () => {
  const at = (minute: number) => `2026-11-22T08:${String(minute).padStart(2, '0')}:00.000Z`;
  const anEvent = fc.record({
    purchaseId: fc.constantFrom('sub_1', 'sub_2', 'sub_3'),
    productId: fc.constantFrom('premium', 'sports', 'nightfall-48h', 'summer-pass'),
    status: fc.constantFrom(...PURCHASE_STATUSES),
    minute: fc.integer({ min: 0, max: 5 }),
    revision: fc.integer({ min: 0, max: 2 }),
    days: fc.constantFrom(-40, -1, 1, 30),
  });
  const events = fc.array(anEvent, { minLength: 1, maxLength: 8 }).map((all) =>
    all.map(({ purchaseId, productId, status, minute, revision, days }, index) =>
      purchase({
        purchaseId,
        productId,
        status,
        validFrom: '2026-01-01T00:00:00.000Z',
        validUntil: new Date(Date.parse('2026-11-22T10:00:00.000Z') + days * 86_400_000).toISOString(),
        reported: { eventId: `evt_${index}`, occurredAt: at(minute), revision },
      }),
    ),
  );
  const history = events.chain((all) =>
    fc.record({
      all: fc.constant(all),
      deliveries: fc
        .tuple(
          fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
          fc.array(fc.constantFrom(...all), { maxLength: 8 }),
        )
        .chain(([once, again]) =>
          fc.shuffledSubarray([...once, ...again], { minLength: once.length + again.length }),
        ),
      batchSize: fc.integer({ min: 1, max: 10 }),
    }),
  );

  /** Through the function itself, batch by batch. */
  async function run(deliveries: readonly Purchase[], batchSize: number) {
    const world = memoryWorld();
    const serve = recomputeEntitlements({
      parse: (body): readonly Order[] => [{ accountId: 'ada', purchase: JSON.parse(body) as Purchase }],
      recompute: (accountId, reported) => recompute(world, accountId, reported),
    });
    for (let from = 0; from < deliveries.length; from += batchSize) {
      const records = deliveries
        .slice(from, from + batchSize)
        .map((each) => ({ body: JSON.stringify(each) }));
      const outcomes = await serve(records as never);
      for (const outcome of outcomes.values()) expect(outcome).toEqual({ done: true });
    }
    return world;
  }

  test('and their repetition make no difference to what is held', async () => {
    await fc.assert(
      fc.asyncProperty(history, async ({ all, deliveries, batchSize }) => {
        const [ordered, shuffled] = await Promise.all([run(all, 1), run(deliveries, batchSize)]);
        expect(shuffled.stored.get('ada')?.entitlements).toEqual(ordered.stored.get('ada')?.entitlements);
        expect(shuffled.cached.get('ada')).toEqual(shuffled.stored.get('ada'));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('recomputes, fills and flushes that interleave', () => {
  test('leave a newer cached answer alone', async () => {
    const world = memoryWorld();
    await deliver(world, world, purchase());
    const older = world.stored.get('ada')!;
    await deliver(world, world, purchase({ purchaseId: 'sub_2', productId: 'sports' }));
    const overwritten: number[] = [];
    const watched = {
      ...world.cache,
      replace: async (...args: Parameters<MemoryWorld['cache']['replace']>) => {
        overwritten.push(args[0].version);
        return world.cache.replace(...args);
      },
    };
    expect(await fillCache({ ...world, cache: watched }, older)).toMatchObject({ version: 2 });
    expect(overwritten).toEqual([]);
  });

  test('leave a newer cached answer alone after a commit, too', async () => {
    const world = memoryWorld();
    await deliver(world, world, purchase());
    const seen: (number | undefined)[] = [];
    const accounts = interrupted(world.accounts, {
      before: async () => {},
      after: async (step) => {
        if (step === 'commit') await deliver(world, world, purchase({ purchaseId: 'overtakes' }));
      },
    });
    const look = async () => void seen.push(world.cached.get('ada')?.version);
    const cache = interrupted(world.cache, { before: look, after: look });
    await recompute({ ...world, accounts, cache }, 'ada', [purchase({ purchaseId: 'overtaken' })]);
    expect(new Set(seen)).toEqual(new Set([3]));
  });

  const buy = fc.record({
    kind: fc.constant('buy' as const),
    product: fc.constantFrom('premium', 'sports', 'summer-pass'),
  });
  const other = fc.record({ kind: fc.constantFrom('recompute' as const, 'read' as const) });
  const fill = fc.record({ kind: fc.constant('fill' as const) });
  const flush = fc.record({ kind: fc.constant('flush' as const) });
  // A stale answer needs all three: somebody fills with what it read before a purchase, after a flush.
  const actors = fc
    .tuple(buy, fill, flush, fc.array(fc.oneof(buy, other, fill, flush), { maxLength: 3 }))
    .map(([first, second, third, more]) => [first, second, third, ...more]);

  const bursts = fc.array(
    fc.record({ actor: fc.nat({ max: 5 }), steps: fc.constantFrom(1, 2, 3, 5, 8, 30) }),
    { maxLength: 12 },
  );

  test('lose no purchase and no message, and never leave an older answer in the cache', async () => {
    await fc.assert(
      fc.asyncProperty(actors, bursts, async (plan, order) => {
        const world = memoryWorld();
        await deliver(world, world, purchase({ purchaseId: 'first', productId: 'sports' }));

        const runs = plan.map((actor, index) => async (pause: () => Promise<void>) => {
          const slow = slowed(world, pause);
          switch (actor.kind) {
            case 'buy':
              return deliver(slow, slow, purchase({ purchaseId: `sub_${index}`, productId: actor.product }));
            case 'recompute':
              return recompute(slow, 'ada');
            case 'read':
              return readSnapshot(slow, 'ada');
            case 'fill':
              return fillCache(slow, (await slow.accounts.read('ada'))!.snapshot);
            case 'flush':
              await pause();
              return world.cache.flush();
          }
        });
        await interleave(runs, order);

        const [stored, cached] = [world.stored.get('ada'), world.cached.get('ada')];
        const bought = plan.flatMap(({ kind }, index) => (kind === 'buy' ? [`sub_${index}`] : []));
        expect(stored?.entitlements.map(({ entitlementId }) => entitlementId)).toEqual(
          expect.arrayContaining(bought),
        );
        expect([undefined, stored]).toContainEqual(cached);
        const told = (announcements: readonly object[]) =>
          new Set(announcements.map((each) => JSON.stringify(each)));
        expect(told(world.published)).toEqual(told(world.committed));
        expect(world.outboxes.get('ada')).toEqual(new Map());
        expect(world.inboxes.get('ada')).toEqual(new Map());
        expect([...world.purchases.get('ada')!.keys()]).toEqual(expect.arrayContaining(bought));
      }),
      { numRuns: 3000 },
    );
  });

  test('make no difference to which report of a purchase counts, be they under way at once', async () => {
    const reports = fc.uniqueArray(
      fc.record({ minute: fc.nat({ max: 5 }), status: fc.constantFrom(...PURCHASE_STATUSES) }),
      { minLength: 2, maxLength: 4, selector: ({ minute }) => minute },
    );
    await fc.assert(
      fc.asyncProperty(reports, bursts, fc.boolean(), async (all, order, known) => {
        const world = memoryWorld();
        const bought = all.map(({ minute, status }) =>
          purchase({ status, occurredAt: `2026-11-22T09:1${minute}:00.000Z` }),
        );
        if (known) await deliver(world, world, purchase());
        await interleave(
          bought.map((each) => async (pause: () => Promise<void>) => {
            const slow = slowed(world, pause);
            return deliver(slow, slow, each);
          }),
          order,
        );
        const latest = bought.toSorted((a, b) =>
          a.reported.occurredAt < b.reported.occurredAt ? 1 : -1,
        )[0]!;
        const expected = memoryWorld();
        await deliver(expected, expected, latest);
        expect(world.stored.get('ada')?.entitlements).toEqual(expected.stored.get('ada')?.entitlements);
        expect([...world.purchases.get('ada')!.values()]).toEqual([latest]);
        expect(world.inboxes.get('ada')).toEqual(new Map());
        expect(world.cached.get('ada')).toEqual(world.stored.get('ada'));
      }),
      { numRuns: 2000 },
    );
  });

  test('leave nothing older behind a fill that dies half-way', async () => {
    await fc.assert(
      fc.asyncProperty(bursts, fc.integer({ min: 1, max: 8 }), async (order, deadline) => {
        const world = memoryWorld();
        await deliver(world, world, purchase({ purchaseId: 'first', productId: 'sports' }));
        world.cache.flush();
        const buys = async (pause: () => Promise<void>) => {
          const slow = slowed(world, pause);
          return deliver(slow, slow, purchase());
        };
        const dies = async (pause: () => Promise<void>) => {
          const { accounts, cache } = slowed(world, pause);
          const { snapshot } = (await accounts.read('ada'))!;
          const life = mortal({ accounts, cache }, deadline);
          await fillCache({ ...life.ports, now: world.now }, snapshot).catch(() => {});
        };
        await interleave([buys, dies], order);
        expect(world.cached.get('ada')).toEqual(world.stored.get('ada'));
      }),
      { numRuns: 1000 },
    );
  });
});

function slowed(world: MemoryWorld, pause: () => Promise<void>) {
  const steps = { before: pause, after: pause };
  const accounts: AccountStore = {
    ...world.accounts,
    // As badly as a query may do it: the purchases of one moment, the account of a later one.
    readAll: async (accountId) => {
      const { purchases } = await world.accounts.readAll(accountId);
      await pause();
      return { purchases, record: await world.accounts.read(accountId) };
    },
  };
  return {
    ...world,
    accounts: interrupted(accounts, steps),
    cache: interrupted(world.cache, steps),
    topic: interrupted(world.topic, steps),
    warn: () => {},
  };
}
