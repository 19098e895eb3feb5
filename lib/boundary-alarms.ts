import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { RINGS_AT_ONCE } from './alarm-defaults.ts';
import { nameIn, type Stage } from './stage.ts';
import type { UsherFunction } from './usher-function.ts';

export interface BoundaryAlarmsProps {
  readonly stage: Stage;
  /** What is started every minute. */
  readonly run: UsherFunction;
}

/** One run that fails or is left out makes nothing late; none in so long does. */
const SILENCE = Duration.minutes(5);

/** Tells that entitlements start and end unannounced: nobody looks for them, or not fast enough. */
export class BoundaryAlarms extends Construct {
  constructor(scope: Construct, id: string, { stage, run }: BoundaryAlarmsProps) {
    super(scope, id);
    const sum = { period: SILENCE, statistic: 'Sum' };
    new MathExpression({
      expression: 'started - failed',
      usingMetrics: { started: run.metricInvocations(sum), failed: run.metricErrors(sum) },
      period: SILENCE,
    }).createAlarm(this, 'NotLookedFor', {
      ...RINGS_AT_ONCE,
      alarmName: nameIn(stage, 'boundaries-not-looked-for'),
      alarmDescription: 'Nobody has looked for entitlements that start or end by time for five minutes.',
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 1,
      // Without a run there is no metric: here silence is what rings.
      treatMissingData: TreatMissingData.BREACHING,
    });
    new MetricFilter(this, 'Late', {
      logGroup: run.logGroup,
      metricNamespace: 'usher',
      metricName: nameIn(stage, 'boundaries-late-seconds'),
      filterPattern: FilterPattern.all(
        FilterPattern.stringValue('$.message', '=', 'looked for boundaries'),
        FilterPattern.numberValue('$.lateSeconds', '>', 0),
      ),
      metricValue: '$.lateSeconds',
    })
      .metric({ period: SILENCE, statistic: 'Maximum' })
      .createAlarm(this, 'LateAlarm', {
        ...RINGS_AT_ONCE,
        alarmName: nameIn(stage, 'boundaries-late'),
        alarmDescription:
          'Entitlements that start or end by time are announced late: more than one run can do.',
        threshold: SILENCE.toSeconds(),
      });
  }
}
