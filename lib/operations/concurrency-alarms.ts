import { Duration } from 'aws-cdk-lib';
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { ConcurrencyFunctions } from '../concurrency-functions.ts';
import { countedMetric } from './counted-metric.ts';
import { SilenceAlarm } from './silence-alarm.ts';
import { StageAlarm } from './stage-alarm.ts';
import { nameIn, type Stage } from '../stage.ts';

export interface ConcurrencyAlarmsProps {
  readonly stage: Stage;
  readonly functions: Pick<ConcurrencyFunctions, 'renewSession' | 'followHeartbeatTopic'>;
}

/** Tells that the limit of streams is not exact, since Momento does not answer, and that heartbeats are turned away. */
export class ConcurrencyAlarms extends Construct {
  constructor(scope: Construct, id: string, { stage, functions }: ConcurrencyAlarmsProps) {
    super(scope, id);
    const { renewSession, followHeartbeatTopic } = functions;
    const sum = { period: Duration.minutes(5), statistic: 'Sum' };

    new StageAlarm(this, 'DegradedAdmissions', {
      stage,
      name: 'degraded-admissions',
      says: 'Momento is out of reach: sessions start without a slot, up to twice the limit.',
      metric: countedMetric(stage, 'DegradedAdmissions'),
      threshold: 1,
    });

    if (renewSession) {
      new StageAlarm(this, 'UrlThrottles', {
        stage,
        name: 'heartbeat-url-throttles',
        says: 'The heartbeat URL turns players away: raise heartbeatConcurrency or heartbeatSeconds.',
        metric: renewSession.metricThrottles(sum),
        threshold: 1,
      });
      new StageAlarm(this, 'UrlErrors', {
        stage,
        name: 'heartbeat-url-errors',
        says: 'The function behind the heartbeat URL has crashed or timed out.',
        metric: renewSession.metricErrors(sum),
        threshold: 5,
      });
    }

    if (followHeartbeatTopic) {
      new SilenceAlarm(this, 'TopicNotFollowed', {
        stage,
        name: 'heartbeat-topic-not-followed',
        says: 'Nobody has counted the heartbeats of the topic for five minutes.',
        run: followHeartbeatTopic,
      });
      new MetricFilter(this, 'MalformedHeartbeats', {
        logGroup: followHeartbeatTopic.logGroup,
        metricNamespace: 'usher',
        metricName: nameIn(stage, 'malformed-heartbeats'),
        filterPattern: FilterPattern.stringValue('$.message', '=', 'followed heartbeats'),
        metricValue: '$.malformedTotal',
      });
    }
  }
}
