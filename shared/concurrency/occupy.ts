import type { Refusal } from '../domain/access.ts';
import { decideAdmission, type Admission, type WhenFull } from '../domain/admission.ts';
import { MOST_STREAMS, type Snapshot } from '../domain/entitlements.ts';
import {
  fateOf,
  isSamePlayer,
  replacedIn,
  standingIn,
  textOfSession,
  type Session,
  type Slot,
  type Standing,
} from '../domain/sessions.ts';
import { Contended, Outage } from '../errors.ts';
import { bury, tell } from './bury.ts';
import { limitOf, look, mayWatch, type View } from './look.ts';
import type { SessionWorld } from './world.ts';

/** A session that seeks a slot. */
export interface Wanted extends Omit<Session, 'sessionId' | 'nonce' | 'instead'> {
  /** One that goes on; without it every attempt is a session of its own, so that one that was ended is not another. */
  readonly sessionId?: string;
  /** Whom the viewer has chosen to end for it. */
  readonly terminate?: string | undefined;
  /** The slot that it had, when it goes on. */
  readonly number?: number | undefined;
}

export type Occupied =
  | {
      readonly admitted: true;
      readonly session: Session;
      /** The slot. */
      readonly number: number;
      readonly snapshot: Snapshot;
      /** The clock before the slot was taken, from which its lease counts. */
      readonly sinceMs: number;
    }
  | NotAdmitted;

export type NotAdmitted =
  | { readonly admitted: false; readonly reason: 'not-entitled'; readonly refusal: Refusal }
  | { readonly admitted: false; readonly reason: 'too-many-streams'; readonly conflicts: readonly Session[] };

/** One try to stand in a slot. */
interface Attempt {
  readonly session: Session;
  readonly text: string;
  readonly number: number;
  /** Who is to be told that its place is taken. */
  readonly loser: Session | undefined;
  readonly sinceMs: number;
}

/** What has been tried so far. */
interface Tries {
  readonly byText: Map<string, Attempt>;
  readonly told: Set<Attempt>;
  /** The one that was put into its slot, as was answered or seen, and as what it stands there. */
  entered: { readonly attempt: Attempt; readonly session: Session } | undefined;
  last: Attempt | undefined;
  unanswered: number;
}

/** What one step goes by. */
interface Step {
  readonly view: View;
  readonly tries: Tries;
  readonly wanted: Wanted;
  readonly whenFull: WhenFull;
}

/**
 * Whoever is kept from a slot this often in a row is told to come back. Of sixteen who start in step for sixteen free
 * slots, one gets in with every round.
 */
const MOST_ROUNDS = MOST_STREAMS + 4;

/**
 * Takes a slot within the account's limit, or finds that there is none. Every round reads everything and then takes
 * one step: into a slot or, once it stands in one, out of it when the limit was lowered meanwhile, or away with the
 * older of two sessions of the same player. Each step names what it replaces, so of any number who try for a slot
 * at once one gets it; and who has stepped in looks again, and so sees a limit that was lowered in between. A step
 * whose answer is lost shows in the next round, because no two texts are alike; a second one is an outage.
 * @throws Contended when others were faster every time; Outage, Unavailable, Throttled
 */
export async function occupy(
  world: SessionWorld,
  accountId: string,
  wanted: Wanted,
  whenFull: WhenFull,
): Promise<Occupied> {
  const tries: Tries = {
    byText: new Map(),
    told: new Set(),
    entered: undefined,
    last: undefined,
    unanswered: 0,
  };
  for (let round = 0; round <= MOST_ROUNDS; round++) {
    const view = await look(world, accountId);
    const here = findMine(view, tries, wanted);
    if (!tries.entered && round === MOST_ROUNDS) break; // a look is all that the last round is for
    const step = { view, tries, wanted, whenFull };
    const outcome = tries.entered
      ? await settle(world, accountId, step, tries.entered, here)
      : ((await giveUp(world, accountId, step)) ?? (await stepIn(world, accountId, step)));
    if (outcome) return outcome;
  }
  throw new Contended('the slots of the account are being changed by many at once');
}

/** It was put into a slot, and stands `here` unless somebody has taken its place since. */
async function settle(
  world: SessionWorld,
  accountId: string,
  { view, tries }: Step,
  { attempt, session }: NonNullable<Tries['entered']>,
  here: Standing | undefined,
): Promise<Occupied | undefined> {
  await tellLoser(world, accountId, attempt, tries);
  if (here && !mayStay(world, view, here)) {
    if (await bury(world, accountId, here, 'expired')) tries.entered = undefined;
    return undefined;
  }
  const rival = here && rivalOf(here, view, tries);
  if (rival) {
    const sameSession = rival.session.sessionId === here.session.sessionId;
    await bury(world, accountId, rival, sameSession ? 'expired' : 'superseded');
    return undefined;
  }
  // Where it is not to be found any more, its first heartbeat will tell what became of it.
  const { number, sinceMs } = attempt;
  return { admitted: true, session, number, sinceMs, snapshot: view.snapshot };
}

/**
 * Whether a session that goes on must not try again: its player stands already, and it puts nobody out; or it has been
 * ended; or its own last try may have stood and been put out, or may yet come to stand. One that nobody knows yet may.
 */
async function giveUp(
  world: SessionWorld,
  accountId: string,
  { view, tries, wanted }: Step,
): Promise<NotAdmitted | undefined> {
  const { sessionId } = wanted;
  const goesOn = sessionId !== undefined;
  if (goesOn && standingIn(view.slots).some(({ session }) => isSamePlayer(session, wanted)))
    return full(view);
  // It stood again by another heartbeat, and was ended, since this one looked.
  if (goesOn && fateOf({ sessionId }, null, view.slots) !== undefined) return full(view);
  const { last } = tries;
  if (!last || wasBeaten(last, view.slots)) return undefined;
  if (goesOn) return full(view);
  if (!view.slots.some((slot) => isHeldBy(slot, last.loser))) await tellLoser(world, accountId, last, tries);
  return undefined;
}

/** One try for a slot: says why there is none, or leaves it to the next look how it went. */
async function stepIn(
  world: SessionWorld,
  accountId: string,
  { view, tries, wanted, whenFull }: Step,
): Promise<NotAdmitted | undefined> {
  const next = whereTo(world, view, wanted, whenFull);
  if ('admitted' in next) return next;
  if (next.kind === 'end') {
    await bury(world, accountId, next.standing, 'terminated');
    return undefined;
  }
  const { number, seen, instead, ends: loser } = next;
  const { terminate: _terminate, number: _number, ...rest } = wanted;
  const session = { ...rest, sessionId: wanted.sessionId ?? world.newId(), nonce: world.newId(), instead };
  const attempt: Attempt = { session, text: textOfSession(session), number, loser, sinceMs: world.now() };
  await tellRevoked(world, accountId, view.slots[number - 1]);
  tries.byText.set(attempt.text, attempt);
  tries.last = attempt;
  try {
    if (await world.slots.replace(accountId, number, seen, attempt.text))
      tries.entered = { attempt, session };
  } catch (error) {
    tries.unanswered += 1;
    if (!(error instanceof Outage) || tries.unanswered > 1) throw error;
  }
  return undefined;
}

/**
 * Where one of its tries stands, the one that was entered first of all. It may stand under another nonce by now (see
 * end-excess.ts): then the slot and the id tell, as long as the id is that of this try alone.
 */
function findMine({ slots }: View, tries: Tries, { sessionId: goesOn }: Wanted): Standing | undefined {
  const { byText, entered } = tries;
  const attemptAt = ({ text, number, session }: Standing) =>
    byText.get(text) ??
    [...byText.values()].find(
      (attempt) =>
        attempt.number === number &&
        attempt.session.sessionId === session.sessionId &&
        (goesOn === undefined || attempt === entered?.attempt),
    );
  const mine = standingIn(slots).flatMap((here) => {
    const attempt = attemptAt(here);
    return attempt ? [{ here, attempt }] : [];
  });
  const found = mine.find(({ attempt }) => attempt === entered?.attempt) ?? mine[0];
  if (found) tries.entered = { attempt: found.attempt, session: found.here.session };
  return found?.here;
}

/**
 * True when somebody else has put himself into the slot in the place of what the attempt saw there. What it saw does
 * not come back, so then it has never stood there and never will.
 */
function wasBeaten({ session: { sessionId, instead }, number }: Attempt, slots: readonly Slot[]): boolean {
  const slot = slots[number - 1];
  if (slot === undefined || slot.kind === 'free') return false;
  const heirId = slot.kind === 'held' ? slot.session.sessionId : slot.ended.sessionId;
  if (heirId === sessionId || heirId === instead?.sessionId) return false;
  return replacedIn(slot)?.sessionId === instead?.sessionId;
}

function isHeldBy(slot: Slot, session: { readonly sessionId?: string } | undefined): boolean {
  return slot.kind === 'held' && slot.session.sessionId === session?.sessionId;
}

/** Where the newcomer steps next, or why nowhere. */
function whereTo(
  { catalog, now }: SessionWorld,
  { snapshot, slots }: View,
  wanted: Wanted,
  whenFull: WhenFull,
): Exclude<Admission, { kind: 'refuse' }> | NotAdmitted {
  const nowMs = now();
  const access = mayWatch(catalog, snapshot, wanted, nowMs);
  if (!access.allowed) return { admitted: false, reason: 'not-entitled', refusal: access.reason };
  const next = decideAdmission(slots, wanted, { limit: limitOf(snapshot, nowMs), whenFull });
  if (next.kind !== 'refuse') return next;
  return { admitted: false, reason: 'too-many-streams', conflicts: next.conflicts };
}

function full({ slots }: View): NotAdmitted {
  const conflicts = standingIn(slots).map(({ session }) => session);
  return { admitted: false, reason: 'too-many-streams', conflicts };
}

/** Whether the limit and what the account may watch still allow that it stands there. */
function mayStay({ catalog, now }: SessionWorld, { snapshot }: View, { number, session }: Standing): boolean {
  const nowMs = now();
  return number <= limitOf(snapshot, nowMs) && mayWatch(catalog, snapshot, session, nowMs).allowed;
}

/**
 * Who has to go when the same player stands twice: what is left of an attempt of one's own, else the older of the
 * two, even if it is the one that stands `here`.
 */
function rivalOf(here: Standing, { slots }: View, { byText }: Tries): Standing | undefined {
  const samePlayer = standingIn(slots).filter(({ session }) => isSamePlayer(session, here.session));
  const left = samePlayer.find(({ text }) => text !== here.text && byText.has(text));
  return left ?? (samePlayer.length > 1 ? samePlayer[0] : undefined);
}

/** Tells whoever lost the place to this attempt, once. */
async function tellLoser(
  world: SessionWorld,
  accountId: string,
  attempt: Attempt,
  { told }: Tries,
): Promise<void> {
  if (told.has(attempt)) return;
  told.add(attempt);
  const { session, loser } = attempt;
  if (loser && session.instead) await tell(world, accountId, loser, session.instead.reason, session);
}

/** Whoever revoked it may have died before telling, and nobody finds a tombstone that is overwritten. */
async function tellRevoked(world: SessionWorld, accountId: string, slot: Slot | undefined): Promise<void> {
  if (slot?.kind !== 'ended' || slot.ended.reason !== 'revoked') return;
  const { ended, deviceId } = slot;
  await tell(world, accountId, { sessionId: ended.sessionId, deviceId }, ended.reason);
}
