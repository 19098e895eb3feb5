import { DeleteMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { LocalStack } from '../../../local/stack.ts';
import { nextDeadLetter, sqsOf } from '../support.ts';

/** As `npm run redrive -- <stage> --only UnknownProduct` does it. Returns the reasons for which they had been put aside. */
export async function sendDeadLettersBack(stack: LocalStack, total: number): Promise<readonly string[]> {
  const { CheckoutQueueUrl, DeadLetterQueueUrl } = stack.outputs;
  const sqs = sqsOf(stack);
  const reasons: string[] = [];
  for (let n = 0; n < total; n += 1) {
    const { Body, ReceiptHandle, MessageAttributes } = await nextDeadLetter(stack);
    reasons.push(MessageAttributes?.['reason']?.StringValue ?? '');
    await sqs.send(new SendMessageCommand({ QueueUrl: CheckoutQueueUrl, MessageBody: Body }));
    await sqs.send(new DeleteMessageCommand({ QueueUrl: DeadLetterQueueUrl, ReceiptHandle }));
  }
  sqs.destroy();
  return reasons;
}
