import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  type Message,
} from '@aws-sdk/client-sqs';
import * as z from 'zod/mini';
import { ID } from '../shared/domain/ids.ts';
import { BATCH, batchesOf, stageQueue } from './checkout-queue.ts';
import type { StageAccess } from './stage.ts';

/** A message that was put aside, and lies hidden from others while it is looked at. */
export interface DeadLetter {
  readonly id: string;
  /** Why, in the words of the function that put it aside; `undefined` when SQS did, because functions died of it. */
  readonly reason: string | undefined;
  /** Since when it has been in a queue. */
  readonly sentAtMs: number;
  /** Whose it is, and which event, where that can be read: nothing else of a message may be shown. */
  readonly accountId: string | undefined;
  readonly eventId: string | undefined;
  readonly body: string;
  readonly receipt: string;
}

export interface DeadLetters {
  /** How many lie there besides those that someone is looking at; about. */
  count(): Promise<{ readonly visible: number; readonly hidden: number }>;
  /** Takes up to `most` in hand, for a quarter of an hour; fewer when `stop` is aborted. */
  take(most: number, stop: AbortSignal): Promise<readonly DeadLetter[]>;
  /** For good. @returns how many could not be deleted: they come back, and do no harm twice */
  remove(letters: readonly DeadLetter[]): Promise<number>;
  /** Lets others see them again at once. @returns how many will be seen again only when the quarter of an hour ends */
  putBack(letters: readonly DeadLetter[]): Promise<number>;
}

/** Long enough to look at them and decide; when this process is killed they come back after it. */
const HIDDEN_SECONDS = 15 * 60;

/** @param longPollSeconds after so long without a message there is none: asked to wait, SQS looks at all its servers */
export async function deadLetters(stage: StageAccess, longPollSeconds: number): Promise<DeadLetters> {
  const queue = await stageQueue(stage, 'checkout-dead-letters');

  return {
    async count() {
      const command = new GetQueueAttributesCommand({
        QueueUrl: queue.url,
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      });
      const { Attributes } = await queue.ask((sqs) => sqs.send(command), 'look at');
      return {
        visible: Number(Attributes?.['ApproximateNumberOfMessages'] ?? 0),
        hidden: Number(Attributes?.['ApproximateNumberOfMessagesNotVisible'] ?? 0),
      };
    },

    async take(most, stop) {
      const taken = new Map<string, DeadLetter>(); // SQS may give one twice: the last receipt counts
      while (taken.size < most && !stop.aborted) {
        const command = new ReceiveMessageCommand({
          QueueUrl: queue.url,
          MaxNumberOfMessages: Math.min(BATCH, most - taken.size),
          VisibilityTimeout: HIDDEN_SECONDS,
          WaitTimeSeconds: longPollSeconds,
          MessageAttributeNames: ['reason'],
          MessageSystemAttributeNames: ['SentTimestamp'],
        });
        const { Messages: messages = [] } = await queue.ask((sqs) => sqs.send(command), 'read');
        if (messages.length === 0) break;
        for (const letter of messages.map(letterOf)) taken.set(letter.id, letter);
      }
      return [...taken.values()];
    },

    async remove(letters) {
      let left = 0;
      for (const batch of batchesOf(letters)) {
        const Entries = batch.map(({ receipt }, index) => ({ Id: String(index), ReceiptHandle: receipt }));
        const command = new DeleteMessageBatchCommand({ QueueUrl: queue.url, Entries });
        const { Failed = [] } = await queue.ask((sqs) => sqs.send(command), 'delete from');
        left += Failed.length;
      }
      return left;
    },

    async putBack(letters) {
      let late = 0;
      for (const batch of batchesOf(letters)) {
        const Entries = batch.map(({ receipt }, index) => ({
          Id: String(index),
          ReceiptHandle: receipt,
          VisibilityTimeout: 0,
        }));
        const command = new ChangeMessageVisibilityBatchCommand({ QueueUrl: queue.url, Entries });
        const { Failed = [] } = await queue.ask((sqs) => sqs.send(command), 'put messages back into');
        late += Failed.length;
      }
      return late;
    },
  };
}

const named = z.object({
  accountId: z.optional(z.unknown()),
  event: z.optional(z.object({ id: z.optional(z.unknown()), accountId: z.optional(z.unknown()) })),
  report: z.optional(z.object({ id: z.optional(z.unknown()) })),
});

function letterOf({ MessageId = '', Body: body = '', ReceiptHandle = '', ...message }: Message): DeadLetter {
  const known = named.safeParse(jsonOf(body)).data;
  return {
    id: MessageId,
    reason: message.MessageAttributes?.['reason']?.StringValue?.replaceAll(/[^\x20-\x7e]/g, '?'),
    sentAtMs: Number(message.Attributes?.SentTimestamp ?? Number.NaN),
    accountId: idOf(known?.event?.accountId ?? known?.accountId),
    eventId: idOf(known?.event?.id ?? known?.report?.id),
    body,
    receipt: ReceiptHandle,
  };
}

/** Whatever is no id of ours might be anything, and write anything to a terminal. */
function idOf(value: unknown): string | undefined {
  return typeof value === 'string' && ID.test(value) ? value : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
