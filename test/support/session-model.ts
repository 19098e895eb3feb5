import { setImmediate as nextTurn } from 'node:timers/promises';
import { beat } from '../../shared/concurrency/beat.ts';
import { endExcess } from '../../shared/concurrency/end-excess.ts';
import { endOwnSession, endSessionById } from '../../shared/concurrency/end-session.ts';
import { startSession, type StartRequest } from '../../shared/concurrency/start-session.ts';
import type { SessionWorld } from '../../shared/concurrency/world.ts';
import type { WhenFull } from '../../shared/domain/admission.ts';
import { foldAccess, nextChangeAt, type Snapshot } from '../../shared/domain/entitlements.ts';
import { fromMs } from '../../shared/domain/instants.ts';
import { compareSnapshots } from '../../shared/domain/snapshots.ts';
import { slotOf } from '../../shared/domain/sessions.ts';
import { Outage, Unavailable } from '../../shared/errors.ts';
import type { SessionGrant } from '../../shared/ports.ts';
import { catalogOf, content, entitlement } from './catalogs.ts';
import { sessionLaws, type Answer, type Call } from './session-laws.ts';
import { fakeSlots, type FakeSlots, type Outcome } from './slots.ts';

/*
 * Many devices of one account at once, through the production code, one atomic operation per step. A schedule is a
 * tape of bytes: whatever is decided, the next byte decides it, and after the last one everything goes well and in
 * order. So a tape is all that a run depends on, and a shorter one of lesser bytes is a simpler run.
 *
 * An interleaver of our own and not fast-check's commands or scheduler: commands do not run side by side, and the
 * scheduler decides about every promise, where only the operations of the ports matter.
 */

/** A function is given no longer than this, well within the five seconds by which a slot outlives its token. */
const MOST_MS = 2000;

const LEASE_SECONDS = 40;
const SLOT_MS = (LEASE_SECONDS + 5) * 1000;
const START_MS = Date.parse('2026-11-22T10:00:00.000Z');

const CATALOG = catalogOf([], {
  contents: [
    content(),
    content({ contentId: 'final', requires: ['sports'] }),
    content({ contentId: 'news', requires: ['movies'], counted: false }),
  ],
});

/** What happened in a run, so that a test can say that it happened at all. */
export type Tally = Record<string, number>;

/** One tab or player on a device. */
interface Player {
  readonly deviceId: string;
  readonly playerId: string;
  token: SessionGrant | undefined;
  busy: Invocation | undefined;
}

/** One invocation of a function. */
interface Invocation extends Call {
  readonly startedMs: number;
  /** Operations that wait to be let through, the oldest first. */
  readonly parked: ((outcome: Outcome) => void)[];
  readonly slots: FakeSlots;
  over: boolean;
  dead: boolean;
}

/** Runs one schedule. Throws at the first breach of a law, with what happened until then. */
export async function runSchedule(tape: Uint8Array): Promise<Tally> {
  let position = 0;
  let nowMs = START_MS;
  let ids = 0;
  /** Whether the account was changed and nobody has finished ending what is too much. */
  let due = false;
  /** Whether the queue brings a change once more, since a run of it has failed. */
  let redelivered = false;
  const now = () => nowMs;
  const tally: Tally = {};
  const log: string[] = [];
  const running: Invocation[] = [];
  const late: Invocation[] = [];
  const entries = new Map();
  const snapshots = new Map<string, Snapshot>();
  const slots = fakeSlots(now, { entries, snapshots });

  const whenFull = pick<WhenFull>(['refuse-newest', 'end-oldest']);
  const firstLimit = pick([2, 1, 1, 2, 3, 3, 4, 5, 7, 16]);
  const devices = 2 + choose(7);
  const twoPlayers = choose(3);
  const players: readonly Player[] = Array.from({ length: devices }, (_, index) => index).flatMap((device) =>
    Array.from({ length: device < twoPlayers ? 2 : 1 }, (_, index) => ({
      deviceId: `device-${device}`,
      playerId: `player-${device}-${index}`,
      token: undefined,
      busy: undefined,
    })),
  );
  const faultsOf64 = pick([0, 2, 6, 16]);
  const skewed = chance(1, 4);
  const boundaryMs = chance(1, 4) ? START_MS + 20_000 + choose(100) * 1000 : undefined;
  let table = snapshotFor(firstLimit, true, 1);
  snapshots.set('ada', table);
  const laws = sessionLaws({
    slots,
    now,
    table: () => table,
    catalog: CATALOG,
    slotMs: SLOT_MS,
    settled: () => !due,
    world: quietWorld,
  });

  return run();

  async function run(): Promise<Tally> {
    try {
      while (position < tape.length) await step();
      await settle();
      await laws.inTheEnd(() => nowMs);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${log.join('\n')}`, { cause: error });
    }
    return tally;
  }

  async function step(): Promise<void> {
    const kind = choose(32);
    if (kind < 18 && running.length > 0) return advanceOne();
    if (kind < 25) return playerActs();
    if (kind < 27) return clockMoves();
    if (kind === 27) return accountChanges();
    if (kind === 28) return somebodyDies();
    if (kind === 29) return strangeThings();
    if (kind === 30) return settle();
    landOne();
  }

  // Players

  async function playerActs(): Promise<void> {
    const player = pick(players);
    if (player.busy && !chance(1, 8)) return;
    if (player.busy) note(player, 'waits no longer, while its request goes on');
    const { token } = player;
    const deed = choose(16);
    if (!token || deed < 2) return start(player);
    if (deed < 12) return renew(token, player);
    if (deed < 14) return stop(player, token);
    if (deed === 14) {
      note(player, 'crashes');
      player.token = undefined;
      return undefined;
    }
    return endById(anySession());
  }

  function start(player: Player): Promise<void> {
    const { deviceId, playerId } = player;
    const contentId = pick(['harbour', 'harbour', 'harbour', 'harbour', 'harbour', 'final', 'final', 'news']);
    const terminate = chance(1, 4) ? anySession() : undefined;
    const request: StartRequest = {
      deviceId,
      playerId,
      contentId,
      deviceType: 'web',
      region: 'JP',
      terminate,
    };
    player.token = undefined; // what it played before is gone from its screen
    return invoke('start', { player, request }, async (world) => {
      const started = await startSession({ ...world, whenFull: whenFull }, 'ada', request);
      return started.admitted ? { alive: started.grant } : { refused: started };
    });
  }

  function renew(token: SessionGrant, player?: Player): Promise<void> {
    return invoke('beat', { player, token }, async (world) => {
      const beaten = await beat(world, token);
      return beaten.alive ? { alive: beaten.grant } : { over: beaten.reason };
    });
  }

  function stop(player: Player, token: SessionGrant): Promise<void> {
    player.token = undefined;
    return invoke('stop', { token }, async (world) => {
      const ended = await endOwnSession(world, token);
      return ended.ended ? { ended: true } : { over: ended.reason };
    });
  }

  function endById(sessionId: string): Promise<void> {
    return invoke('end', { sessionId }, async (world) => {
      const ended = await endSessionById(world, 'ada', sessionId);
      return ended.ended ? { ended: true } : { over: ended.reason };
    });
  }

  /** One that stands in a slot, as a refusal lists them, or one of which a token was ever given. */
  function anySession(): string {
    const standing = slots
      .texts()
      .map(slotOf)
      .flatMap((slot) => (slot.kind === 'held' ? [slot.session.sessionId] : []));
    const known = chance(1, 4) ? laws.sessionIds() : standing;
    return known.length > 0 ? pick(known) : 'nobody';
  }

  // The account, and the world around

  async function accountChanges(): Promise<void> {
    const limit = pick([1, 0, 2, 2, 3, 4, 5, 8, 16]);
    table = snapshotFor(limit, chance(2, 3), table.version + 1);
    due = true;
    laws.limitChanged();
    note(undefined, `holds ${limit} streams of ${table.access.grants.join(', ')}`);
    await recompute();
  }

  /** Cache, table once more, sessions: in the order of what the queue runs after a purchase. */
  function recompute(): Promise<void> {
    let committed = table;
    return invoke('recompute', {}, async (world, invocation) => {
      for (let read: Snapshot | undefined; read !== committed;) {
        read = committed;
        await park(invocation);
        const cached = snapshots.get('ada');
        if (!cached || compareSnapshots(cached, read) < 0) snapshots.set('ada', read);
        await park(invocation);
        committed = table;
      }
      await endExcess(world, 'ada', committed);
      if (committed === table && !invocation.dead) due = false;
      return { ended: true };
    });
  }

  async function strangeThings(): Promise<void> {
    const deed = choose(8);
    if (deed === 1 || deed === 2) {
      note(undefined, 'the cache is flushed');
      slots.flush();
      laws.flushed();
      count('flush');
      // Now is the time for two heartbeats of one session, the second because the first took too long.
      const known = laws.newest().slice(-6);
      if (known.length === 0 || deed === 1) return;
      const token = pick(known);
      await renew(token);
      await renew(token);
      return;
    }
    if (deed < 5) {
      // A token that its player has replaced or given up, in whoever's hands.
      const tokens = laws.tokens();
      if (tokens.length > 0) await renew(pick(tokens));
      return;
    }
    if (deed === 5 && due) return recompute();
    if (deed > 5) return endById(anySession());
  }

  async function clockMoves(): Promise<void> {
    const briefly = chance(1, 2);
    const ms = briefly
      ? 1 + choose(800)
      : pick([5000, 14_000, 15_000, 15_000, 20_000, 41_000, 45_000, 60_000]);
    const oldest = Math.min(...[...running, ...late].map(({ startedMs }) => startedMs));
    if (!briefly || nowMs + ms - oldest > MOST_MS) await finishAll();
    nowMs += ms;
    note(undefined, `${ms} ms pass`);
  }

  /** At any operation: which arrives, or never does, or arrives later than anybody waits for it. */
  async function somebodyDies(): Promise<void> {
    if (running.length === 0) return;
    const invocation = pick(running);
    const arrives = pick(['lost', 'late', 'now'] as const);
    note(invocation.player, `${invocation.name} #${invocation.number} dies, its operation ${arrives}`);
    count('death');
    invocation.dead = true;
    if (invocation.name === 'recompute') redelivered = true;
    drop(invocation);
    if (arrives === 'lost') return;
    for (const go of invocation.parked.splice(0)) {
      go('late');
      await nextTurn();
      late.push(invocation);
      if (arrives === 'now') land(late.pop()!);
    }
  }

  function landOne(): void {
    const next = late.shift();
    if (next) land(next);
  }

  function land(invocation: Invocation): void {
    note(invocation.player, `an operation of ${invocation.name} #${invocation.number} arrives late`);
    invocation.landing = true;
    if (invocation.slots.land()) count('late');
    invocation.landing = false;
  }

  // Invocations

  async function invoke(
    name: Call['name'],
    {
      player,
      ...about
    }: Pick<Call, 'token' | 'request' | 'sessionId'> & { readonly player?: Player | undefined },
    serve: (world: SessionWorld, invocation: Invocation) => Promise<Answer>,
  ): Promise<void> {
    const skewMs = skewed ? pick([0, -1000, 1000]) : 0;
    const parked: Invocation['parked'] = [];
    const call = laws.called({ name, player, skewMs, ...about });
    const invocation: Invocation = Object.assign(call, {
      parked,
      startedMs: nowMs,
      over: false,
      dead: false,
      slots: fakeSlots(now, {
        entries: entries,
        snapshots: snapshots,
        leaseSeconds: LEASE_SECONDS,
        hooks: {
          before: () => park(invocation),
          written: (write) => {
            laws.written(invocation, write);
            log.push(`    ${write.number}: ${short(write.seen)} -> ${short(write.text)}`);
          },
        },
      }),
    });
    if (player) player.busy = invocation;
    running.push(invocation);
    count(name);
    note(
      player,
      `${name} #${call.number}${about.request?.terminate ? ` instead of ${about.request.terminate}` : ''}`,
    );

    const world: SessionWorld = {
      slots: invocation.slots,
      snapshotOf: async () => {
        await park(invocation);
        return table;
      },
      topic: {
        publish: async (_, message) => {
          const outcome = await park(invocation);
          if (message.type !== 'session.terminated') return;
          laws.published(message, outcome === 'answered');
          if (outcome !== 'answered') throw new Outage('Momento publish: deadline exceeded');
        },
      },
      catalog: CATALOG,
      now: () => nowMs + skewMs,
      newId: () => `id-${(ids += 1)}`,
      leaseSeconds: LEASE_SECONDS,
      warn: () => {},
    };
    void serveOnce(invocation, () => serve(world, invocation));
    await nextTurn();
  }

  async function serveOnce(invocation: Invocation, serve: () => Promise<Answer>): Promise<void> {
    let answer: Answer;
    try {
      answer = await serve();
    } catch (error) {
      if (!(error instanceof Unavailable)) {
        laws.breach(error);
        return;
      }
      count(error.name === 'Contended' ? 'contended' : error.constructor.name);
      answer = { failed: error };
    }
    if (invocation.dead) return;
    drop(invocation);
    if (invocation.name === 'recompute' && 'failed' in answer) redelivered = true;
    note(invocation.player, `${invocation.name} #${invocation.number}: ${answerText(answer)}`);
    count(`${invocation.name}: ${Object.keys(answer)[0]}`);
    const player = players.find(({ busy }) => busy === invocation);
    if (player && invocation.name !== 'stop') {
      if ('alive' in answer) player.token = answer.alive;
      else if (!('failed' in answer)) player.token = undefined;
    }
    if (player) player.busy = undefined;
    laws.answered(invocation, answer);
  }

  function drop(invocation: Invocation): void {
    invocation.over = true;
    running.splice(running.indexOf(invocation), 1);
    if (!invocation.dead) return;
    for (const player of players) if (player.busy === invocation) player.busy = undefined;
  }

  async function park({ dead, parked }: Invocation): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    if (!dead) parked.push(resolve);
    return promise; // whoever is dead waits for ever
  }

  async function advanceOne(): Promise<void> {
    const invocation = pick(running);
    const [go] = invocation.parked.splice(choose(invocation.parked.length), 1);
    const faulty = chance(faultsOf64, 64);
    const outcome = faulty
      ? pick(['unanswered', 'late', 'lost', 'torn', 'torn', 'repeated', 'throttled'] as const)
      : 'answered';
    if (outcome !== 'answered') note(invocation.player, `#${invocation.number}: ${outcome}`);
    if (outcome === 'late') late.push(invocation);
    if (!go) throw new Error(`${invocation.name} #${invocation.number} waits for nothing`);
    go(outcome);
    await nextTurn();
    laws.check();
  }

  async function finishAll(): Promise<void> {
    while (running.length > 0) await advanceOne();
    while (late.length > 0) landOne();
  }

  /** Nothing is under way any more, and every change of the account has had its effect. */
  async function settle(): Promise<void> {
    await finishAll();
    while (due || redelivered) {
      redelivered = false;
      await recompute();
      await finishAll();
    }
    note(undefined, 'at rest');
    count('rest');
    await laws.atRest();
  }

  // The rest

  function snapshotFor(maxStreams: number, sports: boolean, version: number): Snapshot {
    const until = boundaryMs === undefined ? null : fromMs(boundaryMs);
    const entitlements = [
      entitlement({ maxStreams, grants: ['movies'] }),
      ...(sports ? [entitlement({ entitlementId: 'sports', grants: ['sports'] })] : []),
      ...(until === null
        ? []
        : [entitlement({ entitlementId: 'extra', extraStreams: 1, grants: [], heldUntil: until })]),
    ];
    return {
      accountId: 'ada',
      epoch: '0',
      version,
      catalogVersion: CATALOG.catalogVersion,
      asOf: fromMs(nowMs),
      nextChangeAt: nextChangeAt(entitlements, nowMs),
      entitlements,
      access: foldAccess(entitlements, nowMs),
    };
  }

  /** Everything answers, and nothing is recorded: to see what would be answered now. */
  function quietWorld(copy: FakeSlots, clock: () => number): SessionWorld & { readonly whenFull: WhenFull } {
    return {
      slots: copy,
      snapshotOf: async () => table,
      topic: { publish: async () => {} },
      catalog: CATALOG,
      now: clock,
      newId: () => `probe-${(ids += 1)}`,
      leaseSeconds: LEASE_SECONDS,
      warn: () => {},
      whenFull: 'refuse-newest',
    };
  }

  function choose(options: number): number {
    const byte = tape[position++] ?? 0;
    return options > 0 ? byte % options : 0;
  }

  function chance(wins: number, of: number): boolean {
    return choose(of) >= of - wins;
  }

  function pick<T>(from: readonly T[]): T {
    return from[choose(from.length)]!;
  }

  function count(what: string): void {
    tally[what] = (tally[what] ?? 0) + 1;
  }

  function note(player: Pick<Player, 'playerId'> | undefined, what: string): void {
    log.push(`${(nowMs - START_MS) / 1000}s ${player?.playerId ?? 'account'} ${what}`);
  }
}

function short(text: string | undefined): string {
  const slot = slotOf(text);
  if (slot.kind === 'free') return 'free';
  if (slot.kind === 'ended') return `†${slot.ended.sessionId} ${slot.ended.reason}`;
  const { sessionId, playerId, instead } = slot.session;
  return `${sessionId} of ${playerId}${instead ? ` instead of ${instead.sessionId} (${instead.reason})` : ''}`;
}

function answerText(answer: Answer): string {
  if ('alive' in answer) return `${answer.alive.session.sessionId} in slot ${answer.alive.slot}`;
  if ('failed' in answer) return `${answer.failed.name}: ${answer.failed.message}`;
  return JSON.stringify(answer).slice(0, 60);
}
