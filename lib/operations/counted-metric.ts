import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Counted } from '../../shared/lambda/metrics.ts';
import type { Stage } from '../stage.ts';

/** What the stage's functions count (shared/lambda/metrics.ts), summed over the period. */
export function countedMetric(
  { name }: Pick<Stage, 'name'>,
  counted: Counted,
  period: Duration = Duration.minutes(5),
): Metric {
  return new Metric({
    namespace: 'usher',
    metricName: counted,
    dimensionsMap: { service: 'usher', stage: name },
    statistic: 'Sum',
    period,
  });
}
