import { toMs } from '../../../shared/domain/instants.ts';
import type { MomentoConnection } from '../momento/momento.ts';
import { subscribe, type Subscription, type SubscriptionListener } from '../momento/subscription.ts';
import type { Grant } from '../service/messages.ts';
import { inTime } from '../timing/in-time.ts';
import type { ServerClock } from '../timing/server-clock.ts';
import type { After } from '../timing/timers.ts';

/** `live`: changes arrive as they happen. `catching-up`: on the way there. `offline`: waiting to try again. */
export type ConnectionState = 'live' | 'catching-up' | 'offline';

interface World {
  readonly readGrant: () => Promise<Grant>;
  readonly connect: (grant: Grant) => Promise<MomentoConnection>;
  /** How long to wait before the next try; `undefined` when trying again is of no use, as after signing out. */
  readonly delayAfter: (error: unknown, failures: number) => number | undefined;
  readonly clock: ServerClock;
  readonly after: After;
}

interface Listener {
  readonly onState: (state: ConnectionState) => void;
  /** `sentAtMs`: the service's time, as it was known when the grant was asked for. */
  readonly onGrant: (grant: Grant, sentAtMs: number) => void;
  readonly heardBy: (grant: Grant) => SubscriptionListener;
  /** It hears now, and not before: reads what came until now. What that throws, the connection has failed of. */
  readonly catchUp: (momento: MomentoConnection) => Promise<void>;
  /** It cannot hear, or no longer for long: called once for each attempt that fails, before the next one. */
  readonly makeDo: () => Promise<void>;
  /** Nothing that is held is certain any more. */
  readonly onLost: () => void;
  /** It has given up, for this reason. */
  readonly onStopped: (error: unknown) => void;
}

export interface Connection {
  readonly state: ConnectionState | undefined;
  readonly isHearing: boolean;
  /** When its tokens have to be renewed: then call `renew`. */
  readonly renewAtMs: number;
  start(): void;
  renew(): void;
  /** Subscribes and catches up now, instead of going on or waiting. */
  readonly reconnect: () => void;
  /** What it lives on has failed: it is tried again from the start. */
  readonly fail: (error: unknown) => void;
  /** Says that it is offline, and tries nothing again. */
  stop(): void;
}

/** Tokens are renewed this long before they end, or half-way through a shorter life. */
const RENEW_BEFORE_MS = 60_000;
/** A connection that has lasted this long was a good one: the next failure is a first one. */
const STEADY_MS = 30_000;
/** What loads goes on loading beyond that, for the next attempt. */
const CONNECT_MS = 15_000;

/** What ends a time of being live: a failure, or a wish to subscribe anew. */
type Turn = PromiseWithResolvers<'wake' | 'renew'>;

/** Keeps an account's topic heard. Whatever fails is tried again for ever, with the waits that `delayAfter` names. */
export function createConnection(world: World, listener: Listener): Connection {
  const { clock, after } = world;
  let subscription: Subscription | undefined;
  let isHearing = false;
  let expiresAtMs = -Infinity;
  let renewAtMs = Infinity;
  let failures = 0;
  let live: Turn | undefined;
  let waiting: PromiseWithResolvers<void> | undefined;
  let wokenMeanwhile = false;
  let stopped = false;
  let shown: ConnectionState | undefined;

  return {
    get state() {
      return shown;
    },
    get isHearing() {
      return isHearing;
    },
    get renewAtMs() {
      return renewAtMs;
    },
    start: () => void run(),
    renew() {
      renewAtMs = Infinity;
      live?.resolve('renew');
    },
    reconnect() {
      if (live) live.resolve('wake');
      else if (waiting) waiting.resolve();
      else wokenMeanwhile = true;
    },
    fail: (error) => live?.reject(error),
    stop() {
      if (!stopped) lose();
      stopped = true;
      waiting?.resolve();
      live?.resolve('wake');
      subscription?.close();
    },
  };

  async function run(): Promise<void> {
    while (!stopped) {
      const before = subscription;
      try {
        await subscribeThenCatchUp();
        if (!isHearing) throw new Error('The subscription ended');
        await beLive();
      } catch (error) {
        if (stopped) return;
        const delayMs = world.delayAfter(error, failures);
        if (delayMs === undefined) return giveUp(error);
        const isUnheard = subscription === before;
        // Tokens that could not be renewed in the first attempt are good for a while.
        const isStillLive = isUnheard && shown === 'live' && isHearing && clock.now() < expiresAtMs;
        if (!isStillLive) lose();
        await pause(delayMs, isUnheard);
        failures++;
      }
    }
  }

  /** Only when the new subscription hears does the old one go, and only then is anything read. */
  async function subscribeThenCatchUp(): Promise<void> {
    if (shown !== 'live') show('catching-up');
    const sentAtMs = clock.now();
    const grant = await world.readGrant();
    if (stopped) return;
    listener.onGrant(grant, sentAtMs);
    const momento = await inTime(after, world.connect(grant), CONNECT_MS, 'Momento’s SDK is not there');
    const next = await subscribe(world, momento, grant.userId, listener.heardBy(grant));
    if (stopped) return next.close();
    subscription?.close();
    subscription = next;
    isHearing = true;
    expiresAtMs = toMs(grant.expiresAt);
    renewAtMs = renewalMs(expiresAtMs, clock.now());
    void next.ended.then((reason) => subscription === next && endedBy(reason));
    await listener.catchUp(momento);
  }

  async function beLive(): Promise<void> {
    const sinceMs = clock.elapsedMs();
    show('live');
    live = Promise.withResolvers();
    if (wokenMeanwhile) live.resolve('wake');
    wokenMeanwhile = false;
    const why = await live.promise.finally(() => {
      live = undefined;
      if (clock.elapsedMs() - sinceMs >= STEADY_MS) failures = 0;
    });
    if (why === 'wake') show('catching-up');
  }

  async function pause(delayMs: number, isUnheard: boolean): Promise<void> {
    waiting = Promise.withResolvers();
    const { promise, resolve } = waiting;
    if (wokenMeanwhile) resolve();
    wokenMeanwhile = false;
    const askedMs = isUnheard && (await Promise.race([promise, makeDo()]));
    const cancel = after(Math.max(delayMs, askedMs || 0), resolve);
    await promise;
    cancel();
    waiting = undefined;
  }

  /** Gives how long whoever refused asks to wait, in ms. */
  async function makeDo(): Promise<number | undefined> {
    try {
      await listener.makeDo();
      return 0;
    } catch (error) {
      return world.delayAfter(error, failures);
    }
  }

  function endedBy(reason: string): void {
    isHearing = false;
    if (live) live.reject(new Error(`The subscription ended: ${reason}`));
    else if (waiting && !stopped) lose();
  }

  function lose(): void {
    isHearing = false;
    listener.onLost();
    show('offline');
  }

  function show(next: ConnectionState): void {
    const before = shown;
    shown = next;
    if (next !== before && !stopped) listener.onState(next);
  }

  function giveUp(error: unknown): void {
    lose();
    stopped = true;
    subscription?.close();
    listener.onStopped(error);
  }
}

function renewalMs(expiresAtMs: number, nowMs: number): number {
  const leftMs = expiresAtMs - nowMs;
  return nowMs + Math.max(leftMs - RENEW_BEFORE_MS, leftMs / 2, 1000);
}
