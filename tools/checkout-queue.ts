import {
  GetQueueUrlCommand,
  QueueDoesNotExist,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { nameIn } from '../lib/stage.ts';
import { answered, awsAccess, type AwsAccess } from './aws.ts';
import { Complaint } from './command.ts';
import type { StageAccess } from './stage.ts';

/** A queue of the stage, with the operator's own credentials. */
export interface StageQueue {
  readonly url: string;
  /** @param doing as in "AWS does not let you …". @throws Complaint for what the operator can mend */
  ask<T>(call: (sqs: SQSClient) => Promise<T>, doing: string): Promise<T>;
}

/** SQS takes and gives no more messages in one call. */
export const BATCH = 10;

/** Of what SQS did not take for reasons of its own, the rest is tried so often. */
const MOST_TRIES = 5;

/** The names that `lib/checkout-queue.ts` gives. */
export type QueueName = 'checkout' | 'checkout-dead-letters';

/** @throws Complaint when the stage is not deployed */
export async function stageQueue({ name }: Pick<StageAccess, 'name'>, part: QueueName): Promise<StageQueue> {
  const access: AwsAccess = awsAccess(name, 'SQS');
  const sqs = new SQSClient(access);
  const QueueName = nameIn({ name }, part);
  const found = sqs.send(new GetQueueUrlCommand({ QueueName }));
  const { QueueUrl: url = '' } = await answered(found, `use ${QueueName}`, access).catch((error: unknown) => {
    if (!(error instanceof QueueDoesNotExist)) throw error;
    throw new Complaint(
      `The stage '${name}' is not deployed here: there is no queue ${QueueName}. Look at AWS_REGION.`,
      { cause: error },
    );
  });
  return { url, ask: (call, doing) => answered(call(sqs), `${doing} ${QueueName}`, access) };
}

/** Sends up to {@link BATCH} messages. @returns the indexes of those that SQS has taken, after some tries all as a rule */
export async function sendBatch(queue: StageQueue, bodies: readonly string[]): Promise<readonly number[]> {
  let left = bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody }));
  const taken: number[] = [];
  for (let tries = 0; left.length > 0 && tries < MOST_TRIES; tries++) {
    const command = new SendMessageBatchCommand({ QueueUrl: queue.url, Entries: left });
    const { Successful = [] } = await queue.ask((sqs) => sqs.send(command), 'send to');
    const ids = new Set(Successful.map(({ Id }) => Id));
    taken.push(...[...ids].map(Number));
    left = left.filter(({ Id }) => !ids.has(Id));
  }
  return taken;
}

/** In pieces of at most {@link BATCH}. */
export function batchesOf<T>(all: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(all.length / BATCH);
  return Array.from({ length: count }, (_, index) => all.slice(index * BATCH, (index + 1) * BATCH));
}
