import type { WhenFull } from '../domain/admission.ts';
import type { Snapshot } from '../domain/entitlements.ts';
import { fromMs } from '../domain/instants.ts';
import { isSamePlayer, type Session } from '../domain/sessions.ts';
import { Contended, isOutage } from '../errors.ts';
import type { DegradedEntry, DegradedSessions, SessionGrant } from '../ports.ts';
import { beat, type Beaten } from './beat.ts';
import { grantOf } from './grant.ts';
import { contentOf, limitOf, mayWatch } from './look.ts';
import { startSession, type Started, type StartRequest } from './start-session.ts';
import type { SessionWorld } from './world.ts';

/*
 * What happens while Momento does not answer (invariant 8). Whoever plays goes on playing; whoever starts is admitted
 * by the table, which allows the account as many again as its limit. So over-admission is bounded by twice the limit,
 * and for ten minutes at a time. Throttling is no outage: it ends as a 503.
 */

/** An entry of the table, and any session's stay without Momento, lasts no longer. */
const DEGRADED_MS = 10 * 60_000;

const MOST_ROUNDS = 12;

interface StartWorld extends SessionWorld {
  readonly whenFull: WhenFull;
  readonly degraded: DegradedSessions;
}

/** {@link startSession}, by the table when Momento does not answer: then the newest is refused when it is full. */
export async function startWhateverAnswers(
  world: StartWorld,
  accountId: string,
  request: StartRequest,
): Promise<Started> {
  try {
    return await startSession(world, accountId, request);
  } catch (error) {
    if (!isOutage(error)) throw error;
    return startDegraded(world, accountId, request);
  }
}

/** {@link beat}, by the token alone when Momento does not answer. */
export async function beatWhateverAnswers(world: SessionWorld, grant: SessionGrant): Promise<Beaten> {
  try {
    return await beat(world, grant);
  } catch (error) {
    if (!isOutage(error)) throw error;
    return beatDegraded(world, grant);
  }
}

async function startDegraded(
  world: StartWorld,
  accountId: string,
  { terminate: _unreachable, ...request }: StartRequest,
): Promise<Started> {
  const { catalog, now, newId, degraded, snapshotOf } = world;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const [snapshot, { entries, revision }] = await Promise.all([
      snapshotOf(accountId),
      degraded.read(accountId),
    ]);
    const nowMs = now();
    const access = mayWatch(catalog, snapshot, request, nowMs);
    if (!access.allowed) return { admitted: false, reason: 'not-entitled', refusal: access.reason };
    const session: Session = {
      sessionId: newId(),
      ...request,
      startedAt: fromMs(nowMs),
      nonce: newId(),
      instead: null,
    };
    const entry = { session, untilMs: nowMs + DEGRADED_MS };
    const admitted = {
      admitted: true,
      grant: degradedGrant(world, accountId, snapshot, entry, nowMs),
    } as const;
    if (contentOf(catalog, request.contentId)?.counted === false) return admitted;

    const others = entries.filter((one) => one.untilMs > nowMs && !isSamePlayer(one.session, session));
    if (others.length >= limitOf(snapshot, nowMs)) {
      return { admitted: false, reason: 'too-many-streams', conflicts: others.map((one) => one.session) };
    }
    if (await degraded.write(accountId, [...others, entry], revision)) return admitted;
  }
  throw new Contended('too many start at once');
}

function degradedGrant(
  world: SessionWorld,
  accountId: string,
  snapshot: Snapshot,
  { session, untilMs }: DegradedEntry,
  sinceMs: number,
): SessionGrant {
  return {
    ...grantOf(world, accountId, { session, slot: null, snapshot, sinceMs }),
    degradedUntilMs: untilMs,
  };
}

/** Extends what is not expired, up to ten minutes after the session first met the outage. */
function beatDegraded({ now, leaseSeconds }: SessionWorld, grant: SessionGrant): Beaten {
  const nowMs = now();
  const untilMs = grant.degradedUntilMs ?? nowMs + DEGRADED_MS;
  const expiresAtMs = Math.min(nowMs + leaseSeconds * 1000, untilMs);
  if (nowMs >= Math.min(grant.expiresAtMs, untilMs)) return { alive: false, reason: 'expired' };
  return { alive: true, grant: { ...grant, expiresAtMs, degradedUntilMs: untilMs } };
}
