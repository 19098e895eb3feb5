import { jsonOf, type HttpReply } from '../shared/lambda/http-messages.ts';
import { viewer, type ViewerRequest } from '../shared/lambda/http.ts';
import { heartbeatWorld } from '../shared/lambda/heartbeat-world.ts';
import {
  answerSessionHeartbeat,
  countDevice,
  type HeartbeatWorld,
} from '../shared/lambda/session-heartbeat.ts';
import { parseHeartbeat } from '../shared/session-requests.ts';

/** POST /heartbeats: counts a device that plays something, or keeps the session alive whose token it brings. */
export function ingestHeartbeat(world: HeartbeatWorld) {
  return async (request: ViewerRequest): Promise<HttpReply> => {
    const { accountId } = request;
    const heartbeat = parseHeartbeat(jsonOf(request));
    if (heartbeat.kind === 'session') return answerSessionHeartbeat(world, heartbeat, accountId);
    await countDevice(world, accountId, heartbeat.deviceId);
    return { status: 202, body: { heartbeatSeconds: world.heartbeatSeconds } };
  };
}

export const handler = viewer(ingestHeartbeat(heartbeatWorld()));
