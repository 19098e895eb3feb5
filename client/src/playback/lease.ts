import { toMs } from '../../../shared/domain/instants.ts';
import type { SessionHandle } from '../service/api.ts';
import type { RenewedLease, StartedSession } from '../service/session-answers.ts';

/** A session that the service holds for this tab, until a moment on the clock of this device. */
export interface Lease extends SessionHandle {
  readonly sessionId: string;
  readonly heartbeatSeconds: number;
  readonly endsAtMs: number;
}

/** The lease that a start gives; `sentAtMs` is when it was asked for. */
export function firstLease(session: StartedSession, sentAtMs: number): Lease {
  const { sessionId, heartbeatUrl } = session;
  return {
    sessionId,
    ...(heartbeatUrl !== undefined && { heartbeatUrl }),
    ...term(session, sentAtMs),
  };
}

/** The same session's lease after a heartbeat. */
export function nextLease(lease: Lease, renewed: RenewedLease, sentAtMs: number): Lease {
  return { ...lease, ...term(renewed, sentAtMs) };
}

/** A stage's lease is at least twice its heartbeat and this many seconds. */
const BEYOND_BEATS_SECONDS = 5;

/**
 * The lease as this device has to count it. Where its clock is so far ahead that a fresh lease looks too short, what
 * every stage grants counts from before the call; the service's own clock decides in any case.
 */
function term({ sessionToken, expiresAt, heartbeatSeconds }: RenewedLease, sentAtMs: number) {
  const least = sentAtMs + (2 * heartbeatSeconds + BEYOND_BEATS_SECONDS) * 1000;
  return { sessionToken, heartbeatSeconds, endsAtMs: Math.max(toMs(expiresAt), least) };
}
