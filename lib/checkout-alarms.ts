import { Duration } from 'aws-cdk-lib';
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { RINGS_AT_ONCE } from './alarm-defaults.ts';
import type { CheckoutQueue } from './checkout-queue.ts';
import type { UsherFunction } from './usher-function.ts';
import { nameIn, type Stage } from './stage.ts';

export interface CheckoutAlarmsProps {
  readonly stage: Stage;
  readonly checkout: CheckoutQueue;
  /** What the queue delivers to. */
  readonly consumer: UsherFunction;
}

/** A message is renewed at this receive, about two minutes into an outage (shared/lambda/queue.ts). */
const RENEWED_AT = 4;

/** A message that waits comes back every 17 minutes: any longer period sees an outage without a gap. */
const WAITING_PERIOD = Duration.minutes(20);

/** Tells that purchases do not take effect: they lie in the dead letters, wait for an outage, or are not fetched. */
export class CheckoutAlarms extends Construct {
  constructor(scope: Construct, id: string, { stage, checkout, consumer }: CheckoutAlarmsProps) {
    super(scope, id);
    checkout.deadLetters
      .metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1), statistic: 'Maximum' })
      .createAlarm(this, 'DeadLetters', {
        ...RINGS_AT_ONCE,
        alarmName: nameIn(stage, 'checkout-dead-letters'),
        alarmDescription: 'A checkout event could not be applied. The message carries the reason.',
        threshold: 1,
      });
    checkout.queue
      .metricApproximateAgeOfOldestMessage({ period: Duration.minutes(1), statistic: 'Maximum' })
      .createAlarm(this, 'OldestMessage', {
        ...RINGS_AT_ONCE,
        alarmName: nameIn(stage, 'checkout-oldest-message'),
        alarmDescription: 'A checkout event has not been fetched for five minutes.',
        // SQS leaves out of this metric what was received three times: it does not see what waits for an outage.
        threshold: Duration.minutes(5).toSeconds(),
      });
    new MetricFilter(this, 'Waiting', {
      logGroup: consumer.logGroup,
      metricNamespace: 'usher',
      metricName: nameIn(stage, 'checkout-waiting'),
      filterPattern: FilterPattern.all(
        FilterPattern.stringValue('$.message', '=', 'waits'),
        FilterPattern.numberValue('$.receives', '>=', RENEWED_AT),
      ),
      metricValue: '1',
    })
      .metric({ period: WAITING_PERIOD, statistic: 'Sum' })
      .createAlarm(this, 'WaitingAlarm', {
        ...RINGS_AT_ONCE,
        alarmName: nameIn(stage, 'checkout-waiting'),
        alarmDescription: 'Checkout events wait: Momento, the table or SSM is out of reach, or refuses us.',
        threshold: 1,
      });
    consumer.metricErrors({ period: Duration.minutes(5), statistic: 'Sum' }).createAlarm(this, 'Crashes', {
      ...RINGS_AT_ONCE,
      alarmName: nameIn(stage, 'checkout-crashes'),
      alarmDescription: 'The function that applies checkout events has crashed or timed out.',
      threshold: 1,
    });
  }
}
