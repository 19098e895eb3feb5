import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startSqs, type SqsStandIn } from '../../../local/sqs/server.ts';

const region = 'eu-west-1';

let directory: string;
let server: SqsStandIn;
let sqs: SQSClient;
async function start(): Promise<string | undefined> {
  server = await startSqs({ region, directory });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  sqs = new SQSClient({ region, endpoint: server.url, credentials, maxAttempts: 1 });
  return (await sqs.send(new CreateQueueCommand({ QueueName: 'kept' }))).QueueUrl;
}
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'usher-sqs-'));
});
afterEach(async () => {
  sqs?.destroy();
  await server?.stop();
  await rm(directory, { recursive: true });
});

test('a kept message that is made visible again at once is there for the next, also after a restart', async () => {
  let QueueUrl = await start();
  const receive = async () =>
    (await sqs.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 900 }))).Messages?.[0];
  const putBack = async (ReceiptHandle: string | undefined) =>
    sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));

  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }));
  await putBack((await receive())?.ReceiptHandle);
  const again = await receive();
  expect(again?.Body).toBe('one');
  await putBack(again?.ReceiptHandle);

  sqs.destroy();
  await server.stop();
  QueueUrl = await start();
  expect((await receive())?.Body).toBe('one');
});
