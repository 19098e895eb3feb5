import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { DeadLetters } from '../payments/payment-provider.ts';
import { answered, CLIENT_OPTIONS } from './errors.ts';
import { messageBody } from './message-body.ts';

/** The stage's dead-letter queue, for what never got as far as the checkout queue. */
export function sqsDeadLetters(
  queueUrl: string,
  sqs: Pick<SQSClient, 'send'> = new SQSClient(CLIENT_OPTIONS),
): DeadLetters {
  return {
    async put(message, reason) {
      const command = new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: messageBody(message),
        MessageAttributes: { reason: reasonAttribute(reason) },
      });
      await answered(sqs.send(command), 'SQS SendMessage');
    },
  };
}

/** SQS refuses attributes with control characters, and the console shows no more than this. */
function reasonAttribute(reason: string) {
  return { DataType: 'String', StringValue: reason.replace(/[^\x20-\x7e]/g, '?').slice(0, 1024) };
}
