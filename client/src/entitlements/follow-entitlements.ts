import type { Snapshot } from '../../../shared/domain/entitlements.ts';
import { toMs } from '../../../shared/domain/instants.ts';
import { adopt, hear, isBehind, refold, UNKNOWN, type EntitlementState } from './entitlement-state.ts';
import { parseMessage, parseSnapshot, type Grant } from '../service/messages.ts';
import type { MomentoConnection, Subscription, TopicListener } from '../momento/momento.ts';
import { parseSessionEnd, type SessionEnd } from '../service/session-answers.ts';

/** `live`: changes arrive as they happen. `catching-up`: on the way there. `offline`: waiting to try again. */
export type ConnectionState = 'live' | 'catching-up' | 'offline';

interface World {
  readonly readGrant: () => Promise<Grant>;
  /** GET /entitlements; `known` may be answered with itself. */
  readonly readEntitlements: (asked: { atLeast: number; known: Snapshot | undefined }) => Promise<Snapshot>;
  readonly connect: (grant: Grant) => Promise<MomentoConnection>;
  /** How long to wait before the next try; `undefined` when trying again is of no use, as after signing out. */
  readonly delayAfter: (error: unknown, failures: number) => number | undefined;
  readonly now: () => number;
}

interface Listener {
  readonly onSnapshot: (snapshot: Snapshot) => void;
  readonly onConnection: (state: ConnectionState) => void;
  /** One of the account's sessions is over: that says nothing about what the account may watch. */
  readonly onSessionEnd: (end: SessionEnd) => void;
  /** It has given up, for this reason. */
  readonly onStopped: (error: unknown) => void;
}

export interface LiveEntitlements {
  /** Reads again now: something should have come and has not. */
  refresh(): void;
  /** Subscribes and reads again now: the page was asleep, or the network is back. */
  reconnect(): void;
  stop(): void;
}

/** Tokens are renewed this long before they end, or half-way through a shorter life. */
const RENEW_BEFORE_MS = 60_000;
/** A subscription that has lasted this long was a good one: the next failure is a first one. */
const STEADY_MS = 30_000;
/** Reads that a single call for a newer version may take before it counts as a failure. */
const MOST_READS = 5;
/**
 * A stream that ends in good order before its first message is opened again by the SDK without a word, and what was
 * published in between is lost. Asking this often, mostly answered by 304, bounds how long that can go unnoticed.
 */
const RECHECK_EVERY_MS = 5 * 60_000;
/** Browsers turn longer timers into none at all. */
const LONGEST_TIMER_MS = 24 * 3_600_000;

/**
 * Follows an account's entitlements: hears its topic *first*, then reads, so that nothing falls between; applies
 * what it hears in order, and reads again whenever that is not enough. Whatever fails is tried again for ever,
 * with the waits that `delayAfter` names.
 */
export function followEntitlements(world: World, listener: Listener): LiveEntitlements {
  let state: EntitlementState = UNKNOWN;
  let subscription: Subscription | undefined;
  let reading: Promise<void> | undefined;
  let interrupt = newInterrupt();
  let boundary: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  let shown: ConnectionState | undefined;

  const recheck = setInterval(() => shown === 'live' && void readAgain(), RECHECK_EVERY_MS);
  void run();
  return {
    refresh: () => void readAgain(),
    reconnect: () => interrupt.resolve(),
    stop() {
      stopped = true;
      interrupt.resolve();
      release();
    },
  };

  async function run(): Promise<void> {
    for (let failures = 0; !stopped;) {
      let liveSinceMs: number | undefined;
      try {
        const grant = await subscribeThenRead();
        liveSinceMs = world.now();
        show('live');
        await untilRenewal(grant);
      } catch (error) {
        if (stopped) return;
        if (liveSinceMs !== undefined && world.now() - liveSinceMs >= STEADY_MS) failures = 0;
        const delayMs = world.delayAfter(error, failures++);
        if (delayMs === undefined) return giveUp(error);
        show('offline');
        interrupt = newInterrupt();
        await Promise.race([interrupt.promise, wait(delayMs)]);
      }
    }
  }

  /** Returns when it is time to subscribe anew. @throws Error when the subscription or a read has failed. */
  async function untilRenewal(grant: Grant): Promise<void> {
    const { ended } = subscription!;
    await Promise.race([
      interrupt.promise.then(() => show('catching-up')),
      wait(renewalDelay(grant, world.now())),
      ended.then((reason) => {
        throw new Error(`The subscription ended: ${reason}`);
      }),
    ]);
  }

  /** Only when the new subscription hears does the old one go, and only then is anything read. */
  async function subscribeThenRead(): Promise<Grant> {
    interrupt = newInterrupt();
    if (shown !== 'live') show('catching-up');
    const grant = await world.readGrant();
    const connection = await world.connect(grant);
    const fresh = await connection.subscribe(heardBy(grant));
    subscription?.close();
    subscription = fresh;
    if (stopped) fresh.close();
    if (!state.snapshot) takeCached(await cachedOrNothing(connection), grant);
    else await readAgain();
    if (isBehind(state)) await readAgain();
    return grant;
  }

  function heardBy({ userId }: Grant): TopicListener {
    return {
      onMessage(text) {
        if (stopped) return;
        const end = parseSessionEnd(text, userId);
        if (end) return listener.onSessionEnd(end);
        const message = parseMessage(text);
        if (!message || message.subject !== userId) return;
        take(hear(state, message, world.now()));
        if (isBehind(state) && state.snapshot) void readAgain();
      },
      onGap: () => void readAgain(),
    };
  }

  /** The API gives the same answer, so whatever is wrong with the cache only makes this slower. */
  async function cachedOrNothing(connection: MomentoConnection): Promise<Snapshot | undefined> {
    try {
      const text = await connection.readSnapshot();
      return text === undefined ? undefined : parseSnapshot(JSON.parse(text));
    } catch {
      return undefined;
    }
  }

  function takeCached(snapshot: Snapshot | undefined, { userId }: Grant): void {
    if (snapshot?.accountId === userId) take(adopt(state, snapshot, world.now()));
  }

  /** One read at a time. When it fails, everything starts over from the subscription. */
  function readAgain(): Promise<void> {
    reading ??= readUntilCurrent().finally(() => {
      reading = undefined;
    });
    reading.catch((error: unknown) => interrupt.reject(error));
    return reading;
  }

  async function readUntilCurrent(): Promise<void> {
    for (let reads = 0; reads < MOST_READS; reads++) {
      const { snapshot: known, heard } = state;
      const read = await world.readEntitlements({ atLeast: heard?.version ?? 0, known });
      if (stopped) return;
      take(adopt(state, read, world.now()));
      if (!isBehind(state)) return;
    }
    throw new Error('the answers stay older than what was announced');
  }

  function take(next: EntitlementState): void {
    const changed = next.snapshot !== state.snapshot;
    state = next;
    if (!next.snapshot || !changed) return;
    awaitBoundary(next.snapshot);
    listener.onSnapshot(next.snapshot);
  }

  /** Time alone ends things: at the next such moment the answer is folded again, without asking anyone. */
  function awaitBoundary({ nextChangeAt }: Snapshot): void {
    clearTimeout(boundary);
    if (nextChangeAt === null) return;
    const delayMs = Math.min(Math.max(toMs(nextChangeAt) - world.now(), 0), LONGEST_TIMER_MS);
    boundary = setTimeout(() => take({ ...state, snapshot: refold(state.snapshot!, world.now()) }), delayMs);
  }

  function show(connection: ConnectionState): void {
    if (connection !== shown && !stopped) listener.onConnection(connection);
    shown = connection;
  }

  function giveUp(error: unknown): void {
    stopped = true;
    release();
    listener.onStopped(error);
  }

  function release(): void {
    clearInterval(recheck);
    clearTimeout(boundary);
    subscription?.close();
  }
}

/** Resolved: start over now. Rejected: something failed in the background, possibly while nobody was waiting. */
function newInterrupt(): PromiseWithResolvers<void> {
  const interrupt = Promise.withResolvers<void>();
  interrupt.promise.catch(() => {});
  return interrupt;
}

function renewalDelay({ expiresAt }: Grant, nowMs: number): number {
  const leftMs = toMs(expiresAt) - nowMs;
  return Math.max(Math.min(leftMs - RENEW_BEFORE_MS, LONGEST_TIMER_MS), leftMs / 2, 1000);
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
