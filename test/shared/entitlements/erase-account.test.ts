import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { slotOf, standingIn, textOfSession } from '../../../shared/domain/sessions.ts';
import type { Purchase } from '../../../shared/domain/purchases.ts';
import { eraseAccount } from '../../../shared/entitlements/erase-account.ts';
import { readSnapshot } from '../../../shared/entitlements/read-snapshot.ts';
import { recompute } from '../../../shared/entitlements/recompute.ts';
import { interleave } from '../../support/interleaving.ts';
import { session } from '../../support/sessions.ts';
import { interrupted, memoryWorld, purchase, type MemoryWorld } from '../../support/world.ts';

const deliver = (world: MemoryWorld, ...reported: readonly Purchase[]) => recompute(world, 'ada', reported);

/** Has done what the checkout queue asks for. */
async function drain(world: MemoryWorld): Promise<void> {
  for (const message of world.queued.splice(0)) {
    if (message.kind === 'recompute') await recompute(world, message.accountId);
  }
}

async function erased(world: MemoryWorld) {
  const result = await eraseAccount(world, 'ada');
  await drain(world);
  return result;
}

const later = (changes: Partial<Purchase> = {}) =>
  purchase({ occurredAt: '2026-11-22T10:00:00.001Z', ...changes });

describe('an erased account', () => {
  test('holds what everyone holds, under a version that its players have not seen, and they are told', async () => {
    const world = memoryWorld();
    await deliver(world, purchase(), purchase({ purchaseId: 'sub_2', productId: 'sports' }));
    world.published.length = 0;
    expect(await erased(world)).toEqual({ version: 4, erasedAtMs: world.now() });
    expect(world.stored.get('ada')).toMatchObject({ epoch: '0', version: 4, access: { grants: ['free'] } });
    expect(world.cached.get('ada')).toEqual(world.stored.get('ada'));
    expect(world.published).toMatchObject([{ type: 'entitlements.replaced', version: 4, data: {} }]);
    expect(world.purchases.get('ada')).toEqual(new Map());
    expect(world.inboxes.get('ada')).toEqual(new Map());
    expect(JSON.stringify([world.stored.get('ada'), await world.accounts.read('ada')])).not.toContain('sub_');
  });

  test('has a version of its own even when it held no more than everyone', async () => {
    const world = memoryWorld();
    await deliver(world);
    expect(await erased(world)).toMatchObject({ version: 1 });
    expect(world.published).toMatchObject([{ type: 'entitlements.replaced', version: 1 }]);
  });

  test('plays nothing any more, what is free to everyone neither, and whoever played is told', async () => {
    const world = memoryWorld();
    await deliver(world, purchase());
    const [paid, free] = [session(), session({ sessionId: 'session-2', contentId: 'city-lights-tour' })];
    world.standing.set('ada', [textOfSession(paid), textOfSession(free)]);
    await erased(world);
    expect(standingIn(world.standing.get('ada')!.map(slotOf))).toEqual([]);
    expect(world.sessionsEnded.map(({ data }) => [data.sessionId, data.reason])).toEqual([
      ['session-1', 'revoked'],
      ['session-2', 'revoked'],
    ]);
  });

  test('is not brought back by what was reported before, however late it comes', async () => {
    const world = memoryWorld();
    await deliver(world, purchase());
    await erased(world);
    const before = world.stored.get('ada');
    await deliver(world, purchase(), purchase({ purchaseId: 'never-seen' }));
    expect(world.stored.get('ada')).toEqual(before);
    expect(world.purchases.get('ada')).toEqual(new Map());
  });

  test('is not brought back by a report whose sender’s clock was ahead', async () => {
    const world = memoryWorld();
    const ahead = purchase({ occurredAt: '2026-11-22T10:04:00.000Z' });
    await deliver(world, ahead);
    await erased(world);
    await deliver(world, ahead);
    expect(world.stored.get('ada')).toMatchObject({ access: { grants: ['free'] } });
  });

  test('that buys again goes on from where its players are', async () => {
    const world = memoryWorld();
    await deliver(world, purchase());
    const { version } = (await erased(world))!;
    world.now.advance(1000);
    await deliver(world, later());
    expect(world.stored.get('ada')).toMatchObject({
      version: version + 1,
      access: { grants: ['free', 'movies', 'series'] },
    });
    expect([...world.purchases.get('ada')!.keys()]).toEqual(['sub_1']);
    expect((await readSnapshot(world, 'ada')).snapshot).toEqual(world.stored.get('ada'));
  });

  test('is erased of what came since when it is erased again, be it only on its way', async () => {
    const world = memoryWorld();
    await deliver(world, purchase());
    const first = await erased(world);
    const onItsWay = purchase({ occurredAt: '2026-11-22T10:00:00.500Z' });
    world.now.advance(1000);
    expect(await erased(world)).toEqual({ version: first!.version + 1, erasedAtMs: world.now() });
    await deliver(world, onItsWay);
    expect(world.stored.get('ada')).toMatchObject({ access: { grants: ['free'] } });
  });

  test('plays nothing after it is erased again that was started in between', async () => {
    const world = memoryWorld();
    await deliver(world);
    await erased(world);
    const startedAt = '2026-11-22T10:00:00.500Z';
    world.standing.set('ada', [textOfSession(session({ contentId: 'city-lights-tour', startedAt }))]);
    world.now.advance(1000);
    await erased(world);
    expect(standingIn(world.standing.get('ada')!.map(slotOf))).toEqual([]);
  });

  test('is never erased up to an earlier moment than before', async () => {
    const world = memoryWorld();
    const ahead = purchase({ occurredAt: '2026-11-22T10:04:00.000Z' });
    await deliver(world, ahead);
    const first = await erased(world);
    await erased(world);
    expect(world.erased.get('ada')).toBe(first!.erasedAtMs);
  });

  test('remembers of its history that it was erased, and nothing else', async () => {
    const world = memoryWorld();
    await deliver(world, purchase());
    await erased(world);
    const record = await world.accounts.read('ada');
    expect(record?.recent).toEqual([{ version: 2, atMs: world.now(), cause: '@erased' }]);
  });
});

test('an account of which nothing is stored is not erased: it may be a slip', async () => {
  const world = memoryWorld();
  expect(await eraseAccount(world, 'ada')).toBeUndefined();
  expect(world.stored.size + world.queued.length).toBe(0);
});

test('the rest is asked for twice, the second time when no recompute of before can be under way', async () => {
  const world = memoryWorld();
  await deliver(world, purchase());
  const asked: (readonly [delaySeconds: number | undefined, erased: boolean])[] = [];
  const queue = {
    send: async (_: unknown, { delaySeconds }: { readonly delaySeconds?: number } = {}) =>
      void asked.push([delaySeconds, world.erased.has('ada')]),
  };
  await eraseAccount({ ...world, queue }, 'ada');
  // The one that comes late is asked for first: it comes whatever crashes.
  expect(asked).toEqual([
    [90, false],
    [undefined, true],
  ]);
});

test('an erasure whose function dies is finished by the queue, or has not begun', async () => {
  const begun: boolean[] = [];
  for (let lives = 0; lives < 6; lives++) {
    const world = memoryWorld();
    await deliver(world, purchase());
    let steps = lives;
    const after = async () => (steps-- > 0 ? undefined : Promise.reject(new Error('died')));
    const dying = {
      ...world,
      accounts: interrupted(world.accounts, { before: async () => {}, after }),
      queue: interrupted(world.queue, { before: async () => {}, after }),
    };
    await eraseAccount(dying, 'ada').catch(() => {});
    await drain(world);
    begun.push(world.erased.has('ada'));
    expect(world.cached.get('ada')).toEqual(world.stored.get('ada'));
    expect(world.purchases.get('ada')?.size).toBe(begun.at(-1) ? 0 : 1);
  }
  expect(begun).toEqual([false, false, true, true, true, true]);
});

test('recomputes that are under way bring nothing of before back, and leave nothing of it behind', async () => {
  const bursts = fc.array(fc.record({ actor: fc.nat({ max: 3 }), steps: fc.nat({ max: 12 }) }), {
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(bursts, fc.boolean(), async (order, known) => {
      const world = memoryWorld();
      if (known) await deliver(world, purchase());
      else await deliver(world);
      const slow = (pause: () => Promise<void>): MemoryWorld => {
        const steps = { before: pause, after: pause };
        return {
          ...world,
          accounts: interrupted(world.accounts, steps),
          cache: interrupted(world.cache, steps),
          topic: interrupted(world.topic, steps),
        };
      };
      await interleave(
        [
          (pause) => deliver(slow(pause), purchase({ purchaseId: 'sub_2', productId: 'sports' })),
          (pause) => eraseAccount(slow(pause), 'ada'),
          (pause) => readSnapshot(slow(pause), 'ada'),
          (pause) => deliver(slow(pause), later({ purchaseId: 'new', productId: 'nightfall-48h' })),
        ],
        order,
      );
      await drain(world);
      const stored = world.stored.get('ada')!;
      const held = stored.entitlements.map(({ entitlementId }) => entitlementId);
      // The last one is of after the erasure, unless it was there first and the erasure took it with it.
      const after = [...world.purchases.get('ada')!.keys()];
      expect([[], ['new']]).toContainEqual(after);
      expect(held).toEqual(['free:free', ...after]);
      expect(world.cached.get('ada')).toEqual(stored);
      // One that was under way may still be told of what was before; players pass over what is older than they hold.
      expect(Math.max(...world.published.map(({ version }) => version))).toBe(stored.version);
      expect(world.inboxes.get('ada')).toEqual(new Map());
    }),
    { numRuns: 500 },
  );
});
