import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { Unavailable } from '../errors.ts';
import type { CheckoutMessage, CheckoutQueue, RecomputeRequest, RecomputeRequests } from '../ports.ts';
import { all } from '../wait-for-all.ts';
import { answered, CLIENT_OPTIONS } from './errors.ts';

/** The stage's checkout queue. */
export function sqsCheckoutQueue(
  queueUrl: string,
  sqs: Pick<SQSClient, 'send'> = new SQSClient(CLIENT_OPTIONS),
): CheckoutQueue {
  return {
    async send(message, { delaySeconds } = {}) {
      const command = new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: JSON.stringify(message),
        ...(delaySeconds !== undefined && { DelaySeconds: delaySeconds }),
      });
      await answered(sqs.send(command), 'SQS SendMessage');
    },
  };
}

/** SQS takes no more messages in one call. */
const BATCH = 10;

/** A hundred thousand in a minute take some ten seconds so, at 15 ms a call. */
const AT_ONCE = 16;

/** Of what SQS did not take for reasons of its own, the rest is tried so often. */
const MOST_TRIES = 3;

/** The same queue, for many accounts at once. */
export function sqsRecomputeRequests(
  queueUrl: string,
  sqs: Pick<SQSClient, 'send'> = new SQSClient(CLIENT_OPTIONS),
): RecomputeRequests {
  /** A batch that is answered may still have been taken in part. */
  async function sendBatch(requests: readonly RecomputeRequest[]): Promise<void> {
    let left = requests;
    for (let tries = 0; left.length > 0; tries++) {
      if (tries === MOST_TRIES) throw new Unavailable('SQS SendMessageBatch: not all were taken');
      const command = new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: left.map(toEntry) });
      const { Failed: failed = [] } = await answered(sqs.send(command), 'SQS SendMessageBatch');
      const [fault] = failed.filter(({ SenderFault }) => SenderFault);
      if (fault) throw new Error(`SQS SendMessageBatch: ${fault.Code}`);
      left = failed.flatMap(({ Id }) => left[Number(Id)] ?? []);
    }
  }

  return {
    async sendAll(requests) {
      const batches = Array.from({ length: Math.ceil(requests.length / BATCH) }, (_, index) =>
        requests.slice(index * BATCH, (index + 1) * BATCH),
      ).values();
      // Each takes the next batch from the same iterator as soon as its last one is sent.
      const senders = Array.from({ length: AT_ONCE }, async () => {
        for (const batch of batches) await sendBatch(batch);
      });
      await all(senders);
    },
  };
}

function toEntry({ accountId, delaySeconds }: RecomputeRequest, index: number) {
  const message: CheckoutMessage = { kind: 'recompute', accountId };
  return { Id: String(index), MessageBody: JSON.stringify(message), DelaySeconds: delaySeconds };
}
