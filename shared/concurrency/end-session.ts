import {
  fateOf,
  slotOf,
  standingIn,
  textOfSession,
  tombstoneOf,
  type EndReason,
  type Slot,
} from '../domain/sessions.ts';
import { Contended } from '../errors.ts';
import type { SessionGrant } from '../ports.ts';
import { bury } from './bury.ts';
import type { SessionWorld } from './world.ts';

export type EndedOrNot = { readonly ended: true } | { readonly ended: false; readonly reason: EndReason };

type World = Pick<SessionWorld, 'slots' | 'topic' | 'now' | 'warn'>;

const MOST_ROUNDS = 4;

/**
 * A player ends its own session. One that stands nowhere, because it takes no slot or the cache was flushed, has
 * ended by that. It leaves `expired` behind: should it beat once more, it may start again without a word.
 * @throws Contended, Unavailable, Throttled
 */
export async function endOwnSession(world: World, grant: SessionGrant): Promise<EndedOrNot> {
  const { accountId, session, slot, expiresAtMs } = grant;
  if (world.now() >= expiresAtMs) return { ended: false, reason: 'expired' };
  if (slot !== null) {
    const standing = { number: slot, text: textOfSession(session), session };
    if (await bury(world, accountId, standing, 'expired')) return { ended: true };
  }
  const left = await endWherever(world, accountId, session.sessionId, 'expired');
  const fate = left && fateOf(session, slot, left);
  return fate === undefined || fate === 'expired' ? { ended: true } : { ended: false, reason: fate };
}

/**
 * Somebody of the account ends one of its sessions by the id; the one who loses is told. An id that is no live
 * session of this account has `expired`, whoever's it is or was, unless this account's slots still say more.
 * @throws Contended, Unavailable, Throttled
 */
export async function endSessionById(
  world: World,
  accountId: string,
  sessionId: string,
): Promise<EndedOrNot> {
  const left = await endWherever(world, accountId, sessionId, 'terminated');
  if (!left) return { ended: true };
  return { ended: false, reason: tombstoneOf(sessionId, left)?.ended.reason ?? 'expired' };
}

/** Ends the session in whatever slot it stands; where it stands in none, what the slots hold. */
async function endWherever(
  world: World,
  accountId: string,
  sessionId: string,
  reason: EndReason,
): Promise<readonly Slot[] | undefined> {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const slots = (await world.slots.read(accountId)).slots.map(slotOf);
    const standing = standingIn(slots).find(({ session }) => session.sessionId === sessionId);
    if (!standing) return slots;
    if (await bury(world, accountId, standing, reason)) return undefined;
  }
  throw new Contended('the slots of the account are being changed by many at once');
}
