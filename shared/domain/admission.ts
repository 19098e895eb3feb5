import { toMs, type Instant } from './instants.ts';
import {
  isSamePlayer,
  standingIn,
  type Ended,
  type EndReason,
  type Session,
  type Slot,
  type Standing,
} from './sessions.ts';

/** What happens when every stream that the account may have is taken. */
export const WHEN_FULL = ['refuse-newest', 'end-oldest'] as const;
export type WhenFull = (typeof WHEN_FULL)[number];

/** Who wants to start. */
export interface Newcomer {
  readonly deviceId: string;
  readonly playerId: string;
  readonly startedAt: Instant;
  /** A session that the viewer has chosen to end. */
  readonly terminate?: string | undefined;
  /**
   * The slot that it had, when it only goes on after the cache was flushed. There its older tokens look, and so learn
   * what became of it since; nobody would tell them that it was ended in another.
   */
  readonly number?: number | undefined;
}

export type Admission =
  /** Put the newcomer into this slot in place of the text that was seen there. */
  | {
      readonly kind: 'take';
      readonly number: number;
      readonly seen: string | undefined;
      /** Who stood there last and what it is to be told, be it alive (`ends`) or a tombstone. */
      readonly instead: Ended | null;
      readonly ends?: Session;
    }
  /** First end this one, which stands above the limit, where nobody may take its place. */
  | { readonly kind: 'end'; readonly standing: Standing }
  | { readonly kind: 'refuse'; readonly conflicts: readonly Session[] };

/**
 * Where a newcomer may stand, given what the slots hold: in the place of the session it names, else in its own (the
 * same player on the same device), else in the one it had or the first free one within the limit; when there is none,
 * in that of the oldest session, or nowhere.
 */
export function decideAdmission(
  slots: readonly Slot[],
  newcomer: Newcomer,
  { limit, whenFull }: { readonly limit: number; readonly whenFull: WhenFull },
): Admission {
  const everybody = standingIn(slots);
  const within = everybody.filter(({ number }) => number <= limit);

  const overtaking = everybody.find(
    ({ session }) => isSamePlayer(session, newcomer) && isOvertaken(newcomer, session),
  );
  if (overtaking) return refuse(everybody);

  const chosen = everybody.find(({ session }) => session.sessionId === newcomer.terminate);
  if (chosen)
    return chosen.number > limit ? { kind: 'end', standing: chosen } : replacing(chosen, 'terminated');

  const own = within.find(({ session }) => isSamePlayer(session, newcomer));
  if (own) return replacing(own, 'superseded');

  const index = indexOfOpen(slots.slice(0, limit), newcomer);
  const open = slots[index];
  if (open?.kind === 'free') return { kind: 'take', number: index + 1, seen: undefined, instead: null };
  if (open?.kind === 'ended')
    return { kind: 'take', number: index + 1, seen: open.text, instead: open.ended };

  const [oldest] = within;
  if (whenFull === 'end-oldest' && oldest) return replacing(oldest, 'terminated');
  return refuse(everybody);
}

function indexOfOpen(within: readonly Slot[], { number = 0 }: Newcomer): number {
  if (within[number - 1]?.kind === 'free') return number - 1;
  return within.findIndex(({ kind }) => kind !== 'held');
}

function refuse(everybody: readonly Standing[]): Admission {
  return { kind: 'refuse', conflicts: everybody.map(({ session }) => session) };
}

/** Clocks of two functions differ by far less; a start that takes so long was held up. */
const CLOCKS_DIFFER_MS = 3000;

/** A start that was held up must not put out the one that the same player has made since. */
function isOvertaken(newcomer: Newcomer, own: Session): boolean {
  return toMs(own.startedAt) - toMs(newcomer.startedAt) > CLOCKS_DIFFER_MS;
}

function replacing(
  { number, text, session }: Standing,
  reason: Exclude<EndReason, 'expired' | 'revoked'>,
): Admission {
  return {
    kind: 'take',
    number,
    seen: text,
    instead: { sessionId: session.sessionId, reason },
    ends: session,
  };
}
