import {
  CreateQueueCommand,
  GetQueueUrlCommand,
  QueueDoesNotExist,
  SetQueueAttributesCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { Resolver } from '../cloudformation/resolver.ts';
import { honoured, only, resource, type Support, withoutEffect } from '../cloudformation/support.ts';

export const sqsSupport: Support = {
  'AWS::SQS::Queue': resource({
    DelaySeconds: honoured,
    FifoQueue: only(false),
    KmsDataKeyReusePeriodSeconds: withoutEffect('nothing is encrypted at rest here'),
    KmsMasterKeyId: withoutEffect('nothing is encrypted at rest here'),
    MaximumMessageSize: honoured,
    MessageRetentionPeriod: withoutEffect('a message is kept until it is consumed or `npm run reset`'),
    QueueName: honoured,
    ReceiveMessageWaitTimeSeconds: honoured,
    RedriveAllowPolicy: withoutEffect('resource policies are not evaluated'),
    RedrivePolicy: honoured,
    SqsManagedSseEnabled: withoutEffect('nothing is encrypted at rest here'),
    Tags: withoutEffect('documentation'),
    VisibilityTimeout: honoured,
  }),
  'AWS::SQS::QueuePolicy': {
    kind: 'without-effect',
    why: 'resource policies are not evaluated, and loopback is not TLS',
  },
};

const attributes = [
  'DelaySeconds',
  'MaximumMessageSize',
  'ReceiveMessageWaitTimeSeconds',
  'RedrivePolicy',
  'VisibilityTimeout',
] as const;

/** SQS's own values, so that a property taken out of the template does not live on in a persisted queue. */
const defaults = {
  DelaySeconds: '0',
  MaximumMessageSize: '1048576',
  ReceiveMessageWaitTimeSeconds: '0',
  RedrivePolicy: '',
  VisibilityTimeout: '30',
};

/** Creates the template's queues, or brings the persisted ones to what the template now says. */
export async function createQueues(
  { sqs }: { readonly sqs: Pick<SQSClient, 'send'> },
  resolver: Resolver,
  nameOf: (logicalId: string) => string,
): Promise<void> {
  for (const [logicalId] of resolver.resources('AWS::SQS::Queue')) {
    const url = await ensureQueue(sqs, nameOf(logicalId));
    const properties = resolver.properties(logicalId);
    const wanted = attributes.map((name) => [name, attributeText(properties[name]) ?? defaults[name]]);
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: Object.fromEntries(wanted) }));
  }
}

async function ensureQueue(sqs: Pick<SQSClient, 'send'>, name: string): Promise<string | undefined> {
  try {
    return (await sqs.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl;
  } catch (error) {
    if (!(error instanceof QueueDoesNotExist)) throw error;
    return (await sqs.send(new CreateQueueCommand({ QueueName: name }))).QueueUrl;
  }
}

function attributeText(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
