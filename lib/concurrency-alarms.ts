import { Duration } from 'aws-cdk-lib';
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { RINGS_AT_ONCE } from './alarm-defaults.ts';
import type { ConcurrencyFunctions } from './concurrency-functions.ts';
import { nameIn, type Stage } from './stage.ts';
import type { UsherFunction } from './usher-function.ts';

export interface ConcurrencyAlarmsProps {
  readonly stage: Stage;
  readonly functions: Pick<
    ConcurrencyFunctions,
    'startSession' | 'ingestHeartbeat' | 'renewSession' | 'followHeartbeatTopic'
  >;
}

const PERIOD = Duration.minutes(5);

/** Tells that the limit of streams is not exact, since Momento does not answer, and that heartbeats are turned away. */
export class ConcurrencyAlarms extends Construct {
  constructor(scope: Construct, id: string, { stage, functions }: ConcurrencyAlarmsProps) {
    super(scope, id);
    const { startSession, ingestHeartbeat, renewSession, followHeartbeatTopic } = functions;

    countLines(this, 'DegradedAdmissions', startSession, {
      message: 'degraded admission',
      metricName: nameIn(stage, 'degraded-admissions'),
    })
      .metric({ period: PERIOD, statistic: 'Sum' })
      .createAlarm(this, 'DegradedAdmissionsAlarm', {
        ...RINGS_AT_ONCE,
        alarmName: nameIn(stage, 'degraded-admissions'),
        alarmDescription: 'Momento is out of reach: sessions start without a slot, up to twice the limit.',
        threshold: 1,
      });

    // What the outage let in beyond the limit, known when it is over. Two doors, one metric.
    const overAdmitted = { message: 'over-admitted', metricName: nameIn(stage, 'over-admitted') };
    countLines(this, 'OverAdmitted', ingestHeartbeat, overAdmitted);

    if (renewSession) {
      countLines(this, 'OverAdmittedAtUrl', renewSession, overAdmitted);
      renewSession.metricThrottles({ period: PERIOD, statistic: 'Sum' }).createAlarm(this, 'UrlThrottles', {
        ...RINGS_AT_ONCE,
        alarmName: nameIn(stage, 'heartbeat-url-throttles'),
        alarmDescription:
          'The heartbeat URL turns players away: raise heartbeatConcurrency or heartbeatSeconds.',
        threshold: 1,
      });
    }

    if (followHeartbeatTopic) {
      countLines(this, 'MalformedHeartbeats', followHeartbeatTopic, {
        message: 'followed heartbeats',
        metricName: nameIn(stage, 'malformed-heartbeats'),
        metricValue: '$.malformedTotal',
      });
    }
  }
}

/** A metric of the log lines with this message: their number, or the sum of the field that `metricValue` names. */
function countLines(
  scope: Construct,
  id: string,
  { logGroup }: UsherFunction,
  {
    message,
    metricName,
    metricValue = '1',
  }: { readonly message: string; readonly metricName: string; readonly metricValue?: string },
): MetricFilter {
  return new MetricFilter(scope, id, {
    logGroup,
    metricNamespace: 'usher',
    metricName,
    filterPattern: FilterPattern.stringValue('$.message', '=', message),
    metricValue,
  });
}
