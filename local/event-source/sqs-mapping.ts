import { setTimeout as wait } from 'node:timers/promises';
import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { LambdaFunction } from '../lambda/function.ts';
import { failedMessages } from './partial-batch.ts';

export interface SqsMapping {
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly region: string;
  readonly batchSize: number;
  readonly batchingWindowSeconds: number;
  /** How many batches may be with the function at once. */
  readonly maximumConcurrency: number;
  readonly reportsFailures: boolean;
}

export interface Dependencies {
  readonly sqs: Pick<SQSClient, 'send'>;
  readonly target: Pick<LambdaFunction, 'invoke'>;
  /** Hears of what goes wrong outside the function. */
  readonly log: (line: string) => void;
}

/** SQS's most: the call ends as soon as something arrives. */
const longPollSeconds = 20;

/** SQS gives and takes at most this many messages per call. */
const messagesPerCall = 10;

/**
 * The next poll is begun when the batch is done, or this much later. Lambda has machines of its own for polling; here it
 * would take the thread and the processor from a batch that is under way.
 */
const restMs = 20;

/** After a failed call to the queue, so that a queue that is down does not become a busy loop. */
const pauseAfterErrorMs = 1000;

/**
 * Feeds a function from a queue, as Lambda's event source mapping does: what succeeded is deleted, what failed is left
 * to its visibility timeout, and the queue's redrive policy counts the attempts.
 *
 * @returns a function that stops polling and waits for the batches already with the function.
 */
export function startSqsMapping(dependencies: Dependencies, mapping: SqsMapping): () => Promise<void> {
  const stopping = new AbortController();
  const inFlight = new Set<Promise<void>>();

  const poll = async () => {
    while (!stopping.signal.aborted) {
      if (inFlight.size >= mapping.maximumConcurrency) {
        await Promise.race(inFlight);
        continue;
      }
      try {
        const messages = await receiveBatch(dependencies, mapping, stopping.signal);
        if (messages.length === 0) continue;
        const done = process(dependencies, mapping, messages).finally(() => inFlight.delete(done));
        inFlight.add(done);
        await Promise.race([done, pause(restMs, stopping.signal)]);
      } catch (error) {
        if (stopping.signal.aborted) return;
        dependencies.log(`polling ${mapping.queueArn} failed: ${String(error)}`);
        await pause(pauseAfterErrorMs, stopping.signal);
      }
    }
  };

  const polling = poll();
  return async () => {
    stopping.abort();
    await polling;
    await Promise.all(inFlight);
  };
}

/** Waits for a first message, and then for more until the batch is full or its window over. */
async function receiveBatch(
  { sqs }: Dependencies,
  { queueUrl, batchSize, batchingWindowSeconds }: SqsMapping,
  abortSignal: AbortSignal,
): Promise<readonly Message[]> {
  const messages: Message[] = [];
  let windowEndsMs = 0;
  do {
    const remainingSeconds = Math.ceil((windowEndsMs - Date.now()) / 1000);
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: Math.min(messagesPerCall, batchSize - messages.length),
        WaitTimeSeconds:
          messages.length === 0 ? longPollSeconds : Math.min(longPollSeconds, remainingSeconds),
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      }),
      { abortSignal },
    );
    if (messages.length === 0) windowEndsMs = Date.now() + batchingWindowSeconds * 1000;
    messages.push(...Messages);
  } while (messages.length > 0 && messages.length < batchSize && Date.now() < windowEndsMs);
  return messages;
}

async function process(
  { sqs, target, log }: Dependencies,
  mapping: SqsMapping,
  messages: readonly Message[],
): Promise<void> {
  const outcome = await target.invoke(
    JSON.stringify({ Records: messages.map((one) => record(mapping, one)) }),
  );
  if (!outcome.ok) return; // the whole batch comes back after its visibility timeout
  const failed = mapping.reportsFailures
    ? failedMessages(
        messages.map(({ MessageId = '' }) => MessageId),
        JSON.parse(outcome.payload),
      )
    : new Set();
  const succeeded = messages.filter(({ MessageId = '' }) => !failed.has(MessageId));
  for (let from = 0; from < succeeded.length; from += messagesPerCall) {
    const entries = succeeded
      .slice(from, from + messagesPerCall)
      .map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await sqs
      .send(new DeleteMessageBatchCommand({ QueueUrl: mapping.queueUrl, Entries: entries }))
      .catch((error: unknown) => log(`deleting from ${mapping.queueArn} failed: ${String(error)}`));
  }
}

/** https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
function record({ queueArn, region }: SqsMapping, message: Message): object {
  const attributes = Object.entries(message.MessageAttributes ?? {});
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes ?? {},
    messageAttributes: Object.fromEntries(
      attributes.map(([name, { StringValue, BinaryValue, DataType }]) => [
        name,
        {
          stringValue: StringValue,
          binaryValue: BinaryValue && Buffer.from(BinaryValue).toString('base64'),
          stringListValues: [],
          binaryListValues: [],
          dataType: DataType,
        },
      ]),
    ),
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: region,
  };
}

/** Resolves after so long, or when the signal is given. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return wait(ms, undefined, { signal }).catch(() => {});
}
