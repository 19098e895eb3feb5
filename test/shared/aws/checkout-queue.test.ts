import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
  type SendMessageBatchCommand,
} from '@aws-sdk/client-sqs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startSqs } from '../../../local/sqs/server.ts';
import { sqsCheckoutQueue, sqsRecomputeRequests } from '../../../shared/aws/checkout-queue.ts';
import { Unavailable } from '../../../shared/errors.ts';
import { deserted } from '../../support/canned-server.ts';

/** An empty queue, served until the test ends. */
async function emptyQueue() {
  const server = await startSqs({ region: 'eu-west-1' });
  onTestFinished(() => server.stop());
  const sqs = new SQSClient({ endpoint: server.url, region: 'eu-west-1' });
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'checkout' }));
  const received = async () => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
    );
    return Messages.map(({ Body = '' }) => JSON.parse(Body) as unknown);
  };
  const delayed = async () => {
    const AttributeNames = ['ApproximateNumberOfMessagesDelayed'] as const;
    const query = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] });
    return Number((await sqs.send(query)).Attributes?.[AttributeNames[0]]);
  };
  return { sqs, QueueUrl, received, delayed };
}

it('a message arrives in the checkout queue as it was sent', async () => {
  const { sqs, QueueUrl, received } = await emptyQueue();
  const event = { id: 'evt_1', title: '灯台', unknown: { deep: [1, null] } };
  const message = { kind: 'purchase', event, catalogVersion: '2026-11-22.1' } as const;
  await sqsCheckoutQueue(QueueUrl, sqs).send(message);

  expect(await received()).toEqual([message]);
});

it('a queue that does not answer is unavailable, so that nobody is told that a purchase was taken', async () => {
  const url = await deserted();
  vi.stubEnv('AWS_ENDPOINT_URL_SQS', url);
  onTestFinished(() => void vi.unstubAllEnvs());
  const queue = sqsCheckoutQueue(`${url}/000000000000/checkout`);
  await expect(queue.send({ kind: 'recompute', accountId: 'ada' })).rejects.toBeInstanceOf(Unavailable);
});

it('a message that is delayed is in the queue, and nobody sees it yet', async () => {
  const { sqs, QueueUrl, received, delayed } = await emptyQueue();
  const message = { kind: 'recompute', accountId: 'ada' } as const;
  await sqsCheckoutQueue(QueueUrl, sqs).send(message, { delaySeconds: 900 });
  expect([await delayed(), await received()]).toEqual([1, []]);
});

describe('many accounts that are to be recomputed', () => {
  it('are all in the queue, each after its own delay', async () => {
    const { sqs, QueueUrl, received, delayed } = await emptyQueue();
    const accounts = Array.from({ length: 43 }, (_, n) => ({
      accountId: `a${n}`,
      delaySeconds: n === 7 ? 0 : 900,
    }));
    await sqsRecomputeRequests(QueueUrl, sqs).sendAll(accounts);
    expect(await received()).toEqual([{ kind: 'recompute', accountId: 'a7' }]);
    expect(await delayed()).toBe(42);
  });

  /** An SQS that refuses these accounts, each as often as is said, and keeps what it took. */
  function refusing(refusals: Readonly<Record<string, number>>, SenderFault = false) {
    const left: Record<string, number> = { ...refusals };
    const taken: string[] = [];
    let atOnce = 0;
    let mostAtOnce = 0;
    const send = async ({ input }: SendMessageBatchCommand) => {
      mostAtOnce = Math.max(mostAtOnce, ++atOnce);
      await new Promise(setImmediate);
      atOnce -= 1;
      const entries = (input.Entries ?? []).map(({ Id, MessageBody = '' }) => {
        const { accountId } = JSON.parse(MessageBody) as { readonly accountId: string };
        return { Id, accountId, refused: (left[accountId] ?? 0) > 0 };
      });
      for (const { accountId, refused } of entries) {
        if (refused) left[accountId] = (left[accountId] ?? 0) - 1;
        else taken.push(accountId);
      }
      const Failed = entries
        .filter(({ refused }) => refused)
        .map(({ Id }) => ({ Id, Code: 'InternalError', SenderFault }));
      return { Failed };
    };
    const sqs = { send: send as unknown as SQSClient['send'] };
    const requests = sqsRecomputeRequests('http://127.0.0.1:9/checkout', sqs);
    return { requests, taken, most: () => mostAtOnce };
  }
  const accounts = (count: number) =>
    Array.from({ length: count }, (_, n) => ({ accountId: `a${n}`, delaySeconds: 0 }));

  it('of whom SQS takes some are tried again, those alone', async () => {
    const { requests, taken } = refusing({ a3: 1, a9: 2, a12: 1 });
    await requests.sendAll(accounts(15));
    expect(taken.toSorted()).toEqual(
      accounts(15)
        .map(({ accountId }) => accountId)
        .toSorted(),
    );
  });

  it('of whom SQS does not take all are not said to be sent', async () => {
    await expect(refusing({ a3: 99 }).requests.sendAll(accounts(5))).rejects.toBeInstanceOf(Unavailable);
    await expect(refusing({ a3: 99 }, true).requests.sendAll(accounts(5))).rejects.toThrow('InternalError');
  });

  it('are sent by a bounded number of calls at once', async () => {
    const { requests, taken, most } = refusing({});
    await requests.sendAll(accounts(2000));
    expect(taken).toHaveLength(2000);
    expect(most()).toBe(16);
  });
});
