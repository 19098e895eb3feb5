import { functionUrl } from '../shared/lambda/function-url.ts';
import { heartbeatWorld } from '../shared/lambda/heartbeat-world.ts';
import { jsonOf, type HttpReply, type HttpRequest } from '../shared/lambda/http-messages.ts';
import { answerSessionHeartbeat, type HeartbeatWorld } from '../shared/lambda/session-heartbeat.ts';
import { parseSessionHeartbeat } from '../shared/session-requests.ts';

/**
 * The cheaper door: a function URL that anyone may call, and at which nothing but a session token counts. Takes what
 * `POST /heartbeats` takes for a session, as text too, which is what `navigator.sendBeacon` sends without a preflight.
 */
export function renewSession(world: HeartbeatWorld) {
  return (request: HttpRequest): Promise<HttpReply> =>
    answerSessionHeartbeat(world, parseSessionHeartbeat(jsonOf(request)));
}

export const handler = functionUrl('POST', renewSession(heartbeatWorld()));
