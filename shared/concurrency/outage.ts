import type { WhenFull } from '../domain/admission.ts';
import type { Snapshot } from '../domain/entitlements.ts';
import { fromMs } from '../domain/instants.ts';
import { isSamePlayer, type Session } from '../domain/sessions.ts';
import { Contended, Outage, Unavailable } from '../errors.ts';
import type { DegradedEntry, DegradedSessions, SessionGrant } from '../ports.ts';
import { beat, type Beaten } from './beat.ts';
import { grantOf } from './grant.ts';
import { contentOf, limitOf, mayWatch } from './look.ts';
import { startSession, type Started, type StartRequest } from './start-session.ts';
import type { SessionWorld } from './world.ts';

/*
 * What happens while Momento does not answer. Whoever plays goes on playing; whoever starts is admitted by the table,
 * which allows the account as many again as its limit, and knows which of them still count. So over-admission is
 * bounded by twice the limit. Throttling is no outage: it ends as a 503.
 */

/** An entry of the table, and any session's stay without Momento, lasts no longer. */
const DEGRADED_MS = 10 * 60_000;

const MOST_ROUNDS = 12;

interface StartWorld extends SessionWorld {
  readonly whenFull: WhenFull;
  readonly degraded: DegradedSessions;
}

interface BeatWorld extends SessionWorld {
  readonly degraded: Pick<DegradedSessions, 'read'>;
}

/**
 * {@link startSession}, by the table when Momento does not answer: then the newest is refused when it is full.
 * @throws Outage when it is asked to end a session that only Momento knows; Contended, Unavailable, Throttled
 */
export async function startWhateverAnswers(
  world: StartWorld,
  accountId: string,
  request: StartRequest,
): Promise<Started> {
  try {
    return await startSession(world, accountId, request);
  } catch (error) {
    if (!(error instanceof Outage)) throw error;
    return startDegraded(world, accountId, request, error);
  }
}

/**
 * {@link beat}, by the token alone when Momento does not answer. Whom the table has admitted it asks the table first:
 * another start, or its viewer, may have ended it there.
 * @throws Contended, Unavailable, Throttled
 */
export async function beatWhateverAnswers(world: BeatWorld, grant: SessionGrant): Promise<Beaten> {
  const fate = await fateInTable(world, grant);
  if (fate) return { alive: false, reason: fate };
  try {
    return await beat(world, grant);
  } catch (error) {
    if (!(error instanceof Outage)) throw error;
    return beatDegraded(world, grant);
  }
}

async function startDegraded(
  world: StartWorld,
  accountId: string,
  { terminate, ...request }: StartRequest,
  outage: Outage,
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

    const living = entries.filter(({ untilMs }) => untilMs > nowMs);
    const others = living.filter(
      (one) => !isSamePlayer(one.session, session) && one.session.sessionId !== terminate,
    );
    const chosen = living.some((one) => one.session.sessionId === terminate);
    if (terminate !== undefined && !chosen) throw outage;
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
  if (nowMs >= Math.min(grant.expiresAtMs, untilMs)) return { alive: false, reason: 'expired' };
  const expiresAtMs = Math.min(nowMs + leaseSeconds * 1000, untilMs);
  return { alive: true, grant: { ...grant, expiresAtMs, degradedUntilMs: untilMs } };
}

/** Why a session that the table has admitted counts no more; `undefined` for any other, and when it does. */
async function fateInTable(
  { degraded, catalog, warn }: BeatWorld,
  { accountId, session, slot, degradedUntilMs }: SessionGrant,
): Promise<'superseded' | 'terminated' | undefined> {
  const counted = contentOf(catalog, session.contentId)?.counted !== false;
  if (slot !== null || degradedUntilMs === null || !counted) return undefined;
  try {
    const { entries } = await degraded.read(accountId);
    if (entries.some((entry) => entry.session.sessionId === session.sessionId)) return undefined;
    return entries.some((entry) => isSamePlayer(entry.session, session)) ? 'superseded' : 'terminated';
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    warn('sessions admitted in the outage not read', error);
    return undefined;
  }
}
