import type { EndReason } from '../../../shared/domain/sessions.ts';
import type { SessionHandle } from '../service/api.ts';
import { firstLease, nextLease, type Lease } from './lease.ts';
import type { PlaybackState, Playing, StopReason, Title } from './playback-state.ts';
import { Refusal } from '../service/problems.ts';
import type { After } from '../timing/timers.ts';
import type {
  BeatAnswer,
  RenewedLease,
  SessionEnd,
  StartAnswer,
  StartedSession,
} from '../service/session-answers.ts';

export interface PlaybackWorld {
  readonly start: (title: Title, terminate: string | undefined) => Promise<StartAnswer>;
  readonly beat: (handle: SessionHandle) => Promise<BeatAnswer>;
  readonly end: (handle: SessionHandle) => Promise<void>;
  readonly endOnLeaving: (handle: SessionHandle) => void;
  readonly now: () => number;
  readonly after: After;
  /** How long to wait before the next try; `undefined` when trying again is of no use, as after signing out. */
  readonly delayAfter: (error: unknown, failures: number) => number | undefined;
}

export interface PlaybackListener {
  readonly onChange: (state: PlaybackState) => void;
  /** The account's live streams are others now. */
  readonly onStreamsChanged: () => void;
}

export interface Playback {
  readonly state: PlaybackState;
  /** Starts a title in place of what plays here; `terminate` names a session to end for it. */
  play(title: Title, terminate?: string): void;
  /** Ends what plays here, or lets go of what is offered or said. Resolves when the service knows. */
  stop(): Promise<void>;
  /** Ends it because the page sees by itself that the account may watch it no more. */
  revoke(): void;
  /** A session of this account is over, as its topic says. */
  hearEnd(end: SessionEnd): void;
  /** The page was asleep or cut off: a heartbeat that is overdue, or that failed, is sent now. */
  wake(): void;
  /** The page goes away: ends what plays without waiting for an answer. */
  leave(): void;
}

/** A heartbeat is answered, or has failed, within this time, unless its ID token is late. */
const ANSWER_MS = 15_000;

/** One attempt to watch something: what is under way for an earlier one changes nothing any more. */
interface Run {
  readonly title: Title;
  readonly terminate?: string | undefined;
  /** How many leases in a row ran out before it: above 0 it goes on, and the viewer is told nothing. */
  readonly restarts: number;
  readonly sinceMs: number;
  /** Absent until the service has answered. */
  sessionId?: string;
  hasBeaten?: boolean;
  isBeating?: boolean;
}

/**
 * Plays at most one title, under a session of the service: starts it, renews its lease as often as the service says,
 * and stops with a reason as soon as it is over. Never plays without a lease: when the service cannot be reached,
 * playback goes on for as long as the last one lasts, and no longer.
 */
export function createPlayback(world: PlaybackWorld, listener: PlaybackListener): Playback {
  let state: PlaybackState = { kind: 'idle' };
  let run: Run | undefined;
  /** What the service holds for this tab, whatever is shown: the next start takes its place, or it is ended. */
  let lease: Lease | undefined;
  let starting: Promise<void> = Promise.resolve();
  let failures = 0;
  /** The service asked to be left alone until then. */
  let toldUntilMs: number | undefined;
  let nextBeat: { readonly atMs: number; readonly cancel: () => void } | undefined;
  /** Of the one other timer: for the lease's end, or for when to start again. */
  let cancelTimer = () => {};
  /** Sessions that ended while the answer that names ours was on its way. */
  const endedMeanwhile = new Map<string, SessionEnd>();

  return {
    get state() {
      return state;
    },
    play(title, terminate) {
      begin({ title, terminate, restarts: 0, sinceMs: world.now() });
      show({ kind: 'starting', title });
    },
    stop() {
      halt();
      show({ kind: 'idle' });
      // What is granted yet is ended, too.
      return letGo().then(() => starting);
    },
    revoke() {
      if (run) finish({ kind: 'over', reason: 'revoked' });
    },
    hearEnd(end) {
      if (run && run.sessionId === undefined) endedMeanwhile.set(end.sessionId, end);
      if (run && run.sessionId === end.sessionId) over(end.reason, end.by);
      else listener.onStreamsChanged();
    },
    wake() {
      if (!run || !nextBeat || toldUntilMs !== undefined) return;
      if (failures > 0 || nextBeat.atMs <= world.now()) void beat(run);
    },
    leave() {
      halt();
      if (lease) world.endOnLeaving(lease);
      lease = undefined;
    },
  };

  function halt(): void {
    run = undefined;
    failures = 0;
    toldUntilMs = undefined;
    cancelTimer();
    nextBeat?.cancel();
    nextBeat = undefined;
    endedMeanwhile.clear();
  }

  function begin(next: Run, failedBefore = 0): void {
    halt();
    failures = failedBefore;
    run = next;
    // One at a time: of two starts the service takes the one that arrives last, not the one that was meant last.
    starting = startAfter(starting, next);
  }

  async function startAfter(earlier: Promise<void>, mine: Run): Promise<void> {
    await earlier;
    if (mine === run) await start(mine);
  }

  async function start(mine: Run): Promise<void> {
    const sentAtMs = world.now();
    let answer: StartAnswer;
    try {
      answer = await world.start(mine.title, mine.terminate);
    } catch (error) {
      if (mine === run) startFailed(mine, error);
      return;
    }
    const before = lease;
    if (answer.kind === 'started') lease = firstLease(answer.session, sentAtMs);
    if (mine !== run) {
      // Stopped meanwhile; or something else is wanted, which then takes its place.
      if (!run) await letGo();
    } else if (answer.kind === 'started') {
      begun(mine, answer.session, before);
    } else if (answer.kind === 'not-entitled') {
      finish(answer);
    } else {
      halt();
      void letGo();
      show({ kind: 'choosing', title: mine.title, conflicts: answer.conflicts });
      listener.onStreamsChanged();
    }
  }

  function begun(mine: Run, session: StartedSession, before: Lease | undefined): void {
    const { sessionId, degraded, heartbeatSeconds } = session;
    const { title, sinceMs } = mine;
    const end = endedMeanwhile.get(sessionId);
    endedMeanwhile.clear();
    mine.sessionId = sessionId;
    failures = 0;
    // A title that does not count leaves the stream of the one before it standing.
    if (before && !title.counted) void endQuietly(before);
    if (end) return over(end.reason, end.by);
    awaitNextBeat(mine, heartbeatSeconds * 1000);
    awaitLeaseEnd(mine);
    show({ kind: 'playing', title, sessionId, sinceMs, heartbeatSeconds, degraded, trouble: undefined });
    listener.onStreamsChanged();
  }

  function startFailed(mine: Run, error: unknown): void {
    const delayMs = world.delayAfter(error, failures++);
    if (delayMs !== undefined && isToldToWait(error)) return startAgainAfter(delayMs, mine);
    const isLost = delayMs !== undefined && mine.restarts > 0 && isAway(error);
    finish(isLost ? { kind: 'lost' } : { kind: 'failed', error });
  }

  /** Nothing plays meanwhile: there is no lease. */
  function startAgainAfter(delayMs: number, next: Run): void {
    const { title } = next;
    const failedBefore = failures;
    halt();
    run = next;
    cancelTimer = world.after(delayMs, () => {
      begin(next, failedBefore);
      show({ kind: 'starting', title });
    });
    show({ kind: 'waiting', title, untilMs: world.now() + delayMs });
  }

  function awaitNextBeat(mine: Run, delayMs: number): void {
    nextBeat?.cancel();
    nextBeat = { atMs: world.now() + delayMs, cancel: world.after(delayMs, () => void beat(mine)) };
  }

  function awaitLeaseEnd(mine: Run): void {
    cancelTimer();
    cancelTimer = world.after(lease!.endsAtMs - world.now(), () => {
      if (failures > 0) return leaseEnded(mine);
      if (world.now() < lease!.endsAtMs) return; // the clock was mended, or this is as far as timers reach
      // Without a failure so far the page has slept, and the heartbeat that is under way or due will tell.
      cancelTimer = world.after(ANSWER_MS, () => leaseEnded(mine));
    });
  }

  async function beat(mine: Run): Promise<void> {
    if (mine.isBeating || mine !== run || !lease) return;
    nextBeat?.cancel();
    nextBeat = undefined;
    mine.isBeating = true;
    const sentAtMs = world.now();
    const isLate = sentAtMs >= lease.endsAtMs;
    try {
      const answer = await world.beat(lease);
      if (mine !== run) return;
      if (answer.kind === 'renewed') renewed(mine, answer.lease, sentAtMs);
      else over(answer.reason, undefined, isLate);
    } catch (error) {
      if (mine === run) beatFailed(mine, error);
    } finally {
      mine.isBeating = false;
    }
  }

  function renewed(mine: Run, answer: RenewedLease, sentAtMs: number): void {
    const { degraded, heartbeatSeconds } = answer;
    lease = nextLease(lease!, answer, sentAtMs);
    mine.hasBeaten = true;
    failures = 0;
    toldUntilMs = undefined;
    awaitNextBeat(mine, heartbeatSeconds * 1000);
    awaitLeaseEnd(mine);
    showPlaying({ degraded, heartbeatSeconds, trouble: undefined });
  }

  function beatFailed(mine: Run, error: unknown): void {
    if (isInvalidToken(error)) return over('expired'); // the stage's keys are others now
    const isTold = isToldToWait(error);
    const delayMs = world.delayAfter(error, failures++);
    if (delayMs === undefined || !(isTold || isAway(error))) return finish({ kind: 'failed', error });
    toldUntilMs = isTold ? world.now() + delayMs : undefined;
    if (world.now() >= lease!.endsAtMs) return leaseEnded(mine);
    awaitNextBeat(mine, isTold ? delayMs : Math.min(delayMs, lease!.heartbeatSeconds * 1000));
    showPlaying({ trouble: isTold ? 'busy' : 'reconnecting' });
  }

  function leaseEnded({ title, sinceMs, restarts }: Run): void {
    lease = undefined;
    if (toldUntilMs === undefined) finish({ kind: 'lost' });
    else startAgainAfter(toldUntilMs - world.now(), { title, sinceMs, restarts });
  }

  /** A lease that ran out is taken anew without a word; should the service forget that, too, then after a while. */
  function over(reason: EndReason, by?: string, isLate = false): void {
    const { title, sinceMs, hasBeaten, restarts } = run!;
    lease = undefined;
    if (reason !== 'expired') return finish({ kind: 'over', reason, by });
    const before = isLate || hasBeaten ? 0 : restarts;
    const next = { title, sinceMs, restarts: before + 1 };
    if (before) startAgainAfter(world.delayAfter(undefined, before)!, next);
    else begin(next);
  }

  function finish(why: StopReason): void {
    const { title } = run!;
    halt();
    void letGo();
    show({ kind: 'stopped', title, why });
    listener.onStreamsChanged();
  }

  async function letGo(): Promise<void> {
    const held = lease;
    lease = undefined;
    if (held) await endQuietly(held);
  }

  /** When the service cannot be told, the lease runs out by itself. */
  async function endQuietly(held: Lease): Promise<void> {
    await world.end(held).catch(() => {});
    listener.onStreamsChanged();
  }

  function showPlaying(changed: Partial<Playing>): void {
    if (state.kind === 'playing') show({ ...state, ...changed });
  }

  function show(next: PlaybackState): void {
    state = next;
    listener.onChange(next);
  }
}

function isToldToWait(error: unknown): boolean {
  return error instanceof Refusal && [429, 503].includes(error.status);
}

function isInvalidToken(error: unknown): boolean {
  return error instanceof Refusal && error.slug === 'invalid-session-token';
}

/** The network, what is in between, or the service as a whole: nobody of the service's has refused anything. */
function isAway(error: unknown): boolean {
  return !(error instanceof Refusal) || error.status >= 500 || error.slug === '';
}
