import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { afterEach, expect, test, vi } from 'vitest';
import { startSqs } from '../../local/sqs/server.ts';
import { Unavailable } from '../../shared/errors.ts';
import { batch, DONE, failed } from '../../shared/lambda/queue.ts';
import {
  buy,
  checkoutEvent,
  depthOf,
  listen,
  newViewer,
  snapshotOf,
  startStack,
  tokensOf,
} from './support.ts';

afterEach(() => void vi.useRealTimers());

test('while Momento is unreachable purchases are accepted and read, and the push comes when it is back', async () => {
  const stack = await startStack();
  const viewer = await newViewer(stack);
  const tokens = await tokensOf(stack, viewer);
  stack.momento.block();
  await buy(stack, checkoutEvent(viewer.accountId, { purchaseId: 'meanwhile' }));
  // The API answers from the table, which the purchase reached before the cache was tried.
  await expect.poll(async () => (await snapshotOf(stack, viewer)).access.grants).toContain('movies');
  await expect.poll(() => stack.logs.some(({ line }) => line.includes('"message":"waits"'))).toBe(true);
  expect(await depthOf(stack, stack.outputs['DeadLetterQueueUrl'])).toBe(0);

  stack.momento.unblock();
  const player = await listen(tokens);
  expect(await player.until(({ version }) => version === 1)).toMatchObject({
    data: { entitlementId: 'meanwhile' },
  });
  await expect.poll(() => depthOf(stack, stack.outputs['CheckoutQueueUrl'])).toBe(0);
  expect(await depthOf(stack, stack.outputs['DeadLetterQueueUrl'])).toBe(0);
  expect(stack.logs.filter(({ line }) => !isStructured(line))).toEqual([]);
  player.stop();
  await stack.stop();
});

test('an outage of sixty days sends nothing to the dead-letter queue and loses no message', async () => {
  const region = 'eu-west-1';
  const server = await startSqs({ region });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const sqs = new SQSClient({ region, endpoint: server.url, credentials });
  const fourteenDays = String(14 * 86_400);
  const dead = await sqs.send(
    new CreateQueueCommand({ QueueName: 'dead', Attributes: { MessageRetentionPeriod: fourteenDays } }),
  );
  const queue = await sqs.send(
    new CreateQueueCommand({
      QueueName: 'checkout',
      Attributes: {
        MessageRetentionPeriod: fourteenDays,
        VisibilityTimeout: '180',
        RedrivePolicy: JSON.stringify({
          deadLetterTargetArn: `arn:aws:sqs:${region}:000000000000:dead`,
          maxReceiveCount: 10, // as lib/checkout-queue.ts has it
        }),
      },
    }),
  );
  const [queueUrl, deadLetterQueueUrl] = [queue.QueueUrl!, dead.QueueUrl!];
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: 'bought' }));

  let reachable = false;
  const served: string[] = [];
  const handle = batch({ queueUrl, deadLetterQueueUrl, sqs }, async (records) => {
    if (!reachable) return new Map(records.map((record) => [record, failed(new Unavailable('down'))]));
    served.push(...records.map(({ body }) => body));
    return new Map(records.map((record) => [record, DONE]));
  });

  /** One turn of Lambda's poller: receive, invoke, delete what is not reported as failed. */
  async function poll(): Promise<void> {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MessageSystemAttributeNames: ['All'],
        MaxNumberOfMessages: 10,
      }),
    );
    if (Messages.length === 0) return;
    const Records = Messages.map(
      ({ MessageId, ReceiptHandle, Body, Attributes }) =>
        ({
          messageId: MessageId,
          receiptHandle: ReceiptHandle,
          body: Body,
          attributes: Attributes,
        }) as unknown as SQSRecord,
    );
    const { batchItemFailures } = await handle({ Records } satisfies SQSEvent);
    const kept = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    const gone = Records.filter(({ messageId }) => !kept.has(messageId));
    if (gone.length === 0) return;
    const Entries = gone.map(({ receiptHandle }, index) => ({
      Id: String(index),
      ReceiptHandle: receiptHandle,
    }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
  }
  async function isDead(): Promise<boolean> {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: deadLetterQueueUrl }));
    return Messages.length > 0;
  }

  const startMs = Date.now();
  vi.useFakeTimers({ toFake: ['Date'], now: startMs });
  for (let hour = 0; hour < 60 * 24; hour += 2) {
    vi.setSystemTime(startMs + hour * 3_600_000);
    await poll();
  }
  expect(await isDead()).toBe(false);
  expect(served).toEqual([]);

  reachable = true;
  vi.setSystemTime(startMs + 60 * 86_400_000);
  await poll();
  expect(served).toEqual(['bought']);
  expect(await isDead()).toBe(false);
  sqs.destroy();
  await server.stop();
});

/** One JSON object, as log queries need it; no library's own sentence in between. */
function isStructured(line: string): boolean {
  try {
    const { message, _aws } = JSON.parse(line) as { readonly message?: unknown; readonly _aws?: unknown };
    return typeof message === 'string' || _aws !== undefined; // metrics are lines too
  } catch {
    return false;
  }
}
