import type { Wave } from '../../../shared/domain/catalog-messages.ts';
import type { Snapshot } from '../../../shared/domain/entitlements.ts';
import { toMs } from '../../../shared/domain/instants.ts';
import type { MomentoConnection } from '../momento/momento.ts';
import { subscribe, type Subscription, type SubscriptionListener } from '../momento/subscription.ts';
import type { Reading } from '../service/api.ts';
import { parseMessage, parseSnapshot, parseWave, type Grant } from '../service/messages.ts';
import { parseSessionEnd, type SessionEnd } from '../service/session-answers.ts';
import type { ServerClock } from '../timing/server-clock.ts';
import type { After } from '../timing/timers.ts';
import { isAffected } from './deferral.ts';
import { adopt, hear, isBehind, isRefuted, leastVersion, UNKNOWN } from './entitlement-state.ts';
import { createHolding, type Entitlements } from './holding.ts';
import type { KeptSnapshots } from './kept-snapshot.ts';
import { createWaves } from './waves.ts';

/** `live`: changes arrive as they happen. `catching-up`: on the way there. `offline`: waiting to try again. */
export type ConnectionState = 'live' | 'catching-up' | 'offline';

interface World {
  readonly readGrant: () => Promise<Grant>;
  /** GET /entitlements; `known` may be answered with itself. */
  readonly readEntitlements: (asked: { atLeast: number; known: Snapshot | undefined }) => Promise<Reading>;
  readonly connect: (grant: Grant) => Promise<MomentoConnection>;
  /** How long to wait before the next try; `undefined` when trying again is of no use, as after signing out. */
  readonly delayAfter: (error: unknown, failures: number) => number | undefined;
  readonly clock: ServerClock;
  readonly after: After;
  readonly random: () => number;
  readonly kept: KeptSnapshots;
  /** How long an answer counts after the service last stood by it. */
  readonly graceMs: number;
  /** Whose kept answer may be shown before the service says whose tokens these are. */
  readonly accountId: string | Promise<string | undefined>;
  readonly isHidden: () => boolean;
  /** The products that what plays now rests on: see `Hearer`. */
  readonly playingProductIds: (snapshot: Snapshot) => readonly string[];
}

interface Listener {
  readonly onEntitlements: (entitlements: Entitlements) => void;
  readonly onConnection: (state: ConnectionState) => void;
  /** Any message, also of a kind that is not known here. */
  readonly onMessage: (text: string) => void;
  /** One of the account's sessions is over: that says nothing about what the account may watch. */
  readonly onSessionEnd: (end: SessionEnd) => void;
  /** It is this player's turn to read the catalogue that a wave leads to. */
  readonly onWave: (wave: Wave) => void;
  /** It has given up, for this reason. */
  readonly onStopped: (error: unknown) => void;
}

export interface LiveEntitlements {
  /** Reads again now: something should have come and has not. */
  refresh(): void;
  /** The page is seen again: catches up, from the subscription if the device has slept. */
  wake(): void;
  /** Subscribes and reads again now: the network is back. */
  reconnect(): void;
  /** `forget`: what was kept of the account, too. */
  stop(options?: { readonly forget: boolean }): void;
}

/** Tokens are renewed this long before they end, or half-way through a shorter life. */
const RENEW_BEFORE_MS = 60_000;
/** A connection that has lasted this long was a good one: the next failure is a first one. */
const STEADY_MS = 30_000;
/** Reads that a single call for a newer version may take before it counts as a failure. */
const MOST_READS = 5;
/**
 * Quiet changes are not announced; and a stream that ends in good order before its first message is opened again by
 * the SDK without a word, and what was published in between is lost. Asking this often, mostly answered by 304,
 * bounds how long either can go unnoticed.
 */
const RECHECK_EVERY_MS = 5 * 60_000;
/** Timers do not run while a device sleeps: what is due by the clock is looked at this often. */
const LOOK_EVERY_MS = 30_000;
/** A look that comes this late was slept through; browsers slow down the timers of hidden tabs to one a minute. */
const OVERSLEPT_MS = 90_000;

/** What ends a time of being live: a failure, or a wish to subscribe anew. */
type Turn = PromiseWithResolvers<'wake' | 'renew'>;

/**
 * Follows an account's entitlements: hears its topic *first*, then reads, so that nothing falls between; applies
 * what it hears in order, and reads again whenever that is not enough. Whatever fails is tried again for ever,
 * with the waits that `delayAfter` names.
 */
export function followEntitlements(world: World, listener: Listener): LiveEntitlements {
  const { clock, after } = world;
  const holding = createHolding(world, onEntitlements);
  const waves = createWaves({ ...world, hearer }, takeTurn);
  let accountId: string | undefined;
  let connection: MomentoConnection | undefined;
  let subscription: Subscription | undefined;
  let isHearing = false;
  let expiresAtMs = -Infinity;
  let renewAtMs = Infinity;
  let reading: Promise<void> | undefined;
  let isCalledFor = false;
  let lastReadMs = -Infinity;
  let live: Turn | undefined;
  let waiting: PromiseWithResolvers<void> | undefined;
  let wokenMeanwhile = false;
  let lookedAtMs = clock.now();
  let lookDueMs = Infinity;
  let cancelLook = () => {};
  let stopped = false;
  let shown: ConnectionState | undefined;

  void recall();
  void run();
  return {
    refresh: () => void readAgain(),
    wake() {
      waves.shown();
      if (hasSlept()) subscribeAfterSleep();
      else if (shown === 'live') void readAgain();
      else reconnect();
    },
    reconnect,
    stop({ forget } = { forget: false }) {
      stopped = true;
      waiting?.resolve();
      live?.resolve('wake');
      release();
      if (forget) holding.disown();
    },
  };

  async function recall(): Promise<void> {
    // At once where it is known at once: the page's first picture shows it.
    const whose = typeof world.accountId === 'string' ? world.accountId : await world.accountId;
    if (whose !== undefined && !stopped) holding.recall(whose);
    lookLater(); // the clock may go by what was kept now
  }

  async function run(): Promise<void> {
    for (let failures = 0; !stopped;) {
      let liveSinceMs: number | undefined;
      const before = subscription;
      try {
        await subscribeThenRead();
        if (!isHearing) throw new Error('The subscription ended');
        liveSinceMs = clock.now();
        show('live');
        await untilTurn();
      } catch (error) {
        if (stopped) return;
        if (liveSinceMs !== undefined && clock.now() - liveSinceMs >= STEADY_MS) failures = 0;
        const delayMs = world.delayAfter(error, failures++);
        if (delayMs === undefined) return giveUp(error);
        // Tokens that could not be renewed in the first attempt are good for a while.
        const isStillLive = shown === 'live' && liveSinceMs === undefined && subscription === before;
        if (!isStillLive || !isHearing || clock.now() >= expiresAtMs) lose();
        await pause(delayMs);
      }
    }
  }

  async function untilTurn(): Promise<void> {
    live = Promise.withResolvers();
    if (wokenMeanwhile) live.resolve('wake');
    wokenMeanwhile = false;
    const why = await live.promise.finally(() => {
      live = undefined;
    });
    if (why === 'wake') show('catching-up');
  }

  async function pause(delayMs: number): Promise<void> {
    waiting = Promise.withResolvers();
    const { promise, resolve } = waiting;
    if (wokenMeanwhile) resolve();
    wokenMeanwhile = false;
    const cancel = after(delayMs, resolve);
    await promise;
    cancel();
    waiting = undefined;
  }

  function reconnect(): void {
    if (live) live.resolve('wake');
    else if (waiting) waiting.resolve();
    else wokenMeanwhile = true;
  }

  /** Only when the new subscription hears does the old one go, and only then is anything read. */
  async function subscribeThenRead(): Promise<void> {
    if (shown !== 'live') show('catching-up');
    const sentAtMs = clock.now();
    const grant = await world.readGrant();
    if (stopped) return;
    if (grant.issuedAt !== undefined) {
      const laterByMs = clock.measure(toMs(grant.issuedAt), sentAtMs);
      if (laterByMs !== undefined) holding.retime(laterByMs);
      lookLater();
    }
    beOf(grant.userId);
    const fresh = await world.connect(grant);
    const next = await subscribe({ after, now: () => clock.now() }, fresh, grant.userId, heardBy(grant));
    if (stopped) return next.close();
    subscription?.close();
    subscription = next;
    connection = fresh;
    isHearing = true;
    if (!reading) isCalledFor = false; // what is read from now on answers earlier calls
    expiresAtMs = toMs(grant.expiresAt);
    renewAtMs = renewalMs(expiresAtMs, clock.now());
    void next.ended.then((reason) => subscription === next && endedBy(reason));
    lookLater();
    if (holding.state.isExact || !(await takeCached())) await readAgain();
    else if (isCalledFor || isBehind(holding.state)) await readAgain();
  }

  function beOf(userId: string): void {
    accountId = userId;
    holding.beOf(userId);
  }

  function endedBy(reason: string): void {
    isHearing = false;
    if (live) live.reject(new Error(`The subscription ended: ${reason}`));
    else if (waiting && !stopped) lose();
  }

  function heardBy({ userId }: Grant): SubscriptionListener {
    return {
      onMessage(text) {
        if (stopped || userId !== accountId) return;
        listener.onMessage(text);
        const end = parseSessionEnd(text, userId);
        if (end) return listener.onSessionEnd(end);
        const wave = parseWave(text);
        if (wave) return waves.hear(wave);
        const message = parseMessage(text);
        if (message?.subject !== userId) return;
        holding.take(hear(holding.state, message, clock.now()), false);
        if (isBehind(holding.state) && holding.state.snapshot) void readAgain();
      },
      onGap: () => void readAgain(),
    };
  }

  /** False when the cache gives no answer, or one that is older than what is held. The API gives one in any case. */
  async function takeCached(): Promise<boolean> {
    try {
      lastReadMs = clock.now();
      const text = await connection?.readSnapshot();
      if (stopped || text === undefined) return false;
      const snapshot = parseSnapshot(JSON.parse(text));
      if (snapshot.accountId !== accountId) return false;
      const next = adopt(holding.state, { snapshot, provisional: false }, clock.now());
      if (!next.isExact) return false;
      holding.take(next, true);
      return true;
    } catch {
      return false;
    }
  }

  /** One read at a time, of which the last begins after the last call. When it fails, everything starts over. */
  function readAgain(): Promise<void> {
    isCalledFor = true;
    if (reading) return reading;
    reading = readUntilCurrent();
    reading.catch((error: unknown) => {
      isCalledFor = true; // and not answered
      live?.reject(error);
    });
    return reading;
  }

  async function readUntilCurrent(): Promise<void> {
    try {
      for (let reads = 0; reads < MOST_READS; reads++) {
        while (isCalledFor) await readOnce();
        if (stopped || !isBehind(holding.state)) return;
        isCalledFor = true;
      }
      throw new Error('the answers stay older than what was announced');
    } finally {
      reading = undefined; // at once: who calls from now on begins another
    }
  }

  async function readOnce(): Promise<void> {
    isCalledFor = false;
    if (stopped) return;
    const { state } = holding;
    const atLeast = leastVersion(state);
    lastReadMs = clock.now();
    const read = await world.readEntitlements({ atLeast, known: state.isExact ? state.snapshot : undefined });
    if (stopped) return;
    if (read.snapshot.accountId !== accountId) throw new Error('the answer is another account’s');
    const isForeign = isRefuted(holding.state, read.snapshot, atLeast);
    if (isForeign) holding.disown();
    holding.take(adopt(isForeign ? UNKNOWN : holding.state, read, clock.now()), true);
  }

  function hearer() {
    const { snapshot } = holding.state;
    return {
      catalogVersion: snapshot?.catalogVersion,
      productIds: snapshot?.entitlements.map(({ productId }) => productId) ?? [],
      playingProductIds: snapshot ? world.playingProductIds(snapshot) : [],
      hidden: world.isHidden(),
    };
  }

  function takeTurn(wave: Wave): void {
    listener.onWave(wave);
    if (isAffected(wave, hearer())) void readAgain();
  }

  function onEntitlements(entitlements: Entitlements): void {
    listener.onEntitlements(entitlements);
    lookLater();
  }

  /** Does what the clock says: at the latest in half a minute, and at the next moment that changes something. */
  function lookLater(): void {
    cancelLook();
    if (stopped) return;
    const nowMs = clock.now();
    lookedAtMs = Math.min(lookedAtMs, nowMs); // the clock may have been ahead
    lookDueMs = Math.max(Math.min(lookedAtMs + LOOK_EVERY_MS, holding.nextMomentMs(), renewAtMs), nowMs);
    cancelLook = after(lookDueMs - nowMs, look);
  }

  function look(): void {
    if (hasSlept()) subscribeAfterSleep();
    const nowMs = clock.now();
    lookedAtMs = nowMs;
    if (nowMs >= renewAtMs) {
      renewAtMs = Infinity;
      live?.resolve('renew');
    }
    holding.tick();
    if (shown === 'live' && nowMs - lastReadMs >= RECHECK_EVERY_MS) recheck();
    lookLater();
  }

  function subscribeAfterSleep(): void {
    holding.doubt();
    reconnect();
  }

  function hasSlept(): boolean {
    return clock.hasJumped() || clock.now() - lookDueMs > OVERSLEPT_MS;
  }

  /** The cache alone before a wave's turn: the API would compute at once what was to be spread. */
  function recheck(): void {
    void (waves.arePending ? takeCached() : readAgain());
  }

  function lose(): void {
    holding.doubt();
    show('offline');
  }

  function show(next: ConnectionState): void {
    if (next !== shown && !stopped) listener.onConnection(next);
    shown = next;
  }

  function giveUp(error: unknown): void {
    lose();
    stopped = true;
    release();
    listener.onStopped(error);
  }

  function release(): void {
    cancelLook();
    waves.stop();
    subscription?.close();
  }
}

function renewalMs(expiresAtMs: number, nowMs: number): number {
  const leftMs = expiresAtMs - nowMs;
  return nowMs + Math.max(leftMs - RENEW_BEFORE_MS, leftMs / 2, 1000);
}
