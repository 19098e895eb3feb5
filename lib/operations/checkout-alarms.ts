import { Duration } from 'aws-cdk-lib';
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { CheckoutQueue } from '../checkout-queue.ts';
import { StageAlarm } from './stage-alarm.ts';
import { nameIn, type Stage } from '../stage.ts';
import type { UsherFunction } from '../usher-function.ts';

export interface CheckoutAlarmsProps {
  readonly stage: Stage;
  readonly checkout: CheckoutQueue;
  /** What the queue delivers to. */
  readonly consumer: UsherFunction;
}

/** A message is renewed at this receive, about two minutes into an outage (shared/lambda/queue.ts). */
const RENEWED_AT = 4;

/** A message that waits is at its last try every seven minutes: any longer period sees an outage without a gap. */
const WAITING_PERIOD = Duration.minutes(8);

/** Tells that purchases do not take effect: they lie in the dead letters, wait for an outage, or are not fetched. */
export class CheckoutAlarms extends Construct {
  constructor(scope: Construct, id: string, { stage, checkout, consumer }: CheckoutAlarmsProps) {
    super(scope, id);
    const now = { period: Duration.minutes(1), statistic: 'Maximum' };
    new StageAlarm(this, 'DeadLetters', {
      stage,
      name: 'checkout-dead-letters',
      says: 'A checkout event could not be applied. The message carries the reason.',
      metric: checkout.deadLetters.metricApproximateNumberOfMessagesVisible(now),
      threshold: 1,
    });
    new StageAlarm(this, 'OldestMessage', {
      stage,
      name: 'checkout-oldest-message',
      says: 'A checkout event has not been fetched for five minutes.',
      metric: checkout.queue.metricApproximateAgeOfOldestMessage(now),
      // SQS leaves out of this metric what was received three times: it does not see what waits for an outage.
      threshold: Duration.minutes(5).toSeconds(),
    });
    const waiting = new MetricFilter(this, 'Waiting', {
      logGroup: consumer.logGroup,
      metricNamespace: 'usher',
      metricName: nameIn(stage, 'checkout-waiting'),
      filterPattern: FilterPattern.all(
        FilterPattern.stringValue('$.message', '=', 'waits'),
        FilterPattern.numberValue('$.receives', '>=', RENEWED_AT),
      ),
      metricValue: '1',
    });
    new StageAlarm(this, 'WaitingAlarm', {
      stage,
      name: 'checkout-waiting',
      says: 'Checkout events wait: Momento, the table or SSM is out of reach, or refuses us.',
      metric: waiting.metric({ period: WAITING_PERIOD, statistic: 'Sum' }),
      threshold: 1,
    });
    new StageAlarm(this, 'Crashes', {
      stage,
      name: 'checkout-crashes',
      says: 'The function that applies checkout events has crashed or timed out.',
      metric: consumer.metricErrors({ period: Duration.minutes(5), statistic: 'Sum' }),
      threshold: 1,
    });
  }
}
