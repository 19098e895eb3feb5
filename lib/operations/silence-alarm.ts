import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { StageAlarm, type StageAlarmProps } from './stage-alarm.ts';
import type { UsherFunction } from '../usher-function.ts';

export interface SilenceAlarmProps extends Pick<StageAlarmProps, 'stage' | 'name' | 'says'> {
  /** What is started every minute. */
  readonly run: UsherFunction;
}

/** One run that fails or is left out harms nobody; none in so long does. */
export const SILENCE = Duration.minutes(5);

/** Rings when no run has succeeded for five minutes. */
export class SilenceAlarm extends StageAlarm {
  constructor(scope: Construct, id: string, { run, ...props }: SilenceAlarmProps) {
    const sum = { period: SILENCE, statistic: 'Sum' };
    super(scope, id, {
      ...props,
      metric: new MathExpression({
        label: 'runs that succeeded',
        expression: 'started - failed',
        usingMetrics: { started: run.metricInvocations(sum), failed: run.metricErrors(sum) },
        period: SILENCE,
      }),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 1,
      // Without a run there is no metric: here silence is what rings.
      treatMissingData: TreatMissingData.BREACHING,
    });
  }
}
