import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, vi } from 'vitest';
import { startSqs, type SqsStandIn } from '../../local/sqs/server.ts';

/** The two queues of the stage `dev`, found as AWS is: by the operator's own environment. Empty before each test. */
export interface Queues {
  /** As a function puts it aside, or without a reason as SQS does. */
  putAside(body: string, reason?: string): Promise<void>;
  /** Takes everything that lies there, as others see it. */
  drain(part: 'checkout' | 'checkout-dead-letters'): Promise<readonly string[]>;
  /** How many lie among the dead letters, those that are hidden included. */
  deadLetters(): Promise<number>;
}

const region = 'eu-west-1';
const PARTS = ['checkout', 'checkout-dead-letters'] as const;

export function queues(): Queues {
  let server: SqsStandIn;
  let sqs: SQSClient;
  const urls = new Map<string, string>();
  beforeAll(async () => {
    server = await startSqs({ region });
    sqs = new SQSClient({
      region,
      endpoint: server.url,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    for (const part of PARTS) {
      const created = await sqs.send(new CreateQueueCommand({ QueueName: `usher-dev-${part}` }));
      urls.set(part, created.QueueUrl ?? '');
    }
    vi.stubEnv('AWS_REGION', region);
    vi.stubEnv('AWS_ENDPOINT_URL_SQS', server.url);
  });
  beforeEach(async () => {
    for (const QueueUrl of urls.values()) await sqs.send(new PurgeQueueCommand({ QueueUrl }));
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    sqs?.destroy();
    await server?.stop();
  });

  return {
    async putAside(body, reason) {
      await sqs.send(
        new SendMessageCommand({
          QueueUrl: urls.get('checkout-dead-letters'),
          MessageBody: body,
          ...(reason !== undefined && {
            MessageAttributes: { reason: { DataType: 'String', StringValue: reason } },
          }),
        }),
      );
    },

    async deadLetters() {
      const command = new GetQueueAttributesCommand({
        QueueUrl: urls.get('checkout-dead-letters'),
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      });
      const { Attributes = {} } = await sqs.send(command);
      return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
    },

    async drain(part) {
      const QueueUrl = urls.get(part);
      const bodies: string[] = [];
      for (;;) {
        const receive = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 });
        const { Messages: messages = [] } = await sqs.send(receive);
        if (messages.length === 0) return bodies.toSorted();
        for (const { Body = '', ReceiptHandle } of messages) {
          bodies.push(Body);
          await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
        }
      }
    },
  };
}
