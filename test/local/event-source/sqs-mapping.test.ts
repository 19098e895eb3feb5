import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type SqsMapping, startSqsMapping } from '../../../local/event-source/sqs-mapping.ts';
import { type SqsStandIn, startSqs } from '../../../local/sqs/server.ts';
import { type FakeFunction, fakeFunction } from '../fixtures/fake-function.ts';

const region = 'eu-west-1';
let standIn: SqsStandIn;
let sqs: SQSClient;
let queueUrl: string;
let deadLettersUrl: string;
let consumer: FakeFunction;
let stop: () => Promise<void>;

beforeEach(async () => {
  standIn = await startSqs({ region });
  sqs = new SQSClient({
    region,
    endpoint: standIn.url,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  deadLettersUrl = await queue('dead-letters', {});
  queueUrl = await queue('checkout', {
    VisibilityTimeout: '0',
    RedrivePolicy: JSON.stringify({
      deadLetterTargetArn: `arn:aws:sqs:${region}:000000000000:dead-letters`,
      maxReceiveCount: 3,
    }),
  });
  consumer = fakeFunction('consumer');
  stop = async () => {};
});
afterEach(async () => {
  await stop();
  sqs.destroy();
  await standIn.stop();
});

async function queue(QueueName: string, Attributes: Record<string, string>): Promise<string> {
  return (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl ?? '';
}

function start(mapping: Partial<SqsMapping> = {}): void {
  stop = startSqsMapping(
    { sqs, target: consumer, log: () => {} },
    {
      queueUrl,
      queueArn: `arn:aws:sqs:${region}:000000000000:checkout`,
      region,
      batchSize: 10,
      batchingWindowSeconds: 0,
      maximumConcurrency: 2,
      reportsFailures: true,
      ...mapping,
    },
  );
}

async function send(...bodies: string[]): Promise<void> {
  const Entries = bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody }));
  await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
}

function batches(): string[][] {
  return (consumer.events as SQSEvent[]).map(({ Records }) => Records.map(({ body }) => body));
}

async function left(): Promise<number> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['All'] }),
  );
  return (
    Number(Attributes?.['ApproximateNumberOfMessages']) +
    Number(Attributes?.['ApproximateNumberOfMessagesNotVisible'])
  );
}

/** The first message in the dead letters; SQS wakes the call when it arrives. */
async function deadLetter(): Promise<string | undefined> {
  const { Messages } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: deadLettersUrl, WaitTimeSeconds: 20 }),
  );
  return Messages?.[0]?.Body;
}

test('delivers a record with everything Lambda puts into it', async () => {
  start();
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: queueUrl,
      MessageBody: 'hello',
      MessageAttributes: { reason: { DataType: 'String', StringValue: 'because' } },
    }),
  );
  await vi.waitFor(() => expect(consumer.events).toHaveLength(1));
  expect((consumer.events[0] as SQSEvent).Records).toEqual([
    {
      messageId: expect.any(String) as string,
      receiptHandle: expect.any(String) as string,
      body: 'hello',
      attributes: expect.objectContaining({
        ApproximateReceiveCount: '1',
        SentTimestamp: expect.any(String) as string,
        ApproximateFirstReceiveTimestamp: expect.any(String) as string,
      }) as object,
      messageAttributes: {
        reason: { stringValue: 'because', stringListValues: [], binaryListValues: [], dataType: 'String' },
      },
      md5OfBody: '5d41402abc4b2a76b9719d911017c592',
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:eu-west-1:000000000000:checkout',
      awsRegion: region,
    },
  ]);
  await vi.waitFor(async () => expect(await left()).toBe(0));
});

test('gathers messages until the batch is full, and then does not wait out its window', async () => {
  start({ batchSize: 3, batchingWindowSeconds: 20 });
  await send('a');
  await send('b', 'c');
  await vi.waitFor(() => expect(batches().flat().toSorted()).toEqual(['a', 'b', 'c']), { timeout: 10_000 });
  expect(batches()).toHaveLength(1);
});

test('deletes what succeeded and leaves what is reported as failed', async () => {
  consumer.answer = (event) => ({
    batchItemFailures: (event as SQSEvent).Records.filter(({ body }) => body === 'bad').map(
      ({ messageId }) => ({ itemIdentifier: messageId }),
    ),
  });
  await send('good', 'bad', 'fine');
  start();
  expect(await deadLetter()).toBe('bad');
  expect(batches()).toEqual([['good', 'bad', 'fine'], ['bad'], ['bad']]);
});

test('brings the whole batch back when the function throws, until the redrive policy takes it', async () => {
  consumer.answer = () => {
    throw new Error('no');
  };
  await send('one');
  start();
  expect(await deadLetter()).toBe('one');
  expect(batches()).toEqual([['one'], ['one'], ['one']]);
});

test('takes every message for done when failures are not reported, whatever the function answers', async () => {
  consumer.answer = () => ({ batchItemFailures: [{ itemIdentifier: 'nonsense' }] });
  await send('one', 'two');
  start({ reportsFailures: false });
  await vi.waitFor(async () => expect(await left()).toBe(0));
  expect(batches()).toEqual([['one', 'two']]);
});

test('has no more batches with the function than the mapping allows', async () => {
  const release = Promise.withResolvers<void>();
  let running = 0;
  let most = 0;
  consumer.answer = async () => {
    most = Math.max(most, ++running);
    await release.promise;
    running--;
  };
  const slow = await queue('slow', { VisibilityTimeout: '30' });
  const Entries = Array.from({ length: 6 }, (_, index) => ({
    Id: String(index),
    MessageBody: String(index),
  }));
  await sqs.send(new SendMessageBatchCommand({ QueueUrl: slow, Entries }));
  start({ queueUrl: slow, batchSize: 1, maximumConcurrency: 2 });
  await vi.waitFor(() => expect(running).toBe(2));
  release.resolve();
  await vi.waitFor(() => expect(batches()).toHaveLength(6));
  expect(most).toBe(2);
});

test('waits, when stopped, for the batch that is with the function, and deletes it', async () => {
  const order: string[] = [];
  const release = Promise.withResolvers<void>();
  consumer.answer = () => release.promise.then(() => void order.push('answered'));
  const slow = await queue('slow', { VisibilityTimeout: '30' });
  await sqs.send(new SendMessageCommand({ QueueUrl: slow, MessageBody: 'one' }));
  start({ queueUrl: slow });
  await vi.waitFor(() => expect(consumer.events).toHaveLength(1));
  const stopped = stop().then(() => order.push('stopped'));
  queueUrl = slow;
  expect(await left()).toBe(1); // time enough for a stop that would not wait
  release.resolve();
  await stopped;
  expect(order).toEqual(['answered', 'stopped']);
  expect(await left()).toBe(0);
});
