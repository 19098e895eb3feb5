import { numberSetting } from '../env.ts';
import { stageDegradedSessions } from './degraded-sessions.ts';
import type { HeartbeatWorld } from './session-heartbeat.ts';
import { stageSessionTokens } from './session-tokens.ts';
import { sessionWorld } from './session-world.ts';

/** What renews sessions, as the stage's settings name it. */
export function heartbeatWorld(): HeartbeatWorld {
  return {
    ...sessionWorld(),
    degraded: stageDegradedSessions(),
    tokens: stageSessionTokens(),
    heartbeatSeconds: numberSetting('HEARTBEAT_SECONDS'),
    trackerIntervalSeconds: numberSetting('TRACKER_INTERVAL_SECONDS'),
  };
}
