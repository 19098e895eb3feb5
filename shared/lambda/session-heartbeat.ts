import { endOwnSession } from '../concurrency/end-session.ts';
import { NotAsked } from '../concurrency/circuit-breaker.ts';
import { beatWhateverAnswers } from '../concurrency/outage.ts';
import type { SessionWorld } from '../concurrency/world.ts';
import { intervalAt, mostHeartbeats } from '../domain/heartbeat-intervals.ts';
import { fromMs } from '../domain/instants.ts';
import type { EndReason } from '../domain/sessions.ts';
import { TooOften, Unavailable } from '../errors.ts';
import type { DegradedSessions, HeartbeatTracker, SessionGrant, SessionTokens } from '../ports.ts';
import type { HttpReply } from './http-messages.ts';
import { tally } from './metrics.ts';
import { Refused } from './problems.ts';

export interface HeartbeatWorld extends SessionWorld {
  /** Sessions that were admitted in an outage. */
  readonly degraded: Pick<DegradedSessions, 'read'>;
  readonly tokens: SessionTokens;
  readonly tracker: HeartbeatTracker;
  readonly heartbeatSeconds: number;
  readonly trackerIntervalSeconds: number;
}

/**
 * A session's own heartbeat, or its end, by the newest session token. `accountId` is the viewer's, where one has
 * signed in: a token of anybody else's is none. Renewing the lease and counting the beat are two calls side by side.
 * @throws Refused 401 or 410; TooOften; Unavailable
 */
export async function answerSessionHeartbeat(
  world: HeartbeatWorld,
  { sessionToken, end }: { readonly sessionToken: string; readonly end: boolean },
  accountId?: string,
): Promise<HttpReply> {
  const grant = await world.tokens.verify(sessionToken);
  if (!grant || (accountId !== undefined && grant.accountId !== accountId)) {
    throw new Refused(401, 'invalid-session-token');
  }
  if (end) {
    const outcome = await endOwnSession(world, grant);
    if (!outcome.ended) throw sessionOver(outcome.reason);
    return { status: 204 };
  }
  const [beaten, counted] = await Promise.all([
    beatWhateverAnswers(world, grant),
    countIfPossible(world, grant.accountId, grant.session.deviceId),
  ]);
  if (!beaten.alive) {
    if (beaten.overAdmitted) {
      world.warn('over-admitted', undefined);
      tally('OverAdmissions');
    }
    throw sessionOver(beaten.reason);
  }
  if (counted && mustSlowDown(world, grant, counted)) {
    const { heartbeatSeconds } = world;
    throw tooOften(Math.min(counted.secondsLeft, heartbeatSeconds));
  }
  return { status: 200, body: await leaseOf(world, beaten.grant) };
}

/** What a player is told of its lease with every answer. `expiresAt` is the token's own end, in whole seconds. */
export async function leaseOf(
  { tokens, heartbeatSeconds }: Pick<HeartbeatWorld, 'tokens' | 'heartbeatSeconds'>,
  grant: SessionGrant,
) {
  return {
    expiresAt: fromMs(Math.floor(grant.expiresAtMs / 1000) * 1000),
    heartbeatSeconds,
    sessionToken: await tokens.sign(grant),
    ...(grant.degradedUntilMs !== null && { degraded: true }),
  };
}

type CountWorld = Pick<HeartbeatWorld, 'tracker' | 'now' | 'heartbeatSeconds' | 'trackerIntervalSeconds'>;

/** How often a device has beaten in this interval, and may; and for how long the interval lasts. */
interface Counted {
  readonly beats: number;
  readonly most: number;
  readonly secondsLeft: number;
}

/**
 * Counts a heartbeat of a device in the interval that it falls into.
 * @throws TooOften when the device beats far more often than it is told, until the interval ends; Unavailable
 */
export async function countDevice(world: CountWorld, accountId: string, deviceId: string): Promise<void> {
  const { beats, most, secondsLeft } = await count(world, accountId, deviceId);
  if (beats > most) throw tooOften(secondsLeft);
}

async function count(
  { tracker, now, heartbeatSeconds, trackerIntervalSeconds }: CountWorld,
  accountId: string,
  deviceId: string,
): Promise<Counted> {
  const nowMs = now();
  const interval = intervalAt(nowMs, trackerIntervalSeconds * 1000);
  return {
    beats: await tracker.count(accountId, interval, deviceId),
    most: mostHeartbeats(interval, heartbeatSeconds),
    secondsLeft: Math.ceil((interval.marker + interval.lengthMs - nowMs) / 1000),
  };
}

/** A session's lease does not depend on the tracker. */
async function countIfPossible(
  world: HeartbeatWorld,
  accountId: string,
  deviceId: string,
): Promise<Counted | undefined> {
  try {
    return await count(world, accountId, deviceId);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    if (!(error instanceof NotAsked)) world.warn('heartbeat not counted', error); // not a line for every heartbeat
    return undefined;
  }
}

/** Beyond this many times the most that a device may beat, nobody on it is served. */
const OUTRAGEOUS = 3;

/** A session that beats as it is told is turned away last for what another on its device does. */
function mustSlowDown(
  { now, leaseSeconds, heartbeatSeconds }: HeartbeatWorld,
  { expiresAtMs }: SessionGrant,
  { beats, most }: Counted,
): boolean {
  const tokenAgeMs = now() - (expiresAtMs - leaseSeconds * 1000);
  const early = tokenAgeMs < (heartbeatSeconds * 1000) / 2;
  return beats > most && (early || beats > OUTRAGEOUS * most);
}

function tooOften(retryAfterSeconds: number): TooOften {
  return new TooOften('the device beats far too often', { retryAfterSeconds });
}

export function sessionOver(reason: EndReason): Refused {
  return new Refused(410, 'session-over', undefined, { reason });
}
