import type { Snapshot } from '../domain/entitlements.ts';
import { toMs } from '../domain/instants.ts';
import {
  slotOf,
  standingIn,
  textOfSession,
  type EndReason,
  type Slot,
  type Standing,
} from '../domain/sessions.ts';
import { compareSnapshots } from '../domain/snapshots.ts';
import { Contended } from '../errors.ts';
import { all } from '../wait-for-all.ts';
import { bury, tell } from './bury.ts';
import { limitOf, mayWatch } from './look.ts';
import type { SessionWorld } from './world.ts';

type World = Pick<SessionWorld, 'slots' | 'topic' | 'catalog' | 'now' | 'newId' | 'warn'>;

const MOST_ROUNDS = 12;

/**
 * Ends what is too much now that the account's limit is lower or something was taken away: sessions that it may not
 * watch any more, then the newest beyond the limit (`revoked`). Survivors that stand above the limit leave their slot
 * and start again by themselves (`expired`). Goes on until a look at the slots finds nothing to do; then has those
 * who stay look again at their next heartbeat, since what they have left may end earlier than they know.
 *
 * The snapshot must be in the cache before: a session that starts meanwhile looks there after it has taken its slot,
 * and so one of the two sees the other. Repeated after a crash, it tells those again who were ended before it.
 * @throws Contended, Unavailable, Throttled
 */
export async function endExcess(
  world: World,
  accountId: string,
  committed: Snapshot,
  erasedAtMs?: number,
): Promise<void> {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const read = await world.slots.read(accountId);
    const slots = read.slots.map(slotOf);
    if (round === 0) await tellAgain(world, accountId, slots);
    const { snapshot: cached = committed } = read;
    const newest = compareSnapshots(cached, committed) > 0 ? cached : committed;
    const standing = standingIn(slots);
    const excess = excessOf(world, newest, standing, erasedAtMs);
    if (excess.length === 0) return haveLookAgain(world, accountId, standing);
    await all(excess.map(({ who, reason }) => bury(world, accountId, who, reason)));
  }
  throw new Contended('the slots of the account are being changed by many at once');
}

/** Under another nonce a session does not find itself where its token says, and looks where it is. */
async function haveLookAgain(
  { slots, newId }: World,
  accountId: string,
  standing: readonly Standing[],
): Promise<void> {
  await all(
    standing.map(({ number, text, session }) =>
      // Who has taken the place meanwhile has looked since.
      slots.replace(accountId, number, text, textOfSession({ ...session, nonce: newId() })),
    ),
  );
}

/** Those whom a run before this one has ended, and may have died before it told them. */
async function tellAgain(world: World, accountId: string, slots: readonly Slot[]): Promise<void> {
  const revoked = slots
    .filter((slot) => slot.kind === 'ended')
    .filter(({ ended }) => ended.reason === 'revoked');
  await Promise.all(
    revoked.map(({ ended: { sessionId }, deviceId }) =>
      tell(world, accountId, { sessionId, deviceId }, 'revoked'),
    ),
  );
}

interface Excess {
  readonly who: Standing;
  readonly reason: EndReason;
}

function excessOf(
  { catalog, now }: World,
  snapshot: Snapshot,
  standing: readonly Standing[],
  erasedAtMs = 0,
): readonly Excess[] {
  const nowMs = now();
  const limit = limitOf(snapshot, nowMs);
  const entitled = standing
    .filter(({ session }) => toMs(session.startedAt) > erasedAtMs)
    .filter(({ session }) => mayWatch(catalog, snapshot, session, nowMs).allowed);
  const kept = new Set(entitled.slice(0, limit)); // the oldest come first
  return standing.flatMap((one): readonly Excess[] => {
    if (!kept.has(one)) return [{ who: one, reason: 'revoked' }];
    return one.number > limit ? [{ who: one, reason: 'expired' }] : [];
  });
}
