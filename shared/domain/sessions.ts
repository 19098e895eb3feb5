import type { DeviceType } from './catalog.ts';
import type { Instant } from './instants.ts';

/** One playback on one player. Never changed once it stands in a slot: a change is another session or nonce. */
export interface Session {
  readonly sessionId: string;
  /** The hardware. */
  readonly deviceId: string;
  /** One tab or player on it: two of them are two sessions. */
  readonly playerId: string;
  readonly contentId: string;
  readonly deviceType: DeviceType;
  /** Where it was started; `null` when nothing said. */
  readonly region: string | null;
  readonly startedAt: Instant;
  /** Makes every text that ever stands in a slot unlike any other, so that a replaced one never comes back. */
  readonly nonce: string;
  /** Which session's place it took, so that the loser learns why at its next heartbeat. */
  readonly instead: Ended | null;
}

/**
 * Why a session is over. `expired`: its lease ran out or it stopped itself; a player starts again silently. Of the
 * others the viewer is told: another device asked for its end (`terminated`), the same player started again
 * (`superseded`), or the account may no longer watch it (`revoked`).
 */
export type EndReason = 'expired' | 'terminated' | 'superseded' | 'revoked';

export interface Ended {
  readonly sessionId: string;
  readonly reason: EndReason;
}

/** What stands in a slot of an account. */
export type Slot =
  | { readonly kind: 'free' }
  | { readonly kind: 'held'; readonly text: string; readonly session: Session }
  /** A tombstone names who stood there last; it may be overwritten like a free slot. */
  | {
      readonly kind: 'ended';
      readonly text: string;
      readonly ended: Ended;
      readonly deviceId: string;
      /** Whose place the ended session had taken. */
      readonly instead: Ended | null;
    };

export type Tombstone = Extract<Slot, { kind: 'ended' }>;

/** Who stands where: the slots are numbered 1 … 16. */
export interface Standing {
  readonly number: number;
  readonly text: string;
  readonly session: Session;
}

/** The text by which a session stands in its slot: the same session always gives the same text. */
export function textOfSession(session: Session): string {
  const { sessionId, deviceId, playerId, contentId, deviceType, region, startedAt, nonce, instead } = session;
  return JSON.stringify({
    sessionId,
    deviceId,
    playerId,
    contentId,
    deviceType,
    region,
    startedAt,
    nonce,
    instead: instead && { sessionId: instead.sessionId, reason: instead.reason },
  });
}

/** The text that takes a session's place when it is ended: it names the session, and by the nonce nothing else. */
export function textOfTombstone({ sessionId, deviceId, nonce, instead }: Session, reason: EndReason): string {
  return JSON.stringify({ ended: { sessionId, reason }, deviceId, nonce, instead });
}

/** Reads what {@link textOfSession} or {@link textOfTombstone} wrote; anything else counts as a slot to take over. */
export function slotOf(text: string | undefined): Slot {
  if (text === undefined) return { kind: 'free' };
  const value = parsed(text);
  if (isSession(value)) return { kind: 'held', text, session: value };
  const {
    ended = { sessionId: '', reason: 'expired' },
    deviceId = '',
    instead = null,
  } = (value ?? {}) as Partial<Tombstone>;
  return { kind: 'ended', text, ended, deviceId, instead };
}

/** The tombstone of that session, where one is left. */
export function tombstoneOf(sessionId: string, slots: readonly Slot[]): Tombstone | undefined {
  return slots.filter((slot) => slot.kind === 'ended').find(({ ended }) => ended.sessionId === sessionId);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Only this stage writes the slots: what names a session and its nonce is one. */
function isSession(value: unknown): value is Session {
  const { sessionId, nonce } = (value ?? {}) as Partial<Record<keyof Session, unknown>>;
  return typeof sessionId === 'string' && typeof nonce === 'string';
}

/** The sessions that hold a slot, the oldest first. */
export function standingIn(slots: readonly Slot[]): readonly Standing[] {
  return slots
    .flatMap((slot, index) =>
      slot.kind === 'held' ? [{ number: index + 1, text: slot.text, session: slot.session }] : [],
    )
    .toSorted((a, b) => compareAge(a.session, b.session));
}

/** Negative when `a` started before `b`; of two that started together every part of usher takes the same first. */
export function compareAge(a: Session, b: Session): number {
  if (a.startedAt !== b.startedAt) return a.startedAt < b.startedAt ? -1 : 1; // the format is of fixed length
  if (a.sessionId !== b.sessionId) return a.sessionId < b.sessionId ? -1 : 1; // unlike the nonce it stays
  return a.nonce < b.nonce ? -1 : 1;
}

export function isSamePlayer(
  a: Pick<Session, 'deviceId' | 'playerId'>,
  b: Pick<Session, 'deviceId' | 'playerId'>,
): boolean {
  return a.deviceId === b.deviceId && a.playerId === b.playerId;
}

/**
 * What became of a session that stands in no slot any more, `number` being the one that it had (`null` = none), as
 * far as the slots still tell. `undefined`: nobody ended it; it was forgotten, or never had a slot.
 */
export function fateOf(
  session: Pick<Session, 'sessionId'>,
  number: number | null,
  slots: readonly Slot[],
): EndReason | undefined {
  const stone = tombstoneOf(session.sessionId, slots);
  if (stone) return stone.ended.reason;
  const named = slots.map(replacedIn).find((replaced) => replaced?.sessionId === session.sessionId);
  if (named) return named.reason;
  // An heir that has ended itself is an heir all the same: else its end would bring back whom it replaced.
  const replaced = number === null ? undefined : replacedIn(slots[number - 1]);
  if (replaced === undefined) return undefined;
  // `null`: it found the slot empty, so the cache was flushed. Else whoever took the place has lost it again since,
  // and with it the reason.
  return replaced === null ? 'expired' : 'terminated';
}

/** Whose place was taken by whoever stands there, or stood there last; `undefined` when that is nobody. */
export function replacedIn(slot: Slot | undefined): Ended | null | undefined {
  if (slot === undefined || slot.kind === 'free') return undefined;
  return slot.kind === 'held' ? slot.session.instead : slot.instead;
}
