import { ChangeMessageVisibilityCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { CLIENT_OPTIONS } from '../aws/errors.ts';
import { Malformed, Unavailable, UnknownProduct } from '../errors.ts';
import { describe, logger } from './log.ts';
import { tally, tallyTrouble, publishTally } from './metrics.ts';

/** What became of one message. */
export type Outcome = { readonly done: true } | { readonly done: false; readonly error: unknown };

export const DONE: Outcome = { done: true };

export function failed(error: unknown): Outcome {
  return { done: false, error };
}

interface Queues {
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  readonly sqs?: Pick<SQSClient, 'send'>;
}

/** A fault that is ours is retried this often before the message is put aside. */
const MOST_UNEXPECTED = 5;

/**
 * A message that waits for an outage to end is sent anew at this receive, and so never meets the queue's
 * `maxReceiveCount` (10, for messages that crash the function itself) nor its retention (14 days), nor uses up the
 * tries that an unexpected fault has.
 */
const RENEWED_AT = 4;

/** So long after an outage a purchase may take to come through; SQS would delay it by 15 minutes at most. */
const LONGEST_WAIT_SECONDS = 300;

/**
 * A handler for an SQS batch. Each message fares by itself: what took effect is deleted; what is wrong in itself
 * goes to the dead-letter queue at once, with the reason; what only waits for something unreachable waits, longer
 * each time; what fails unexpectedly at its fifth receive is put aside with the reason.
 */
export function batch(
  { queueUrl, deadLetterQueueUrl, sqs = new SQSClient(CLIENT_OPTIONS) }: Queues,
  work: (records: readonly SQSRecord[]) => Promise<ReadonlyMap<SQSRecord, Outcome>>,
) {
  /** True when the message may be deleted. */
  async function settle(record: SQSRecord, outcome: Outcome): Promise<boolean> {
    const { messageId } = record;
    if (outcome.done) {
      logger.info('took effect', { messageId });
      return true;
    }
    const { error } = outcome;
    tallyTrouble(error);
    const receives = Number(record.attributes.ApproximateReceiveCount);
    if (error instanceof Unavailable) {
      logger.warn('waits', { messageId, receives, error: describe(error) });
      return wait(record, receives);
    }
    if (error instanceof Malformed || error instanceof UnknownProduct || receives >= MOST_UNEXPECTED) {
      logger.error('put aside', { messageId, receives, error: describe(error) });
      await putAside(record, error);
      tally('DeadLetters');
      return true;
    }
    logger.error('failed', { messageId, receives, error: describe(error) });
    return false;
  }

  async function putAside(record: SQSRecord, error: unknown): Promise<void> {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : typeof error;
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: deadLetterQueueUrl,
        MessageBody: record.body,
        MessageAttributes: {
          reason: { DataType: 'String', StringValue: printable(reason).slice(0, 1024) },
          messageId: { DataType: 'String', StringValue: record.messageId },
        },
      }),
    );
  }

  async function wait(record: SQSRecord, receives: number): Promise<boolean> {
    if (receives >= RENEWED_AT) {
      const renewed = { QueueUrl: queueUrl, MessageBody: record.body, DelaySeconds: LONGEST_WAIT_SECONDS };
      await sqs.send(new SendMessageCommand(renewed));
      return true;
    }
    await sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: queueUrl,
        ReceiptHandle: record.receiptHandle,
        VisibilityTimeout: 5 * 4 ** (receives - 1),
      }),
    );
    return false;
  }

  return async ({ Records: records }: SQSEvent): Promise<SQSBatchResponse> => {
    const outcomes = await work(records);
    const settled = records.map(async (record) => {
      const outcome = outcomes.get(record) ?? failed(new Error('the message was passed over'));
      try {
        return (await settle(record, outcome)) ? [] : [{ itemIdentifier: record.messageId }];
      } catch (error) {
        // The queue itself does not answer: the message comes back after its visibility timeout.
        logger.error('not settled', { messageId: record.messageId, error: describe(error) });
        return [{ itemIdentifier: record.messageId }];
      }
    });
    const batchItemFailures = (await Promise.all(settled)).flat();
    await publishTally();
    return { batchItemFailures };
  };
}

/** SQS refuses attributes with control characters. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}
