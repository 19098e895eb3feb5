import {
  Alarm,
  ComparisonOperator,
  TreatMissingData,
  type AlarmProps,
  type IAlarmAction,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { nameIn, type Stage } from '../stage.ts';

/** Rings as soon as one period reaches the threshold. */
const RINGS_AT_ONCE = {
  evaluationPeriods: 1,
  comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
  // Where nothing happens nothing is reported: SQS falls silent about a queue that nobody has used for six hours, and
  // a metric about what nobody counts. That is calm, not alarm.
  treatMissingData: TreatMissingData.NOT_BREACHING,
};

type Defaults = keyof typeof RINGS_AT_ONCE;

export interface StageAlarmProps
  extends
    Pick<AlarmProps, 'metric' | 'threshold' | 'datapointsToAlarm'>,
    Partial<Pick<AlarmProps, Defaults>> {
  readonly stage: Stage;
  /** Also the heading of its section in docs/runbook.md. */
  readonly name: string;
  /** A sentence for whoever is woken. */
  readonly says: string;
}

/** An alarm of the stage, which says where the runbook speaks of it, and tells the stage's topic when there is one. */
export class StageAlarm extends Alarm {
  constructor(scope: Construct, id: string, { stage, name, says, ...props }: StageAlarmProps) {
    super(scope, id, {
      ...RINGS_AT_ONCE,
      ...props,
      alarmName: nameIn(stage, name),
      alarmDescription: `${says} docs/runbook.md#${name}`,
    });
    const { alarmTopicArn } = stage.operations;
    if (alarmTopicArn === undefined) return;
    const tell: IAlarmAction = { bind: () => ({ alarmActionArn: alarmTopicArn }) };
    this.addAlarmAction(tell);
    this.addOkAction(tell);
  }
}
