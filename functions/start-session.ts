import { startWhateverAnswers } from '../shared/concurrency/outage.ts';
import { WHEN_FULL } from '../shared/domain/admission.ts';
import type { Session } from '../shared/domain/sessions.ts';
import { choiceSetting, numberSetting, optionalSetting, setting } from '../shared/env.ts';
import { stageDegradedSessions } from '../shared/lambda/degraded-sessions.ts';
import { jsonOf, type HttpReply } from '../shared/lambda/http-messages.ts';
import { viewer, type ViewerRequest } from '../shared/lambda/http.ts';
import { logger } from '../shared/lambda/log.ts';
import { tally } from '../shared/lambda/metrics.ts';
import { Refused } from '../shared/lambda/problems.ts';
import { leaseOf } from '../shared/lambda/session-heartbeat.ts';
import { stageSessionTokens } from '../shared/lambda/session-tokens.ts';
import { sessionWorld } from '../shared/lambda/session-world.ts';
import type { SessionTokens } from '../shared/ports.ts';
import { parseStart } from '../shared/session-requests.ts';

type World = Parameters<typeof startWhateverAnswers>[0] & {
  readonly tokens: SessionTokens;
  readonly heartbeatSeconds: number;
  /** Where a player may renew its session without the API, when the stage has such an address. */
  readonly heartbeatUrl: string | undefined;
  /** The header that names the viewer's country, in lower case. */
  readonly regionHeader: string;
};

/** POST /sessions: admits a playback, or says what stands in its way. */
export function startSession({ heartbeatUrl, regionHeader, ...world }: World) {
  return async (request: ViewerRequest): Promise<HttpReply> => {
    const { accountId, headers } = request;
    const wanted = { ...parseStart(jsonOf(request)), region: regionIn(headers[regionHeader]) };
    await world.tokens.ready(); // before anybody loses a slot to a session that gets no token
    const started = await startWhateverAnswers(world, accountId, wanted);
    if (!started.admitted) {
      if (started.reason === 'not-entitled') {
        tally('RefusalsNotEntitled');
        throw new Refused(403, 'not-entitled', undefined, { reason: started.refusal });
      }
      tally('RefusalsTooManyStreams');
      throw new Refused(409, 'too-many-streams', undefined, { conflicts: started.conflicts.map(conflictOf) });
    }
    const { grant } = started;
    tally('Admissions');
    if (grant.degradedUntilMs !== null) {
      tally('DegradedAdmissions');
      logger.warn('degraded admission', { accountId });
    }
    return {
      status: 201,
      body: {
        sessionId: grant.session.sessionId,
        ...(await leaseOf(world, grant)),
        ...(heartbeatUrl !== undefined && { heartbeatUrl }),
      },
    };
  };
}

/** ISO 3166-1 alpha-2, as CloudFront names countries. */
function regionIn(header: string | undefined): string | null {
  return header !== undefined && /^[A-Z]{2}$/.test(header) ? header : null;
}

function conflictOf({ sessionId, deviceId, contentId, startedAt }: Session) {
  return { sessionId, deviceId, contentId, startedAt };
}

export const handler = viewer(
  startSession({
    ...sessionWorld(),
    degraded: stageDegradedSessions(),
    tokens: stageSessionTokens(),
    whenFull: choiceSetting('WHEN_FULL', WHEN_FULL),
    heartbeatSeconds: numberSetting('HEARTBEAT_SECONDS'),
    heartbeatUrl: optionalSetting('HEARTBEAT_URL'),
    regionHeader: setting('REGION_HEADER').toLowerCase(),
  }),
);
