import type { Session } from '../../shared/domain/sessions.ts';

/** A session of The Harbour on Ada's television, unless told otherwise; its nonce follows from its id. */
export function session(changes: Partial<Session> = {}): Session {
  const { sessionId = 'session-1' } = changes;
  return {
    sessionId,
    deviceId: 'tv',
    playerId: `player-of-${sessionId}`,
    contentId: 'harbour',
    deviceType: 'web',
    region: 'JP',
    startedAt: '2026-11-22T09:59:00.000Z',
    nonce: `nonce-of-${sessionId}`,
    instead: null,
    ...changes,
  };
}
