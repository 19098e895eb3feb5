import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { CheckoutQueue } from '../ports.ts';
import { answered, CLIENT_OPTIONS } from './errors.ts';

/** The stage's checkout queue. */
export function sqsCheckoutQueue(
  queueUrl: string,
  sqs: Pick<SQSClient, 'send'> = new SQSClient(CLIENT_OPTIONS),
): CheckoutQueue {
  return {
    async send(message) {
      const command = new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(message) });
      await answered(sqs.send(command), 'SQS SendMessage');
    },
  };
}
