import { heldSlots, isSamePlayer, type Ended, type Session, type Slot } from './sessions.ts';

/** What happens when every stream that the account may have is taken. */
export const WHEN_FULL = ['refuse-newest', 'end-oldest'] as const;
export type WhenFull = (typeof WHEN_FULL)[number];

/** Who wants to start. */
export interface Newcomer {
  readonly deviceId: string;
  readonly playerId: string;
  /** A session that the viewer has chosen to end. */
  readonly terminate?: string | undefined;
}

export type Admission =
  /** Put the newcomer into this slot in place of what was seen there, which ends `ends`. */
  | {
      readonly kind: 'take';
      readonly number: number;
      readonly seen: string | undefined;
      /** What the slot tells the loser, be it alive or a tombstone. */
      readonly instead: Ended | null;
      readonly ends?: Session;
    }
  /** First end this session, which stands above the limit, where nobody may take its place. */
  | { readonly kind: 'end'; readonly number: number; readonly session: Session }
  | { readonly kind: 'refuse'; readonly conflicts: readonly Session[] };

/**
 * Where a newcomer may stand, given what the slots hold: in the place of the session it names, else in its own (the
 * same player on the same device), else in the first free one within the limit; when there is none, in that of the
 * oldest session, or nowhere.
 */
export function decideAdmission(
  slots: readonly Slot[],
  newcomer: Newcomer,
  { limit, whenFull }: { readonly limit: number; readonly whenFull: WhenFull },
): Admission {
  const held = heldSlots(slots);
  const within = held.filter(({ number }) => number <= limit);

  const chosen = held.find(({ slot }) => slot.session.sessionId === newcomer.terminate);
  if (chosen && chosen.number > limit)
    return { kind: 'end', number: chosen.number, session: chosen.slot.session };
  if (chosen) return inPlaceOf(chosen, 'terminated');

  const own = within.find(({ slot }) => isSamePlayer(slot.session, newcomer));
  if (own) return inPlaceOf(own, 'superseded');

  const open = slots.slice(0, limit).findIndex(({ kind }) => kind !== 'held');
  const slot = slots[open];
  if (slot?.kind === 'free') return { kind: 'take', number: open + 1, seen: undefined, instead: null };
  if (slot?.kind === 'ended') return { kind: 'take', number: open + 1, seen: slot.text, instead: slot.ended };

  const [oldest] = within;
  if (whenFull === 'end-oldest' && oldest) return inPlaceOf(oldest, 'terminated');
  return { kind: 'refuse', conflicts: held.map(({ slot: { session } }) => session) };
}

function inPlaceOf(
  { number, slot: { text, session } }: ReturnType<typeof heldSlots>[number],
  reason: 'terminated' | 'superseded',
): Admission {
  const instead = { sessionId: session.sessionId, reason };
  return { kind: 'take', number, seen: text, instead, ends: session };
}
