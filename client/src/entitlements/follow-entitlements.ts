import type { Wave } from '../../../shared/domain/catalog-messages.ts';
import type { Snapshot } from '../../../shared/domain/entitlements.ts';
import { toMs } from '../../../shared/domain/instants.ts';
import type { MomentoConnection } from '../momento/momento.ts';
import type { SubscriptionListener } from '../momento/subscription.ts';
import type { Reading } from '../service/api.ts';
import { parseMessage, parseWave, type Grant } from '../service/messages.ts';
import { parseSessionEnd, type SessionEnd } from '../service/session-answers.ts';
import type { ServerClock } from '../timing/server-clock.ts';
import type { After } from '../timing/timers.ts';
import { createConnection, type ConnectionState } from './connection.ts';
import { isAffected } from './deferral.ts';
import { hear, isBehind } from './entitlement-state.ts';
import { createHolding, type Entitlements } from './holding.ts';
import type { KeptSnapshots } from './kept-snapshot.ts';
import { createReads } from './reads.ts';
import { createWaves } from './waves.ts';

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

/**
 * Quiet changes are not announced; and a stream that ends in good order before its first message is opened again by
 * the SDK without a word, and what was published in between is lost. Asking this often, mostly answered by 304,
 * bounds how long either can go unnoticed.
 */
const RECHECK_EVERY_MS = 5 * 60_000;
/**
 * While nothing can be heard, what the service stood by this short a time ago is not asked for again: when Momento is
 * away, every tab's subscription ends at the same moment, and every tab tries again four times a minute.
 */
const FRESH_MS = 60_000;
/** Timers do not run while a device sleeps: what is due by the clock is looked at this often. */
const LOOK_EVERY_MS = 30_000;
/** A look that comes this late was slept through; browsers slow down the timers of hidden tabs to one a minute. */
const OVERSLEPT_MS = 90_000;

/**
 * Follows an account's entitlements: hears its topic *first*, then reads, so that nothing falls between; applies
 * what it hears in order, and reads again whenever that is not enough. While it cannot hear, it reads all the same,
 * now and then, and what it shows then is `stale`.
 */
export function followEntitlements(world: World, listener: Listener): LiveEntitlements {
  const { clock, after } = world;
  let accountId: string | undefined;
  let momento: MomentoConnection | undefined;
  let lookedAtMs = clock.now();
  let lookDueMs = Infinity;
  let cancelLook = () => {};
  let stopped = false;
  const connection = createConnection(world, {
    onState: listener.onConnection,
    onGrant,
    heardBy,
    catchUp,
    makeDo,
    onLost: () => holding.doubt(),
    onStopped(error) {
      release();
      listener.onStopped(error);
    },
  });
  const holding = createHolding({ ...world, isHearing: () => connection.isHearing }, onEntitlements);
  const reads = createReads({ ...world, holding, isOurs, isStopped: () => stopped }, connection.fail);
  const waves = createWaves({ ...world, hearer }, takeTurn);

  void recall();
  connection.start();
  return {
    refresh: readAgain,
    wake() {
      waves.shown();
      if (hasSlept()) subscribeAfterSleep();
      else if (connection.state === 'live') readAgain();
      else connection.reconnect();
    },
    reconnect: connection.reconnect,
    stop({ forget } = { forget: false }) {
      release();
      connection.stop();
      if (forget) holding.disown();
    },
  };

  async function recall(): Promise<void> {
    // At once where it is known at once: the page's first picture shows it.
    const whose = typeof world.accountId === 'string' ? world.accountId : await world.accountId;
    if (whose !== undefined && !stopped) holding.recall(whose);
    lookLater(); // the clock may go by what was kept now
  }

  function onGrant({ userId, issuedAt }: Grant, sentAtMs: number): void {
    if (issuedAt !== undefined) {
      const laterByMs = clock.measure(toMs(issuedAt), sentAtMs);
      if (laterByMs !== undefined) holding.retime(laterByMs);
      lookLater();
    }
    beOf(userId);
  }

  function beOf(userId: string): void {
    accountId = userId;
    holding.beOf(userId);
  }

  /** Until a grant says whose tokens these are, the first answer does. */
  function isOurs(whose: string): boolean {
    if (accountId === undefined) beOf(whose);
    return whose === accountId;
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
        if (isBehind(holding.state) && holding.state.snapshot) readAgain();
      },
      onGap: readAgain,
    };
  }

  async function catchUp(fresh: MomentoConnection): Promise<void> {
    momento = fresh;
    reads.forgetCalls();
    lookLater();
    const isCached = !holding.state.isExact && (await reads.cached(fresh));
    if (!isCached || reads.isCalledFor || isBehind(holding.state)) await reads.again();
  }

  /**
   * Not before a wave's turn, unless something calls for it: the API would compute at once what was to be spread. But
   * nobody waits for that until the grace is over.
   */
  async function makeDo(): Promise<void> {
    const ageMs = Math.abs(clock.now() - holding.confirmedAtMs);
    const longestMs = waves.arePending ? world.graceMs / 2 : FRESH_MS;
    if (reads.isCalledFor || ageMs >= longestMs) await reads.again();
  }

  /** Should it fail, everything starts over; or is tried again with the next attempt to subscribe. */
  function readAgain(): void {
    void reads.again();
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
    if (isAffected(wave, hearer())) readAgain();
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
    const nextMs = Math.min(lookedAtMs + LOOK_EVERY_MS, holding.nextMomentMs(), connection.renewAtMs);
    lookDueMs = Math.max(nextMs, nowMs);
    cancelLook = after(lookDueMs - nowMs, look);
  }

  function look(): void {
    if (hasSlept()) subscribeAfterSleep();
    lookedAtMs = clock.now();
    if (lookedAtMs >= connection.renewAtMs) connection.renew();
    holding.tick();
    if (connection.state === 'live' && reads.ageMs >= RECHECK_EVERY_MS) recheck();
    lookLater();
  }

  function subscribeAfterSleep(): void {
    holding.doubt();
    connection.reconnect();
  }

  function hasSlept(): boolean {
    return clock.hasJumped() || clock.now() - lookDueMs > OVERSLEPT_MS;
  }

  /** The cache alone before a wave's turn: see `makeDo`. */
  function recheck(): void {
    if (waves.arePending && momento) void reads.cached(momento);
    else readAgain();
  }

  function release(): void {
    stopped = true;
    cancelLook();
    waves.stop();
  }
}
