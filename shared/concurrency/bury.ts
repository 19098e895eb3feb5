import { textOfTombstone, type EndReason, type Session, type Standing } from '../domain/sessions.ts';
import { sessionTerminated } from '../domain/session-messages.ts';
import { isOutage, Unavailable } from '../errors.ts';
import type { SessionWorld } from './world.ts';

/**
 * Ends a session where it stands, by a tombstone in the place of exactly its text, and tells the account's devices.
 * False when it does not stand there any more, or when the answer was lost: reading again tells.
 */
export async function bury(
  world: Pick<SessionWorld, 'slots' | 'topic' | 'now' | 'warn'>,
  accountId: string,
  { number, text, session }: Standing,
  reason: EndReason,
): Promise<boolean> {
  const buried = await stored(world.slots.replace(accountId, number, text, textOfTombstone(session, reason)));
  if (buried && reason !== 'expired') await tell(world, accountId, session, reason);
  return buried;
}

/** Tells the account's devices why a session is over. Whoever misses it learns at its next heartbeat. */
export async function tell(
  { topic, now, warn }: Pick<SessionWorld, 'topic' | 'now' | 'warn'>,
  accountId: string,
  session: Pick<Session, 'sessionId' | 'deviceId'>,
  reason: EndReason,
  by?: Session,
): Promise<void> {
  try {
    await topic.publish(accountId, sessionTerminated(accountId, session, reason, now(), by));
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    warn('end of a session not announced', error);
  }
}

/** The answer of a conditional write; false when it was lost, which only reading again can tell from a refusal. */
export async function stored(write: Promise<boolean>): Promise<boolean> {
  try {
    return await write;
  } catch (error) {
    if (isOutage(error)) return false;
    throw error;
  }
}
