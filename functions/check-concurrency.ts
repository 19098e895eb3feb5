import { limitOf, look } from '../shared/concurrency/look.ts';
import type { SessionWorld } from '../shared/concurrency/world.ts';
import { intervalAt, intervalBefore } from '../shared/domain/heartbeat-intervals.ts';
import { standingIn } from '../shared/domain/sessions.ts';
import { numberSetting } from '../shared/env.ts';
import { type HttpReply } from '../shared/lambda/http-messages.ts';
import { viewer, type ViewerRequest } from '../shared/lambda/http.ts';
import { sessionWorld } from '../shared/lambda/session-world.ts';
import type { HeartbeatTracker } from '../shared/ports.ts';

interface World extends Pick<SessionWorld, 'slots' | 'snapshotOf' | 'catalog' | 'now'> {
  readonly tracker: HeartbeatTracker;
  readonly trackerIntervalSeconds: number;
}

/** GET /concurrency: who watches now and how many may, and how many devices beat in the last full interval. */
export function checkConcurrency(world: World) {
  const { tracker, now, trackerIntervalSeconds } = world;
  return async ({ accountId }: ViewerRequest): Promise<HttpReply> => {
    const nowMs = now();
    const interval = intervalBefore(intervalAt(nowMs, trackerIntervalSeconds * 1000));
    const [{ snapshot, slots }, deviceCount] = await Promise.all([
      look(world, accountId),
      tracker.devices(accountId, interval),
    ]);
    const limit = limitOf(snapshot, nowMs);
    const sessions = standingIn(slots).map(
      ({ session: { sessionId, deviceId, playerId, contentId, startedAt } }) => ({
        sessionId,
        deviceId,
        playerId,
        contentId,
        startedAt,
      }),
    );
    return {
      status: 200,
      body: { limit, sessions, allowed: sessions.length < limit, deviceCount, interval: interval.marker },
    };
  };
}

export const handler = viewer(
  checkConcurrency({
    ...sessionWorld(),
    trackerIntervalSeconds: numberSetting('TRACKER_INTERVAL_SECONDS'),
  }),
);
