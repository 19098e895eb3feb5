import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { CheckoutQueue } from './checkout-queue.ts';
import { nameIn, type Stage } from './stage.ts';

export interface CheckoutAlarmsProps {
  readonly stage: Stage;
  readonly checkout: CheckoutQueue;
}

/** Tells that purchases do not take effect: some lie in the dead letters, or the oldest has waited too long. */
export class CheckoutAlarms extends Construct {
  constructor(scope: Construct, id: string, { stage, checkout }: CheckoutAlarmsProps) {
    super(scope, id);
    const common = {
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      // SQS stops reporting a queue that nobody has used for six hours: that is calm, not alarm.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    };
    checkout.deadLetters
      .metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1), statistic: 'Maximum' })
      .createAlarm(this, 'DeadLetters', {
        ...common,
        alarmName: nameIn(stage, 'checkout-dead-letters'),
        alarmDescription: 'A checkout event could not be applied. The message carries the reason.',
        threshold: 1,
      });
    checkout.queue
      .metricApproximateAgeOfOldestMessage({ period: Duration.minutes(1), statistic: 'Maximum' })
      .createAlarm(this, 'OldestMessage', {
        ...common,
        alarmName: nameIn(stage, 'checkout-oldest-message'),
        alarmDescription:
          'A checkout event has waited for five minutes: Momento or the table may be out of reach.',
        // Longer than one visibility timeout (180 s), so that a single retry is no alarm.
        threshold: Duration.minutes(5).toSeconds(),
      });
  }
}
