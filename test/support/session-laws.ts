import { beat } from '../../shared/concurrency/beat.ts';
import { limitOf, mayWatch } from '../../shared/concurrency/look.ts';
import type { NotAdmitted } from '../../shared/concurrency/occupy.ts';
import { startSession, type StartRequest } from '../../shared/concurrency/start-session.ts';
import type { SessionWorld } from '../../shared/concurrency/world.ts';
import type { WhenFull } from '../../shared/domain/admission.ts';
import type { Snapshot } from '../../shared/domain/entitlements.ts';
import type { SessionTerminated } from '../../shared/domain/session-messages.ts';
import { slotOf, textOfSession, type EndReason, type Session } from '../../shared/domain/sessions.ts';
import type { SessionGrant } from '../../shared/ports.ts';
import type { FakeSlots, Write } from './slots.ts';

/** One call of a use case. */
export interface Call {
  readonly name: 'start' | 'beat' | 'stop' | 'end' | 'recompute';
  readonly number: number;
  /** When it began: laws count events, not milliseconds. */
  readonly since: number;
  readonly player?: { readonly playerId: string } | undefined;
  readonly skewMs: number;
  /** Whether no change of the account was having its effect when it began. */
  readonly settled: boolean;
  readonly token?: SessionGrant | undefined;
  readonly request?: StartRequest | undefined;
  readonly sessionId?: string | undefined;
  /** An operation of it takes effect whose answer it does not wait for any more. */
  landing: boolean;
  /** What it was answered with; `undefined` while it runs, and for ever when it died. */
  answer: Answer | undefined;
  readonly writes: Write[];
}

export type Answer =
  | { readonly alive: SessionGrant }
  | { readonly refused: NotAdmitted }
  | { readonly over: EndReason }
  | { readonly ended: true }
  | { readonly failed: Error };

interface Circumstances {
  readonly slots: FakeSlots;
  readonly now: () => number;
  readonly table: () => Snapshot;
  readonly catalog: SessionWorld['catalog'];
  /** How long a slot lasts. */
  readonly slotMs: number;
  /** True while no change of the account is still having its effect. */
  readonly settled: () => boolean;
  /** Everything around a copy of the slots, to see what would be answered. */
  readonly world: (slots: FakeSlots, now: () => number) => SessionWorld & { readonly whenFull: WhenFull };
}

/** How a session was put out of its slot. */
interface End {
  readonly reason: EndReason;
  readonly at: number;
  readonly by: Call;
  readonly late: boolean;
  readonly ms: number;
}

export type Laws = ReturnType<typeof sessionLaws>;

/** Watches everything that happens to an account's slots, and throws when it may not be so. */
export function sessionLaws({ slots, now, table, catalog, slotMs, settled, world }: Circumstances) {
  let events = 0;
  let calls = 0;
  let flushedAt = -1;
  let flushedMs = -Infinity;
  let limitChangedAt = 0;
  let failure: unknown;
  const ends = new Map<string, End>();
  const newest = new Map<string, SessionGrant>();
  const given: SessionGrant[] = [];
  const givenTexts = new Set<string>();
  const told = new Set<string>();
  const untold = new Set<string>();
  const sinceOf = new Map<string, number>();
  const twinsSince = new Map<string, number>();

  const breach = (what: string): never => {
    throw new Error(what);
  };

  const standing = () =>
    slots
      .texts()
      .map(slotOf)
      .flatMap((slot, index) => (slot.kind === 'held' ? [{ ...slot, number: index + 1 }] : []));

  /** Those that somebody was told of; others are what is left of calls that died, and last as long as a slot. */
  const playing = () => standing().filter(({ text }) => givenTexts.has(text));

  function called(about: Omit<Call, 'number' | 'since' | 'settled' | 'landing' | 'answer' | 'writes'>): Call {
    return {
      ...about,
      number: (calls += 1),
      since: (events += 1),
      settled: settled(),
      landing: false,
      answer: undefined,
      writes: [],
    };
  }

  function written(call: Call, write: Write): void {
    events += 1;
    call.writes.push(write);
    const [before, after] = [slotOf(write.seen), slotOf(write.text)];
    if (write.seen !== write.text) sinceOf.set(write.text, events);
    if (before.kind !== 'held' || write.seen === write.text) return;
    const ended = after.kind === 'ended' ? after.ended : after.kind === 'held' ? after.session.instead : null;
    const { sessionId } = before.session;
    // Only its nonce is another, so that its next heartbeat looks again.
    if (after.kind === 'held' && after.session.sessionId === sessionId && call.name === 'recompute') return;
    if (ended?.sessionId !== sessionId)
      return breach(`slot ${write.number}: nothing says what became of ${sessionId}`);
    const known = ends.get(sessionId);
    if (known && known.reason !== 'expired') return;
    ends.set(sessionId, { reason: ended.reason, at: events, by: call, late: call.landing, ms: now() });
  }

  function published({ data: { sessionId } }: SessionTerminated, arrived: boolean): void {
    (arrived ? told : untold).add(sessionId);
  }

  function answered(call: Call, answer: Answer): void {
    events += 1;
    call.answer = answer;
    try {
      if ('alive' in answer) admitted(call, answer.alive);
      if ('refused' in answer) refused(call, answer.refused);
      if ('over' in answer && call.name === 'beat') over(call, answer.over);
    } catch (error) {
      failure ??= error;
    }
  }

  function admitted(call: Call, grant: SessionGrant): void {
    const { session, slot, expiresAtMs } = grant;
    const { sessionId } = session;
    newest.set(sessionId, grant);
    given.push(grant);
    if (slot === null) return;
    const text = textOfSession(session);
    givenTexts.add(text);
    // A recompute may have given it another nonce since.
    const renamed = call.writes.some(
      (write) => write.number === slot && standsAs(write.text)?.sessionId === sessionId,
    );
    if (!renamed || !sinceOf.has(text)) {
      breach(`${sessionId} was told of slot ${slot}, where the call has not put it`);
    }
    const end = ends.get(sessionId);
    if (
      call.name === 'beat' &&
      end &&
      end.reason !== 'expired' &&
      end.at < call.since &&
      flushedAt < end.at
    ) {
      breach(`${sessionId} was ${end.reason}, and lives again`);
    }
    const endsAtMs = slots.texts()[slot - 1] === text ? slots.endsAtMs(slot)! : Infinity;
    if (expiresAtMs - call.skewMs + 5000 > endsAtMs) breach(`the token of ${sessionId} outlives its slot`);
  }

  function refused({ request, since, skewMs, settled: wasSettled }: Call, answer: NotAdmitted): void {
    if (answer.reason !== 'too-many-streams' || !request) return;
    const limit = Math.min(limitOf(table(), now()), limitOf(table(), now() + skewMs)); // by its own clock, too
    const own = standing().find(
      ({ session, number, text }) =>
        session.playerId === request.playerId && number <= limit && sinceOf.get(text)! < since,
    );
    if (own && wasSettled && limitChangedAt < since)
      breach(`${request.playerId} was refused while it had slot ${own.number}`);
  }

  function over({ token, since }: Call, reason: EndReason): void {
    const end = token && ends.get(token.session.sessionId);
    if (!end || end.reason === 'expired' || end.at > since || flushedAt > end.at) return;
    // A token from before a flush may name a slot that its session has not had since.
    if (flushedMs >= token.expiresAtMs - slotMs) return;
    if (now() < token.expiresAtMs - 2000 && reason === 'expired') {
      breach(`${token.session.sessionId} was ${end.reason}, and is told to start again without a word`);
    }
  }

  /** What must hold whenever nothing is under way. */
  async function atRest(): Promise<void> {
    check();
    const limit = limitOf(table(), now());
    const here = playing();
    const flushedLately = now() - flushedMs < slotMs;

    const alive = await wouldLive();
    if (alive.together > limit) breach(`${alive.together} sessions would live, and ${limit} may`);
    if (!flushedLately && alive.each > limit) {
      breach(`${alive.each} tokens would be renewed, and ${limit} may`);
    }
    const ghost = flushedAt >= 0 ? undefined : [...told].find((sessionId) => alive.ids.has(sessionId));
    if (ghost !== undefined) breach(`${ghost} was told that it is over, and lives`);
    for (const { session } of here) {
      const access = mayWatch(catalog, table(), session, now());
      if (!access.allowed) breach(`${session.sessionId} lives on what is ${access.reason}`);
    }
    everybodyWasTold();
    oneSlotEach(
      here.map(({ session }) => session),
      flushedLately,
    );
    await roomIsUsed(limit);
    await ownSlotIsOpen(limit);
  }

  /** How many tokens would be renewed: one after another, and each for itself. */
  async function wouldLive() {
    const grants = [...newest.values()].filter(
      ({ slot, expiresAtMs }) => slot !== null && now() < expiresAtMs,
    );
    const shared = slots.copy(now);
    const texts: string[] = [];
    const ids = new Set<string>();
    let each = 0;
    for (const grant of grants) {
      const beaten = await beat(world(shared, now), grant);
      if (beaten.alive && beaten.grant.slot !== null) texts.push(textOfSession(beaten.grant.session));
      const alone = await beat(world(slots.copy(now), now), grant);
      if (!alone.alive || alone.grant.slot === null) continue;
      each += 1;
      ids.add(grant.session.sessionId);
    }
    return { together: texts.filter((text) => shared.texts().includes(text)).length, each, ids };
  }

  function everybodyWasTold(): void {
    for (const [sessionId, { reason, by, late, at, ms }] of ends) {
      if (flushedAt > at) continue; // whoever was to tell it found nothing any more
      if (reason === 'expired' || late || told.has(sessionId) || untold.has(sessionId)) continue;
      // Whoever heard that somebody else was faster has not ended it, as far as anybody can tell.
      const answeredWell =
        by.answer !== undefined && !('failed' in by.answer) && !('over' in by.answer && by.name === 'end');
      if (answeredWell || (reason === 'revoked' && by.name === 'recompute' && now() - ms < slotMs)) {
        breach(`nobody told ${sessionId} that it was ${reason}`);
      }
    }
  }

  function oneSlotEach(here: readonly Session[], flushedLately: boolean): void {
    const twins = new Set<string>();
    for (const { sessionId, playerId } of here) {
      if (!flushedLately && here.filter((other) => other.playerId === playerId).length > 1) {
        breach(`${playerId} has two slots`);
      }
      if (here.filter((other) => other.sessionId === sessionId).length > 1) twins.add(sessionId);
    }
    for (const sessionId of twinsSince.keys()) if (!twins.has(sessionId)) twinsSince.delete(sessionId);
    for (const sessionId of twins) {
      const since = twinsSince.get(sessionId) ?? now();
      twinsSince.set(sessionId, since);
      if (now() - since > slotMs) breach(`${sessionId} has had two slots for longer than a slot lasts`);
    }
  }

  /** A stranger is refused only where every slot within the limit is held. */
  async function roomIsUsed(limit: number): Promise<void> {
    const held = standing().filter(({ number }) => number <= limit).length;
    const outcome = await startSession(world(slots.copy(now), now), 'ada', stranger);
    if (outcome.admitted ? held >= limit : outcome.reason === 'too-many-streams' && held < limit) {
      breach(
        `${held} of ${limit} slots are held, and one more was ${outcome.admitted ? 'admitted' : 'refused'}`,
      );
    }
  }

  /** Whoever has a slot gets it again at once. */
  async function ownSlotIsOpen(limit: number): Promise<void> {
    for (const { session, number } of standing()) {
      if (number > limit) continue;
      const { deviceId, playerId, contentId, deviceType, region } = session;
      const again = { deviceId, playerId, contentId, deviceType, region };
      const outcome = await startSession(world(slots.copy(now), now), 'ada', again);
      const mayBeRefused = !mayWatch(catalog, table(), session, now()).allowed;
      if (!outcome.admitted && !mayBeRefused) breach(`${playerId} was refused its own slot ${number}`);
    }
  }

  /** Once all is quiet for as long as a slot lasts, only those who beat take up room, and all the rest is free. */
  async function inTheEnd(startMs: () => number): Promise<void> {
    let nowMs = startMs();
    const later = () => nowMs;
    const copy = slots.copy(later);
    let alive = [...newest.values()].filter(({ slot }) => slot !== null);
    const untilMs = nowMs + slotMs + 1000;
    for (;;) {
      const after: SessionGrant[] = [];
      for (const grant of alive) {
        const beaten = await beat(world(copy, later), grant);
        if (beaten.alive) after.push(beaten.grant);
      }
      alive = after;
      if (nowMs > untilMs) break;
      nowMs += 10_000;
    }
    const limit = limitOf(table(), nowMs);
    const living = alive.filter(
      ({ slot, session }) => copy.texts()[slot! - 1] === textOfSession(session),
    ).length;
    const outcome = await startSession(world(copy, later), 'ada', stranger);
    if (living > limit) breach(`${living} live on, and ${limit} may`);
    if (!outcome.admitted && outcome.reason === 'too-many-streams' && living < limit) {
      breach(`only ${living} of ${limit} sessions live, and one more was refused`);
    }
  }

  /** Throws what an answer has broken, at the next step. */
  function check(): void {
    if (failure !== undefined) throw failure;
  }

  return {
    called,
    written,
    published,
    answered,
    atRest,
    inTheEnd,
    check,
    breach: (error: unknown) => void (failure ??= error),
    limitChanged: () => void (limitChangedAt = events += 1),
    flushed: () => {
      flushedAt = events += 1;
      flushedMs = now();
    },
    sessionIds: (): readonly string[] => [...newest.keys()],
    /** The newest token of every session. */
    newest: (): readonly SessionGrant[] => [...newest.values()],
    /** All tokens that were ever given, the last few of them. */
    tokens: (): readonly SessionGrant[] => given.slice(-12),
  };
}

const stranger: StartRequest = {
  deviceId: 'stranger',
  playerId: 'stranger',
  contentId: 'harbour',
  deviceType: 'web',
  region: 'JP',
};

function standsAs(text: string): Session | undefined {
  const slot = slotOf(text);
  return slot.kind === 'held' ? slot.session : undefined;
}
