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
  const [beaten, tooOften] = await Promise.all([
    beatWhateverAnswers(world, grant),
    countIfPossible(world, grant.accountId, grant.session.deviceId),
  ]);
  if (!beaten.alive) {
    if (beaten.overAdmitted) world.warn('over-admitted', undefined);
    throw sessionOver(beaten.reason);
  }
  if (tooOften && isEarly(world, grant)) throw tooOften;
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

/**
 * Counts a heartbeat of a device in the interval that it falls into.
 * @throws TooOften when the device beats far more often than it is told, until the interval ends; Unavailable
 */
export async function countHeartbeat(
  { tracker, now, heartbeatSeconds, trackerIntervalSeconds }: CountWorld,
  accountId: string,
  deviceId: string,
): Promise<void> {
  const nowMs = now();
  const interval = intervalAt(nowMs, trackerIntervalSeconds * 1000);
  const count = await tracker.count(accountId, interval, deviceId);
  if (count > mostHeartbeats(interval, heartbeatSeconds)) {
    const retryAfterSeconds = Math.ceil((interval.marker + interval.lengthMs - nowMs) / 1000);
    throw new TooOften('the device beats far too often', { retryAfterSeconds });
  }
}

/** Gives the complaint of {@link countHeartbeat} back; a session's lease does not depend on the tracker. */
async function countIfPossible(
  world: HeartbeatWorld,
  accountId: string,
  deviceId: string,
): Promise<TooOften | undefined> {
  try {
    await countHeartbeat(world, accountId, deviceId);
    return undefined;
  } catch (error) {
    if (error instanceof TooOften) {
      const { retryAfterSeconds } = error;
      return new TooOften(error.message, {
        retryAfterSeconds: Math.min(retryAfterSeconds, world.heartbeatSeconds),
      });
    }
    if (!(error instanceof Unavailable)) throw error;
    if (!(error instanceof NotAsked)) world.warn('heartbeat not counted', error); // not a line for every heartbeat
    return undefined;
  }
}

/** A session that beats as it is told is not turned away for what another on its device does. */
function isEarly(
  { now, leaseSeconds, heartbeatSeconds }: HeartbeatWorld,
  { expiresAtMs }: SessionGrant,
): boolean {
  const tokenAgeMs = now() - (expiresAtMs - leaseSeconds * 1000);
  return tokenAgeMs < (heartbeatSeconds * 1000) / 2;
}

export function sessionOver(reason: EndReason): Refused {
  return new Refused(410, 'session-over', undefined, { reason });
}
