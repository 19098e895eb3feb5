import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ConnectionState } from '../../../client/src/entitlements/connection.ts';
import {
  followEntitlements,
  type LiveEntitlements,
} from '../../../client/src/entitlements/follow-entitlements.ts';
import { keptSnapshots } from '../../../client/src/entitlements/kept-snapshot.ts';
import type { Entitlements } from '../../../client/src/entitlements/holding.ts';
import type { Grant } from '../../../client/src/service/messages.ts';
import { Refusal } from '../../../client/src/service/problems.ts';
import type { TopicEvents } from '../../../client/src/momento/momento.ts';
import type { SessionEnd } from '../../../client/src/service/session-answers.ts';
import { createServerClock } from '../../../client/src/timing/server-clock.ts';
import type { Snapshot } from '../../../shared/domain/entitlements.ts';
import { fromMs } from '../../../shared/domain/instants.ts';
import { sessionTerminated } from '../../../shared/domain/session-messages.ts';
import type { Session } from '../../../shared/domain/sessions.ts';
import { entitlement as anEntitlement } from '../../support/catalogs.ts';
import { NOW, snapshotAt } from '../../support/snapshots.ts';

const GRACE_MS = 24 * 3_600_000;
const HEARTBEAT_MS = 30_000;

const premium = anEntitlement({ validFrom: fromMs(0) });

const created = (version: number, entitlement = premium, subject = 'ada') =>
  JSON.stringify({ type: 'entitlement.created', epoch: '0', version, subject, data: entitlement });

/** A browser's storage, in memory. */
function createStorage() {
  const items = new Map<string, string>();
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, text: string) => void items.set(key, text),
    removeItem: (key: string) => void items.delete(key),
  };
}

interface Options {
  readonly lifeMs?: number;
  readonly storage?: ReturnType<typeof createStorage>;
  readonly accountId?: string;
  /** How far the service's clock is ahead of this device's. */
  readonly aheadMs?: number;
}

/** Momento and the API, as a test has them answer; `log` keeps the order of what was asked. */
function createWorld({
  lifeMs = 1_800_000,
  storage = createStorage(),
  accountId,
  aheadMs = 0,
}: Options = {}) {
  const log: string[] = [];
  const told: Entitlements[] = [];
  const shown: Snapshot[] = [];
  const connection: ConnectionState[] = [];
  const sessionEnds: SessionEnd[] = [];
  const waves: string[] = [];
  const stopped: unknown[] = [];
  const subscriptions: { topic: string; listener: TopicEvents; heard: boolean; closed: boolean }[] = [];
  const heard: { listener: TopicEvents; closed: boolean }[] = [];
  const world = {
    log,
    told,
    shown,
    connection,
    sessionEnds,
    waves,
    stopped,
    subscriptions,
    userId: 'ada',
    hidden: false,
    cached: snapshotAt(1) as Snapshot | undefined,
    answer: (_atLeast: number): Snapshot | Promise<Snapshot> => snapshotAt(1),
    provisional: false,
    cacheAnswers: Promise.resolve(),
    onShown: undefined as (() => Promise<void>) | undefined,
    known: undefined as Snapshot | undefined,
    grantFails: undefined as Error | undefined,
    /** Instead of a way to Momento. */
    connects: undefined as Promise<never> | undefined,
    delays: [] as { error: unknown; failures: number }[],
    follow(): LiveEntitlements {
      return followEntitlements(
        {
          readGrant: async () => {
            log.push('token');
            if (world.grantFails) throw world.grantFails;
            const grant: Grant = {
              userId: world.userId,
              cacheName: 'usher',
              endpoint: 'http://127.0.0.1:9',
              issuedAt: fromMs(Date.now() + aheadMs),
              expiresAt: fromMs(Date.now() + aheadMs + lifeMs),
              token: 't',
              cacheToken: 'c',
            };
            return grant;
          },
          connect: async () =>
            (await world.connects) ?? {
              async hear(topic, listener) {
                const isAccount = topic !== 'catalog';
                if (isAccount) log.push('subscribe');
                const subscription = { topic, listener, heard: true, closed: false };
                heard.push(subscription);
                if (isAccount) subscriptions.push(subscription);
                return {
                  isHeard: () => subscription.heard,
                  close() {
                    if (isAccount) log.push('close');
                    subscription.closed = true;
                  },
                };
              },
              async readSnapshot() {
                log.push('cache');
                await world.cacheAnswers;
                return world.cached && JSON.stringify(world.cached);
              },
            },
          readEntitlements: async ({ atLeast, known }) => {
            log.push(`read ${atLeast}`);
            world.known = known;
            return { snapshot: await world.answer(atLeast), provisional: world.provisional };
          },
          delayAfter(error, failures) {
            world.delays.push({ error, failures });
            const askedMs = error instanceof Refusal ? error.retryAfterSeconds! * 1000 : 0;
            return error instanceof RangeError ? undefined : askedMs + 1000 * 2 ** failures;
          },
          clock: createServerClock({ now: Date.now, steadyNow: () => performance.now() }),
          after(delayMs, act) {
            const timer = setTimeout(act, delayMs);
            return () => clearTimeout(timer);
          },
          random: () => 0.5,
          kept: keptSnapshots(() => storage),
          graceMs: GRACE_MS,
          accountId: accountId ?? Promise.resolve(undefined),
          isHidden: () => world.hidden,
          playingProductIds: () => [],
        },
        {
          onEntitlements(entitlements) {
            told.push(entitlements);
            if (entitlements.standing !== 'unknown' && entitlements.snapshot !== shown.at(-1))
              shown.push(entitlements.snapshot);
            void world.onShown?.();
          },
          onConnection: (state) => connection.push(state),
          onMessage: () => {},
          onSessionEnd: (end) => sessionEnds.push(end),
          onWave: ({ waveId }) => waves.push(waveId),
          onStopped: (error) => stopped.push(error),
        },
      );
    },
    /** Tells of a change for everyone. */
    announce: (text: string) => heard.at(-1)!.listener.onItem(text),
    say: (text: string) => subscriptions.at(-1)!.listener.onItem(text),
    /** The account's subscription gives out for good. */
    end: (reason: string) => subscriptions.at(-1)!.listener.onError(reason),
    /** Lets time pass in which Momento shows signs of life. */
    async passMs(ms: number) {
      for (let leftMs = ms; leftMs > 0; leftMs -= HEARTBEAT_MS) {
        await vi.advanceTimersByTimeAsync(Math.min(leftMs, HEARTBEAT_MS));
        for (const { listener, closed } of heard) if (!closed) listener.onHeartbeat();
      }
    },
  };
  return world;
}

/** Lets everything happen that is not waiting for the clock. */
const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => vi.useFakeTimers({ now: NOW }));
afterEach(() => vi.useRealTimers());

test('hears the topic before it reads anything', async () => {
  const world = createWorld();
  world.follow();
  await settle();
  expect(world.log).toEqual(['token', 'subscribe', 'cache']);
  expect(world.connection).toEqual(['catching-up', 'live']);
  expect(world.shown.map(({ version }) => version)).toEqual([1]);
});

test('asks the API when nothing is cached, or what is cached is someone else’s or no snapshot', async () => {
  for (const cached of [undefined, { ...snapshotAt(9), accountId: 'bob' }, {} as Snapshot]) {
    const world = createWorld();
    world.cached = cached;
    world.follow();
    await settle();
    expect(world.log.at(-1)).toBe('read 0');
    expect(world.shown.map(({ version }) => version)).toEqual([1]);
  }
});

test('shows the next change as it is heard, without asking anyone', async () => {
  const world = createWorld();
  world.follow();
  await settle();
  world.say(created(2));
  expect(world.shown.at(-1)).toMatchObject({ version: 2, access: { grants: ['movies'] } });
  expect(world.log).not.toContain('read 2');
});

test('reads at least the version it heard of when one is missing in between, and keeps asking until it has it', async () => {
  const world = createWorld();
  world.follow();
  await settle();
  const answers = [snapshotAt(2), snapshotAt(4, [premium])];
  world.answer = () => answers.shift()!;
  world.say(created(4));
  await settle();
  expect(world.log.slice(3)).toEqual(['read 4', 'read 4']);
  expect(world.shown.map(({ version }) => version)).toEqual([1, 2, 4]);
});

test('reads what a change that it does not understand has led to', async () => {
  const world = createWorld();
  world.follow();
  await settle();
  world.answer = () => snapshotAt(2);
  world.say(JSON.stringify({ type: 'entitlement.lent', epoch: '0', version: 2, subject: 'ada', data: {} }));
  await settle();
  expect(world.shown.map(({ version }) => version)).toEqual([1, 2]);
  expect(world.log.slice(3)).toEqual(['read 2']);
});

test('pays no attention to messages about another account, or that are none', async () => {
  const world = createWorld();
  world.follow();
  await settle();
  world.say(created(2, premium, 'bob'));
  world.say('{"type":"session.terminated"}');
  world.say('no JSON');
  await settle();
  expect(world.shown).toHaveLength(1);
  expect(world.log).toHaveLength(3);
});

test('renews its tokens before they end: subscribes anew, only then drops the old subscription, then reads once', async () => {
  const world = createWorld({ lifeMs: 1_800_000 });
  world.follow();
  await settle();
  world.log.length = 0;
  await world.passMs(1_800_000 - 60_000);
  expect(world.log.filter((line) => line !== 'read 1')).toEqual(['token', 'subscribe', 'close']);
  expect(world.log.slice(-4)).toEqual(['token', 'subscribe', 'close', 'read 1']);
  expect(world.connection).toEqual(['catching-up', 'live']);
});

test('after the subscription has ended it waits, subscribes again and reads what it missed', async () => {
  const world = createWorld();
  world.follow();
  await settle();
  world.answer = () => snapshotAt(3, [premium]);
  world.end('SERVER_UNAVAILABLE');
  await settle();
  expect(world.connection.at(-1)).toBe('offline');
  expect(world.log).toHaveLength(3);
  await vi.advanceTimersByTimeAsync(1000);
  expect(world.log.slice(3)).toEqual(['token', 'subscribe', 'close', 'read 1']);
  expect(world.connection.at(-1)).toBe('live');
  expect(world.shown.at(-1)!.version).toBe(3);
});

test('waits longer and longer while it is refused, and at once less when the network is back', async () => {
  const world = createWorld();
  world.grantFails = new Error('no network');
  const live = world.follow();
  await settle();
  await vi.advanceTimersByTimeAsync(1000 + 2000);
  expect(world.delays.map(({ failures }) => failures)).toEqual([0, 1, 2]);
  world.grantFails = undefined;
  live.reconnect();
  await settle();
  expect(world.connection.at(-1)).toBe('live');
});

test('a read that fails in the background is waited out, not hammered', async () => {
  const world = createWorld();
  world.follow();
  await settle();
  world.answer = () => {
    throw new Error('503');
  };
  world.subscriptions[0]!.listener.onDiscontinuity();
  await settle();
  const reads = () => world.log.filter((line) => line.startsWith('read')).length;
  expect(reads()).toBe(1);
  await vi.advanceTimersByTimeAsync(999);
  expect(reads()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(reads()).toBe(2);
  expect(world.connection.at(-1)).toBe('offline');
});

test('a subscription that ends while the answer is read counts as a failure, and is not tried again at once', async () => {
  const world = createWorld();
  world.cached = undefined;
  world.answer = async () => {
    world.end('LIMIT_EXCEEDED_ERROR');
    return snapshotAt(1);
  };
  world.follow();
  await vi.advanceTimersByTimeAsync(999);
  expect(world.log.filter((line) => line === 'token')).toHaveLength(1);
  expect(world.connection).toEqual(['catching-up', 'offline']);
  await vi.advanceTimersByTimeAsync(1 + 2000);
  expect(world.delays.map(({ failures }) => failures)).toEqual([0, 1, 2]);
});

test('a gap that shows while the cache is read is read over, although the first try fails', async () => {
  const world = createWorld();
  const answers = [new Error('503'), snapshotAt(2, [premium])];
  world.answer = () => {
    const answer = answers.shift()!;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const cached = Promise.withResolvers<void>();
  world.cacheAnswers = cached.promise;
  world.follow();
  await settle();
  expect(world.log.at(-1)).toBe('cache');
  world.subscriptions[0]!.listener.onDiscontinuity();
  await settle();
  cached.resolve();
  await settle();
  expect(world.shown.at(-1)!.version).toBe(2);
});

test.each([0, 1, 2, 3, 4, 5])(
  'a call that comes %i turns after an answer is not taken for answered',
  async (turns) => {
    const world = createWorld();
    const live = world.follow();
    await settle();
    world.log.length = 0;
    world.answer = () => snapshotAt(2);
    world.onShown = async () => {
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      world.onShown = undefined;
      live.refresh();
    };
    live.refresh();
    await settle();
    expect(world.log).toEqual(['read 1', 'read 2']);
  },
);

test('however many signals arrive together it reads once, and once more for those that come meanwhile', async () => {
  const world = createWorld();
  world.follow();
  await settle();
  world.log.length = 0;
  const answer = Promise.withResolvers<Snapshot>();
  world.answer = () => answer.promise;
  const { listener } = world.subscriptions[0]!;
  for (let n = 0; n < 3; n++) listener.onDiscontinuity();
  await settle();
  expect(world.log).toEqual(['read 1']);
  for (let n = 0; n < 3; n++) listener.onDiscontinuity();
  await settle();
  expect(world.log).toEqual(['read 1']);
  answer.resolve(snapshotAt(1));
  await settle();
  expect(world.log).toEqual(['read 1', 'read 1']);
});

test('what calls more than once before anything else can happen is read for once', async () => {
  const world = createWorld();
  const live = world.follow();
  await settle();
  world.log.length = 0;
  for (let n = 0; n < 3; n++) live.refresh();
  await settle();
  expect(world.log).toEqual(['read 1']);
});

test('asks for nothing newer only than what the service would call by its version', async () => {
  const world = createWorld();
  world.cached = undefined;
  world.provisional = true;
  const live = world.follow();
  await settle();
  live.refresh();
  await settle();
  expect(world.known).toBeUndefined(); // a provisional answer has no version of its own
  world.provisional = false;
  live.refresh();
  await settle();
  live.refresh();
  await settle();
  expect(world.known).toMatchObject({ version: 1 });
});

test('what an earlier page kept is confirmed by a cache that is as new, and by the API where it is not', async () => {
  for (const [cached, asked] of [
    [3, ['cache']],
    [2, ['cache', 'read 3']],
  ] as const) {
    const storage = createStorage();
    const earlier = createWorld({ storage, accountId: 'ada' });
    earlier.cached = snapshotAt(3, [premium]);
    const page = earlier.follow();
    await settle();
    page.stop();

    const world = createWorld({ storage, accountId: 'ada' });
    world.cached = snapshotAt(cached, cached === 3 ? [premium] : []);
    world.answer = () => snapshotAt(3, [premium]);
    world.follow();
    await settle();
    expect(world.told.map(({ standing }) => standing)).toEqual(['stale', 'confirmed']);
    expect(world.log).toEqual(['token', 'subscribe', ...asked]);
  }
});

test('gives up when trying again is of no use, and hears nothing more', async () => {
  const world = createWorld();
  world.follow();
  await settle();
  const over = new RangeError('signed out elsewhere');
  world.grantFails = over;
  world.end('AUTHENTICATION_ERROR');
  await settle();
  await vi.advanceTimersByTimeAsync(1000);
  expect(world.stopped).toEqual([over]);
  expect(world.connection.at(-1)).toBe('offline');
  expect(world.told.at(-1)!.standing).toBe('stale');
  expect(world.subscriptions[0]!.closed).toBe(true);
  world.say(created(2));
  expect(world.shown).toHaveLength(1);
});

test('says that it is live no more when its tokens cannot be renewed because the viewer has to sign in again', async () => {
  const world = createWorld({ lifeMs: 1_800_000 });
  world.follow();
  await settle();
  world.grantFails = new RangeError('signed out elsewhere');
  await world.passMs(1_800_000 - 60_000);
  expect(world.stopped).toHaveLength(1);
  expect(world.connection).toEqual(['catching-up', 'live', 'offline']);
  expect(world.told.at(-1)!.standing).toBe('stale');
});

test('on signing out forgets what was kept although it was too old to be shown', async () => {
  const storage = createStorage();
  const before = createWorld({ storage });
  const live = before.follow();
  await settle();
  live.stop();
  expect(storage.getItem('usher.kept.ada')).not.toBeNull();
  vi.setSystemTime(NOW + GRACE_MS + 60_000);
  const world = createWorld({ storage, accountId: 'ada' });
  world.grantFails = new Error('no network');
  world.answer = () => {
    throw world.grantFails;
  };
  const followed = world.follow();
  await settle();
  expect(world.told).toEqual([]);
  followed.stop({ forget: true });
  await settle();
  expect(storage.getItem('usher.kept.ada')).toBeNull();
});

test('shows nothing any more once it is stopped', async () => {
  const world = createWorld();
  const live = world.follow();
  await settle();
  live.stop();
  world.say(created(2));
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(world.shown).toHaveLength(1);
  expect(world.log).toEqual(['token', 'subscribe', 'cache', 'close']);
});

test('says once it is stopped that nobody hears, and that nobody stands by what was shown', async () => {
  const world = createWorld();
  const live = world.follow();
  await settle();
  for (let times = 0; times < 2; times++) live.stop();
  expect(world.connection).toEqual(['catching-up', 'live', 'offline']);
  expect(world.told.map(({ standing }) => standing)).toEqual(['confirmed', 'stale']);
});

test('may be stopped by who is told that it is cut off', async () => {
  const world = createWorld();
  const live = world.follow();
  await settle();
  const push = world.connection.push.bind(world.connection);
  world.connection.push = (state) => {
    if (state === 'offline') live.stop();
    return push(state);
  };
  world.end('gone');
  await settle();
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect([...world.connection]).toEqual(['catching-up', 'live', 'offline']);
  expect(world.log.filter((asked) => asked === 'token')).toHaveLength(1);
});

test('ends what ends by the clock at that very moment, without asking anyone', async () => {
  const world = createWorld();
  const ending = { ...premium, heldUntil: fromMs(NOW + 60_000) };
  world.cached = { ...snapshotAt(1, [ending]), nextChangeAt: fromMs(NOW + 60_000) };
  world.follow();
  await settle();
  await vi.advanceTimersByTimeAsync(59_999);
  expect(world.shown.at(-1)!.access.grants).toEqual(['movies']);
  await vi.advanceTimersByTimeAsync(1);
  expect(world.shown.at(-1)!.access.grants).toEqual([]);
  expect(world.log).toEqual(['token', 'subscribe', 'cache']);
});

test('looks at the API now and then, should a message have been lost without a trace', async () => {
  const world = createWorld();
  world.follow();
  await settle();
  world.answer = () => snapshotAt(2, [premium]);
  await world.passMs(5 * 60_000 + 30_000);
  expect(world.shown.at(-1)!.version).toBe(2);
  expect(world.connection).toEqual(['catching-up', 'live']);
});

const session: Session = {
  sessionId: 's1',
  deviceId: 'laptop',
  playerId: 'tab',
  contentId: 'harbour',
  deviceType: 'web',
  region: null,
  startedAt: fromMs(NOW),
  nonce: 'n',
  instead: null,
};

test('tells of a session that is over, which changes no entitlement and calls for no read', async () => {
  const world = createWorld();
  world.follow();
  await settle();
  world.say(JSON.stringify(sessionTerminated('ada', session, 'terminated', NOW, { deviceId: 'tv' })));
  await settle();
  expect(world.sessionEnds).toEqual([
    { sessionId: 's1', deviceId: 'laptop', reason: 'terminated', by: 'tv' },
  ]);
  expect(world.shown).toHaveLength(1);
  expect(world.log).toEqual(['token', 'subscribe', 'cache']);
});

test('does not tell of another account’s session, nor of anything once it is stopped', async () => {
  const world = createWorld();
  const live = world.follow();
  await settle();
  world.say(JSON.stringify(sessionTerminated('bob', session, 'terminated', NOW)));
  live.stop();
  world.say(JSON.stringify(sessionTerminated('ada', session, 'terminated', NOW)));
  expect(world.sessionEnds).toEqual([]);
});

describe('while Momento is away', () => {
  const away = () => {
    const refused = Promise.reject(new Error('Momento does not answer'));
    refused.catch(() => {}); // until somebody asks
    return refused;
  };
  const reads = ({ log }: ReturnType<typeof createWorld>) =>
    log.filter((line) => line.startsWith('read')).length;

  test('shows what the API answers, though not as confirmed, and is live as soon as it can hear', async () => {
    const world = createWorld();
    world.connects = away();
    world.answer = () => snapshotAt(2, [premium]);
    world.cached = snapshotAt(2, [premium]);
    world.follow();
    await settle();
    expect(world.log).toEqual(['token', 'read 0']);
    expect(world.connection).toEqual(['catching-up', 'offline']);
    expect(world.told).toMatchObject([
      { standing: 'stale', snapshot: { version: 2 }, graceEndsAtMs: NOW + GRACE_MS },
    ]);
    world.connects = undefined;
    await vi.advanceTimersByTimeAsync(1000);
    expect(world.connection.at(-1)).toBe('live');
    expect(world.told.at(-1)).toMatchObject({ standing: 'confirmed', snapshot: { version: 2 } });
  });

  test('shows it also when nobody can say whose tokens they are, and keeps it for the next page', async () => {
    const storage = createStorage();
    const world = createWorld({ storage });
    world.grantFails = new Refusal(503, 'unavailable', 'Momento is away', 2);
    world.answer = () => snapshotAt(2, [premium]);
    world.follow();
    await settle();
    expect(world.shown.map(({ version }) => version)).toEqual([2]);
    expect(keptSnapshots(() => storage).read('ada')).toMatchObject({
      snapshot: { version: 2 },
      confirmedAtMs: NOW,
    });
  });

  test('takes no answer about another account than the one that it follows', async () => {
    const world = createWorld();
    world.connects = away();
    world.answer = () => ({ ...snapshotAt(2), accountId: 'bob' });
    world.follow();
    await settle();
    expect(world.told).toEqual([]);
  });

  test('asks once for each attempt that fails, until there is an answer, and then no more than once a minute', async () => {
    const world = createWorld();
    world.connects = away();
    world.answer = () => {
      throw new Error('503');
    };
    world.follow();
    await vi.advanceTimersByTimeAsync(1000 + 2000);
    expect(world.log).toEqual(['token', 'read 0', 'token', 'read 0', 'token', 'read 0']);
    expect(world.told).toEqual([]);
    world.answer = () => world.known ?? snapshotAt(2, [premium]); // nothing newer
    await vi.advanceTimersByTimeAsync(4000);
    expect(world.told).toHaveLength(1);
    expect(reads(world)).toBe(4);
    await vi.advanceTimersByTimeAsync(8000 + 16_000 + 32_000);
    expect(reads(world)).toBe(4);
    await vi.advanceTimersByTimeAsync(64_000);
    expect(reads(world)).toBe(5);
    expect(world.told.at(-1)).toMatchObject({ standing: 'stale', graceEndsAtMs: Date.now() + GRACE_MS });
  });

  test('does not let the grace end over a wave that has not come to this tab', async () => {
    const world = createWorld();
    world.hidden = true;
    world.follow();
    await settle();
    const wave = {
      waveId: 'w1',
      state: 'start',
      catalogVersion: '2026-11-23.1',
      productIds: [],
      priority: 'low',
    };
    world.announce(
      JSON.stringify({ type: 'catalog.changed', data: { ...wave, refreshWithinSeconds: 86_400 } }),
    );
    world.end('gone');
    await settle();
    world.connects = away();
    await vi.advanceTimersByTimeAsync(GRACE_MS / 3);
    expect(reads(world)).toBe(0);
    await vi.advanceTimersByTimeAsync(GRACE_MS);
    expect(reads(world)).toBe(1);
    expect(world.told.map(({ standing }) => standing)).not.toContain('unknown');
  });

  test('waits for as long as whoever refused asks to wait, be it for tokens or for the answer', async () => {
    const world = createWorld();
    world.connects = away();
    world.answer = () => {
      throw new Refusal(429, 'too-often', 'busy', 20);
    };
    world.follow();
    await vi.advanceTimersByTimeAsync(20_999);
    expect(reads(world)).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(reads(world)).toBe(2);
  });

  test('does not wait for an answer when the network is back', async () => {
    const world = createWorld();
    world.connects = away();
    const answer = Promise.withResolvers<Snapshot>();
    world.answer = () => answer.promise;
    const live = world.follow();
    await settle();
    world.connects = undefined;
    live.reconnect();
    await settle();
    expect(world.log).toEqual(['token', 'read 0', 'token', 'subscribe', 'cache']);
  });

  test('an answer that is older than what an earlier page has kept is not shown after it', async () => {
    const storage = createStorage();
    const earlier = createWorld({ storage });
    earlier.cached = snapshotAt(3, [premium]);
    const page = earlier.follow();
    await settle();
    page.stop();
    vi.setSystemTime(NOW + 120_000);
    const world = createWorld({ storage, accountId: 'ada' });
    world.connects = away();
    world.answer = (atLeast) => ({ ...snapshotAt(atLeast), epoch: '-1' });
    world.follow();
    await settle();
    expect(world.log).toEqual(['token', 'read 3']);
    expect(world.shown.map(({ version, epoch }) => `${epoch}.${version}`)).toEqual(['0.3']);
  });

  test('goes on by itself when what it loads from Momento hangs for good', async () => {
    const world = createWorld();
    world.connects = new Promise<never>(() => {});
    world.follow();
    await vi.advanceTimersByTimeAsync(14_999);
    expect(world.connection).toEqual(['catching-up']);
    await vi.advanceTimersByTimeAsync(1);
    expect(world.connection).toEqual(['catching-up', 'offline']);
    expect(world.shown).toHaveLength(1);
    world.connects = undefined;
    await vi.advanceTimersByTimeAsync(1000);
    expect(world.connection.at(-1)).toBe('live');
  });
});

test('a gap that could not be read over while tokens wait to be renewed is read over with the next try', async () => {
  const world = createWorld({ lifeMs: 1_800_000 });
  world.follow();
  await settle();
  world.grantFails = new Error('503');
  await world.passMs(1_800_000 - 60_000);
  expect(world.delays).toHaveLength(1);
  world.answer = () => {
    throw new Error('503');
  };
  world.subscriptions[0]!.listener.onDiscontinuity();
  await settle();
  world.answer = () => snapshotAt(2, [premium]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(world.shown.at(-1)!.version).toBe(2);
  expect(world.connection).toEqual(['catching-up', 'live']);
});

test('a failure after a long good time is a first one, also when it is that tokens cannot be renewed', async () => {
  const world = createWorld({ lifeMs: 600_000 });
  world.grantFails = new Error('503');
  world.follow();
  await vi.advanceTimersByTimeAsync(1000 + 2000);
  world.grantFails = undefined;
  await vi.advanceTimersByTimeAsync(4000);
  expect(world.connection.at(-1)).toBe('live');
  world.delays.length = 0;
  world.grantFails = new Error('503');
  await world.passMs(600_000 - 60_000);
  expect(world.delays.map(({ failures }) => failures)).toEqual([0]);
});
