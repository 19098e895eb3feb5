import { Duration } from 'aws-cdk-lib';
import { MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { RestApi } from '../rest-api.ts';
import { StageAlarm } from './stage-alarm.ts';
import type { Stage } from '../stage.ts';
import type { UsherFunction } from '../usher-function.ts';

export interface ApiAlarmsProps {
  readonly stage: Stage;
  readonly api: RestApi;
  /** Those that are called most: when the account runs as many functions as it may, they are turned away first. */
  readonly functions: readonly UsherFunction[];
}

/** CloudWatch lets an alarm look at ten metrics. */
const MOST_METRICS = 10;

/** Fewer requests than this have no 99th percentile worth waking anybody: it is one of them, a cold start perhaps. */
const TELLING_REQUESTS = 100;

/** Tells that viewers wait, or are turned away for a fault of ours. */
export class ApiAlarms extends Construct {
  constructor(scope: Construct, id: string, { stage, api, functions }: ApiAlarmsProps) {
    super(scope, id);
    if (functions.length > MOST_METRICS)
      throw new Error(`An alarm looks at ${MOST_METRICS} metrics at most.`);
    const period = Duration.minutes(1);
    const requests = api.metrics.metricCount({ period, statistic: 'Sum' });

    new StageAlarm(this, 'Errors', {
      stage,
      name: 'api-errors',
      says: 'More than one in a hundred requests fails with a 5xx.',
      metric: new MathExpression({
        label: '5xx in a hundred requests',
        // Of few requests one failed is many in a hundred: it takes five.
        expression: 'IF(failed >= 5, 100 * failed / requests, 0)',
        usingMetrics: { failed: api.metrics.metricServerError({ period, statistic: 'Sum' }), requests },
        period,
      }),
      threshold: 1,
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
    });
    new StageAlarm(this, 'Latency', {
      stage,
      name: 'api-latency',
      says: `One in a hundred requests takes longer than ${stage.operations.latencyAlarmMs} ms.`,
      metric: new MathExpression({
        label: 'p99 in ms',
        expression: `IF(requests >= ${TELLING_REQUESTS}, slow, 0)`,
        usingMetrics: { slow: api.metrics.metricLatency({ period, statistic: 'p99' }), requests },
        period,
      }),
      threshold: stage.operations.latencyAlarmMs,
      evaluationPeriods: 5,
      datapointsToAlarm: 5,
    });
    new StageAlarm(this, 'Throttles', {
      stage,
      name: 'function-throttles',
      says: 'Lambda turns invocations away: the account runs as many functions at once as it may.',
      metric: new MathExpression({
        label: 'throttled invocations',
        expression: 'SUM(METRICS())',
        usingMetrics: Object.fromEntries(
          functions.map((one, index) => [`f${index}`, one.metricThrottles({ period, statistic: 'Sum' })]),
        ),
        period,
      }),
      threshold: 1,
    });
  }
}
