import { Duration } from 'aws-cdk-lib';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { nameIn, type Stage } from './stage.ts';
import type { UsherFunction } from './usher-function.ts';

export interface CheckoutQueueProps {
  readonly stage: Stage;
  /** The timeout of the function that will consume the queue. */
  readonly consumerTimeout: Duration;
}

/**
 * Between a checkout and the entitlements that come of it. A message that is deterministically bad is forwarded to
 * the dead letters by the consumer, with its reason; one that only waits for an outage to end is renewed by it. So
 * what reaches the dead letters by redrive is a message that makes the function itself die, again and again.
 */
export class CheckoutQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { stage, consumerTimeout }: CheckoutQueueProps) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      queueName: nameIn(stage, 'checkout-dead-letters'),
      // SQS keeps nothing longer than 14 days. Nobody's purchase may end sooner than someone can look at it.
      retentionPeriod: Duration.days(14),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });
    this.queue = new Queue(this, 'Queue', {
      queueName: nameIn(stage, 'checkout'),
      // Lambda retries a throttled batch by itself before it gives it back; AWS advises six times the timeout.
      // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
      visibilityTimeout: Duration.seconds(consumerTimeout.toSeconds() * 6),
      retentionPeriod: Duration.days(14),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: 10 },
    });
  }

  /** Has `consumer` receive up to ten messages at once, without waiting for more, and report each failure by itself. */
  deliverTo(consumer: UsherFunction): void {
    consumer.mayConsume(this.queue);
    new EventSourceMapping(this, 'Delivery', {
      target: consumer,
      eventSourceArn: this.queue.queueArn,
      batchSize: 10,
      maxBatchingWindow: Duration.seconds(0),
      reportBatchItemFailures: true,
    });
  }
}
