import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startSqs } from '../../../local/sqs/server.ts';
import { sqsCheckoutQueue } from '../../../shared/aws/checkout-queue.ts';
import { Unavailable } from '../../../shared/errors.ts';
import { deserted } from '../../support/canned-server.ts';

it('a message arrives in the checkout queue as it was sent', async () => {
  const server = await startSqs({ region: 'eu-west-1' });
  onTestFinished(() => server.stop());
  const sqs = new SQSClient({ endpoint: server.url, region: 'eu-west-1' });
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'checkout' }));

  const event = { id: 'evt_1', title: '灯台', unknown: { deep: [1, null] } };
  const message = { kind: 'purchase', event, catalogVersion: '2026-11-22.1' } as const;
  await sqsCheckoutQueue(QueueUrl, sqs).send(message);

  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  expect(Messages.map(({ Body = '' }) => JSON.parse(Body) as unknown)).toEqual([message]);
});

it('a queue that does not answer is unavailable, so that nobody is told that a purchase was taken', async () => {
  const url = await deserted();
  vi.stubEnv('AWS_ENDPOINT_URL_SQS', url);
  onTestFinished(() => void vi.unstubAllEnvs());
  const queue = sqsCheckoutQueue(`${url}/000000000000/checkout`);
  await expect(queue.send({ kind: 'recompute', accountId: 'ada' })).rejects.toBeInstanceOf(Unavailable);
});
