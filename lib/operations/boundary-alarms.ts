import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { SILENCE, SilenceAlarm } from './silence-alarm.ts';
import { StageAlarm } from './stage-alarm.ts';
import { nameIn, type Stage } from '../stage.ts';
import type { UsherFunction } from '../usher-function.ts';

export interface BoundaryAlarmsProps {
  readonly stage: Stage;
  /** What is started every minute. */
  readonly run: UsherFunction;
}

/** Tells that entitlements start and end unannounced: nobody looks for them, or not fast enough. */
export class BoundaryAlarms extends Construct {
  constructor(scope: Construct, id: string, { stage, run }: BoundaryAlarmsProps) {
    super(scope, id);
    new SilenceAlarm(this, 'NotLookedFor', {
      stage,
      name: 'boundaries-not-looked-for',
      says: 'Nobody has looked for entitlements that start or end by time for five minutes.',
      run,
    });
    const late = new MetricFilter(this, 'Late', {
      logGroup: run.logGroup,
      metricNamespace: 'usher',
      metricName: nameIn(stage, 'boundaries-late-seconds'),
      filterPattern: FilterPattern.all(
        FilterPattern.stringValue('$.message', '=', 'looked for boundaries'),
        FilterPattern.numberValue('$.lateSeconds', '>', 0),
      ),
      metricValue: '$.lateSeconds',
    });
    new StageAlarm(this, 'LateAlarm', {
      stage,
      name: 'boundaries-late',
      says: 'Entitlements that start or end by time are announced late: more than one run can do.',
      metric: late.metric({ period: SILENCE, statistic: 'Maximum' }),
      threshold: SILENCE.toSeconds(),
    });
  }
}
