import {
  replacedIn,
  slotOf,
  textOfTombstone,
  type EndReason,
  type Session,
  type Standing,
} from '../domain/sessions.ts';
import { sessionTerminated } from '../domain/session-messages.ts';
import { Contended, Outage, Unavailable } from '../errors.ts';
import type { SessionWorld } from './world.ts';

const MOST_TRIES = 4;

/**
 * Ends a session where it stands, by a tombstone in the place of exactly its text, and tells the account's devices.
 * False when somebody else was faster. A refusal, too, may come from a first try whose answer was lost, so it looks
 * before it believes one: else an end might take effect and nobody would tell the loser.
 * @throws Contended; Outage when a second answer is lost; Unavailable, Throttled
 */
export async function bury(
  world: Pick<SessionWorld, 'slots' | 'topic' | 'now' | 'warn'>,
  accountId: string,
  { number, text, session }: Standing,
  reason: EndReason,
): Promise<boolean> {
  const tombstone = textOfTombstone(session, reason);
  let unanswered = 0;
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const stands = await world.slots.replace(accountId, number, text, tombstone).catch((error: unknown) => {
      unanswered += 1;
      if (!(error instanceof Outage) || unanswered > 1) throw error;
      return false;
    });
    const there = stands ? tombstone : (await world.slots.read(accountId)).slots[number - 1];
    if (there === text) continue;
    const found = replacedIn(slotOf(there)); // as whoever has overwritten the tombstone found it
    const ended = found?.sessionId === session.sessionId && found.reason === reason;
    const buried = there === tombstone || ended;
    if (buried && reason !== 'expired') await tell(world, accountId, session, reason);
    return buried;
  }
  throw new Contended('the slot is being changed by many at once');
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
