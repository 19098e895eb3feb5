import {
  CacheClient,
  Configurations,
  NoopMomentoLoggerFactory,
  TopicClient,
  TopicConfigurations,
} from '@gomomento/sdk';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { credentialsFor } from '../shared/momento/credentials.ts';
import { answered } from '../shared/momento/errors.ts';
import type { Surroundings } from './stack-process.ts';
import { listenTo } from './viewer.ts';

export const HOPS = [
  'HTTP round trip to the API (GET /catalog)',
  'SQS send → receive',
  'table write (conditional UpdateItem)',
  'cache write (Momento set)',
  'publish → receive (Momento topic)',
] as const;

export type Hop = (typeof HOPS)[number];

export interface BareHops {
  /** Makes each hop once, one after the other, beginning with another one each time. Milliseconds per hop. */
  measure(): Promise<Readonly<Record<Hop, number>>>;
  stop(): Promise<void>;
}

/** Apart from every account: a queue, an item, a key and a topic of their own, in the same stand-ins. */
const SCRATCH = 'bench-scratch';

/** What the hops carry, so that they are those of a purchase and not of an empty envelope. */
export interface Load {
  /** In the queue. */
  readonly message: string;
  /** In the table and in the cache. */
  readonly snapshot: string;
  /** In the table until it is published on the topic. */
  readonly announcement: string;
}

/**
 * The steps that a purchase cannot do without, each by itself, with the clients that the functions use and with the
 * same bytes and conditions.
 */
export async function prepareHops(
  { config, endpoints, outputs, momentoDataKey }: Surroundings,
  { message, snapshot, announcement }: Load,
): Promise<BareHops> {
  const aws = { region: config.region, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
  const sqs = new SQSClient({ ...aws, endpoint: endpoints.sqs });
  const dynamoDb = new DynamoDBClient({ ...aws, endpoint: endpoints.dynamodb });
  const credentialProvider = credentialsFor({
    key: momentoDataKey,
    endpoint: config.momentoEndpoint,
  });
  const cache = new CacheClient({
    credentialProvider,
    configuration: Configurations.Lambda.latest(),
    defaultTtlSeconds: 60,
  });
  const publisher = new TopicClient({
    credentialProvider,
    configuration: TopicConfigurations.Lambda.latest(),
  });
  const subscriber = new TopicClient({
    credentialProvider,
    configuration: TopicConfigurations.Default.latest(new NoopMomentoLoggerFactory()),
  });
  const cacheName = outputs['MomentoCacheName'] ?? '';
  const heard = await listenTo(subscriber, cacheName, SCRATCH);
  const queue = await scratchQueue(sqs);
  const table = DynamoDBDocumentClient.from(dynamoDb);
  let count = 0;
  const item = { pk: SCRATCH, sk: SCRATCH, version: 0, outbox: {} };
  await table.send(new PutCommand({ TableName: outputs['TableName'], Item: item }));

  const hops: Readonly<Record<Hop, () => Promise<void>>> = {
    'HTTP round trip to the API (GET /catalog)': async () => {
      const response = await fetch(`${config.apiUrl}/catalog`);
      if (response.status !== 200) throw new Error(`GET /catalog answered ${response.status}`);
      await response.arrayBuffer();
    },
    'SQS send → receive': async () => {
      await Promise.all([queue.send(message), queue.received()]);
    },
    'table write (conditional UpdateItem)': async () => {
      await table.send(
        new UpdateCommand({
          TableName: outputs['TableName'],
          Key: { pk: SCRATCH, sk: SCRATCH },
          UpdateExpression: 'SET version = :version, #snapshot = :snapshot, outbox.#first = :announcement',
          ConditionExpression: 'version <= :version',
          ExpressionAttributeNames: { '#snapshot': 'snapshot', '#first': '1' },
          ExpressionAttributeValues: {
            ':version': count,
            ':snapshot': snapshot,
            ':announcement': announcement,
          },
        }),
      );
    },
    'cache write (Momento set)': async () => {
      answered(await cache.set(cacheName, SCRATCH, snapshot), 'set');
    },
    'publish → receive (Momento topic)': async () => {
      const next = heard.next();
      answered(await publisher.publish(cacheName, SCRATCH, announcement), 'publish');
      await next;
    },
  };

  return {
    async measure() {
      const turn = count++ % HOPS.length;
      const took: [Hop, number][] = [];
      for (const hop of [...HOPS.slice(turn), ...HOPS.slice(0, turn)]) {
        const startedMs = performance.now();
        await hops[hop]();
        took.push([hop, performance.now() - startedMs]);
      }
      await queue.tidy();
      return Object.fromEntries(took) as Record<Hop, number>;
    },
    async stop() {
      heard.stop();
      await queue.stop();
      cache.close(); // topic clients have nothing to close but their subscriptions
      dynamoDb.destroy();
      sqs.destroy();
    },
  };
}

/** A queue on which a long poll is always waiting, as Lambda's poller is on the checkout queue. */
async function scratchQueue(sqs: SQSClient) {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: SCRATCH }));
  const stopping = new AbortController();
  const receive = async (): Promise<Message> => {
    for (;;) {
      const { Messages: [message] = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20, MessageSystemAttributeNames: ['All'] }),
        { abortSignal: stopping.signal },
      );
      if (message !== undefined) return message;
    }
  };
  let next = receive();
  return {
    send: (MessageBody: string) => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody })),
    received: () => next,
    /** Deletes what was received and polls again. */
    async tidy() {
      const { ReceiptHandle } = await next;
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      next = receive();
    },
    async stop() {
      stopping.abort();
      await next.catch(() => {}); // the poll that was waiting
    },
  };
}
