import type { Refusal } from '../domain/access.ts';
import { decideAdmission, type Admission, type WhenFull } from '../domain/admission.ts';
import type { Snapshot } from '../domain/entitlements.ts';
import { isSamePlayer, standingIn, textOfSession, type Session, type Standing } from '../domain/sessions.ts';
import { Contended } from '../errors.ts';
import { bury, stored, tell } from './bury.ts';
import { limitOf, look, mayWatch, type View } from './look.ts';
import type { SessionWorld } from './world.ts';

/** A session that seeks a slot, and whom the viewer has chosen to end for it. */
export interface Wanted extends Omit<Session, 'nonce' | 'instead'> {
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
  readonly number: number;
  readonly replaces: Pick<Extract<Admission, { kind: 'take' }>, 'ends' | 'instead'>;
  readonly sinceMs: number;
}

/** Whoever is kept from a slot this often in a row is told to come back. */
const MOST_ROUNDS = 12;

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

  for (let round = 0; round < MOST_ROUNDS; round++) {
    const view = await look(world, accountId);
    const here = standingIn(view.slots).find(({ text }) => attempts.has(text));
    entered = here ? attempts.get(here.text) : entered;
    if (entered) {
      if (!told.has(entered)) await tellLoser(world, accountId, entered);
      told.add(entered);
      // Stored and not to be found: somebody has taken its place since, as its first heartbeat will tell.
      const leaves = here && whoLeaves(world, view, here);
      if (!leaves) {
        const { session, number, sinceMs } = entered;
        return { admitted: true, session, number, sinceMs, snapshot: view.snapshot };
      }
      await bury(world, accountId, leaves, leaves === here ? 'expired' : 'superseded');
      if (leaves === here) entered = undefined;
      continue;
    }

    const next = whereTo(world, view, wanted, whenFull);
    if ('admitted' in next) return next;
    if (next.kind === 'end') {
      await bury(world, accountId, next.standing, 'terminated');
      continue;
    }
    const { number, seen } = next;
    const { terminate: _, ...rest } = wanted;
    const session: Session = { ...rest, nonce: world.newId(), instead: next.instead };
    const text = textOfSession(session);
    const attempt: Attempt = { session, number, replaces: next, sinceMs: world.now() };
    attempts.set(text, attempt);
    if (await stored(world.slots.replace(accountId, number, seen, text))) entered = attempt;
  }
  throw new Contended('the slots of the account are being changed by many at once');
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

/** Who has to go, now that the session stands `here`: itself, an older session of the same player, or nobody. */
function whoLeaves(
  { catalog, now }: SessionWorld,
  { snapshot, slots }: View,
  here: Standing,
): Standing | undefined {
  const nowMs = now();
  const stays =
    here.number <= limitOf(snapshot, nowMs) && mayWatch(catalog, snapshot, here.session, nowMs).allowed;
  if (!stays) return here;
  const samePlayer = standingIn(slots).filter(({ session }) => isSamePlayer(session, here.session));
  return samePlayer.length > 1 ? samePlayer[0] : undefined;
}

async function tellLoser(
  world: SessionWorld,
  accountId: string,
  { session, replaces }: Attempt,
): Promise<void> {
  const { ends, instead } = replaces;
  if (ends && instead) await tell(world, accountId, ends, instead.reason, session);
}
