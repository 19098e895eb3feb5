import { followHeartbeats } from '../shared/concurrency/follow-heartbeats.ts';
import { numberSetting, setting } from '../shared/env.ts';
import { logger, noteMissing } from '../shared/lambda/log.ts';
import { publishTally } from '../shared/lambda/metrics.ts';
import { momentoSecrets } from '../shared/lambda/momento-secrets.ts';
import { momentoCache } from '../shared/momento/cache-client.ts';
import { momentoHeartbeatTopic } from '../shared/momento/heartbeat-topic.ts';
import { momentoHeartbeatTracker } from '../shared/momento/heartbeat-tracker.ts';

interface World extends Pick<Parameters<typeof followHeartbeats>[0], 'topic' | 'tracker' | 'now' | 'warn'> {
  readonly intervalSeconds: number;
}

/**
 * Started every minute and runs for a little longer, so that the next one listens before this one stops. With its last
 * flush it ends within the function's 80 s.
 */
const RUN_MS = 65_000;

/** The topic `heartbeat` → tracker. One line tells of the whole run: there is none per heartbeat. */
export function followHeartbeatTopic({ intervalSeconds, ...world }: World) {
  return async (): Promise<void> => {
    const untilMs = world.now() + RUN_MS;
    const followed = await followHeartbeats(world, { intervalMs: intervalSeconds * 1000, untilMs });
    // The malformed ones are counted by this line, whatever the log level.
    logger[followed.malformedTotal > 0 ? 'warn' : 'info']('followed heartbeats', { ...followed });
    await publishTally();
  };
}

const secrets = momentoSecrets('MOMENTO_DATA_KEY_PARAMETER');
const cacheName = setting('MOMENTO_CACHE_NAME');

export const handler = followHeartbeatTopic({
  topic: momentoHeartbeatTopic(secrets, cacheName),
  tracker: momentoHeartbeatTracker(momentoCache(secrets), cacheName),
  intervalSeconds: numberSetting('TRACKER_INTERVAL_SECONDS'),
  now: Date.now,
  warn: noteMissing,
});
