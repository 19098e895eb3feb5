import { endSessionById } from '../shared/concurrency/end-session.ts';
import { type HttpReply } from '../shared/lambda/http-messages.ts';
import { viewer, type ViewerRequest } from '../shared/lambda/http.ts';
import { sessionOver } from '../shared/lambda/session-heartbeat.ts';
import { momentoWorld } from '../shared/lambda/session-world.ts';

/** DELETE /sessions/{sessionId}: any device of the account ends any of its sessions. */
export function endSession(world: Parameters<typeof endSessionById>[0]) {
  return async ({ accountId, path }: ViewerRequest): Promise<HttpReply> => {
    const outcome = await endSessionById(world, accountId, path['sessionId'] ?? '');
    if (!outcome.ended) throw sessionOver(outcome.reason);
    return { status: 204 };
  };
}

export const handler = viewer(endSession(momentoWorld()));
