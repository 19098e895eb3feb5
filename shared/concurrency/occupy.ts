import type { Refusal } from '../domain/access.ts';
import { decideAdmission, type Admission, type WhenFull } from '../domain/admission.ts';
import { MOST_STREAMS, type Snapshot } from '../domain/entitlements.ts';
import {
  isSamePlayer,
  replacedIn,
  standingIn,
  textOfSession,
  type Session,
  type Slot,
  type Standing,
} from '../domain/sessions.ts';
import { Contended } from '../errors.ts';
import { bury, stored, tell } from './bury.ts';
import { limitOf, look, mayWatch, type View } from './look.ts';
import type { SessionWorld } from './world.ts';

/** A session that seeks a slot. */
export interface Wanted extends Omit<Session, 'sessionId' | 'nonce' | 'instead'> {
  /** One that goes on; without it every attempt is a session of its own, so that one that was ended is not another. */
  readonly sessionId?: string;
  /** Whom the viewer has chosen to end for it. */
  readonly terminate?: string | undefined;
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
 * whose answer is lost shows in the next round, because no two texts are alike.
 * @throws Contended when others were faster every time; Unavailable, Throttled
 */
export async function occupy(
  world: SessionWorld,
  accountId: string,
  wanted: Wanted,
  whenFull: WhenFull,
): Promise<Occupied> {
  const attempts = new Map<string, Attempt>();
  const told = new Set<Attempt>();
  let entered: Attempt | undefined;
  let unclear: Attempt | undefined;

  for (let round = 0; round < MOST_ROUNDS; round++) {
    const view = await look(world, accountId);
    const here = whereIStand(view, attempts, entered);
    if (here) entered = attempts.get(here.text);
    if (entered) {
      if (!told.has(entered)) await tellLoser(world, accountId, entered);
      told.add(entered);
      if (here && !mayStay(world, view, here)) {
        if (await bury(world, accountId, here, 'expired')) entered = undefined;
        continue;
      }
      const rival = here && rivalOf(here, view, attempts);
      if (rival) {
        const sameSession = rival.session.sessionId === here.session.sessionId;
        await bury(world, accountId, rival, sameSession ? 'expired' : 'superseded');
        continue;
      }
      // Stored and not to be found: somebody has taken its place since, as its first heartbeat will tell.
      const { session, number, sinceMs } = entered;
      return { admitted: true, session, number, sinceMs, snapshot: view.snapshot };
    }

    if (view.slots.some((slot) => isHeldBy(slot, wanted))) return full(view);
    if (unclear && !told.has(unclear) && !wasBeaten(unclear, view.slots)) {
      // It may have stood and been put out, or may yet come to stand: only a session that nobody knows tries again.
      if (wanted.sessionId !== undefined) return full(view);
      const { loser } = unclear;
      if (!view.slots.some((slot) => isHeldBy(slot, loser))) await tellLoser(world, accountId, unclear);
      told.add(unclear);
    }

    const next = whereTo(world, view, wanted, whenFull);
    if ('admitted' in next) return next;
    if (next.kind === 'end') {
      await bury(world, accountId, next.standing, 'terminated');
      continue;
    }
    const { number, seen } = next;
    const { terminate: _, ...rest } = wanted;
    const session: Session = {
      ...rest,
      sessionId: wanted.sessionId ?? world.newId(),
      nonce: world.newId(),
      instead: next.instead,
    };
    const text = textOfSession(session);
    await tellRevoked(world, accountId, view.slots[number - 1]);
    const attempt: Attempt = { session, text, number, loser: next.ends, sinceMs: world.now() };
    attempts.set(text, attempt);
    if (await stored(world.slots.replace(accountId, number, seen, text))) entered = attempt;
    unclear = attempt;
  }
  throw new Contended('the slots of the account are being changed by many at once');
}

function whereIStand(
  { slots }: View,
  attempts: ReadonlyMap<string, Attempt>,
  entered: Attempt | undefined,
): Standing | undefined {
  const mine = standingIn(slots).filter(({ text }) => attempts.has(text));
  return mine.find(({ text }) => text === entered?.text) ?? mine[0];
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
function rivalOf(
  here: Standing,
  { slots }: View,
  attempts: ReadonlyMap<string, Attempt>,
): Standing | undefined {
  const samePlayer = standingIn(slots).filter(({ session }) => isSamePlayer(session, here.session));
  const left = samePlayer.find(({ text }) => text !== here.text && attempts.has(text));
  return left ?? (samePlayer.length > 1 ? samePlayer[0] : undefined);
}

async function tellLoser(world: SessionWorld, accountId: string, { session, loser }: Attempt): Promise<void> {
  const { instead } = session;
  if (loser && instead) await tell(world, accountId, loser, instead.reason, session);
}

/** Whoever revoked it may have died before telling, and nobody finds a tombstone that is overwritten. */
async function tellRevoked(world: SessionWorld, accountId: string, slot: Slot | undefined): Promise<void> {
  if (slot?.kind !== 'ended' || slot.ended.reason !== 'revoked') return;
  const { ended, deviceId } = slot;
  await tell(world, accountId, { sessionId: ended.sessionId, deviceId }, ended.reason);
}
