import type { SQSRecord } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { Malformed, Unavailable, UnknownProduct } from '../../../shared/errors.ts';
import { batch, DONE, failed, type Outcome } from '../../../shared/lambda/queue.ts';
import { capturedLog } from '../../support/captured-log.ts';
import { fakeSqs } from '../../support/fake-sqs.ts';
import { sqsEvent, sqsRecord } from '../../support/lambda-events.ts';

const queueUrl = 'http://127.0.0.1:9/checkout';
const deadLetterQueueUrl = 'http://127.0.0.1:9/dead-letters';

/** Gives the function these records; each fares as `outcomes` says, by message id. */
async function settle(records: readonly SQSRecord[], outcomes: Readonly<Record<string, Outcome>>) {
  const sqs = fakeSqs();
  const handler = batch({ queueUrl, deadLetterQueueUrl, sqs }, async (given) => {
    const known = given.filter(({ messageId }) => outcomes[messageId]);
    return new Map(known.map((record) => [record, outcomes[record.messageId]!]));
  });
  const { batchItemFailures } = await handler(sqsEvent(...records));
  return {
    ...sqs,
    returned: batchItemFailures.map(({ itemIdentifier }) => itemIdentifier),
  };
}

const unavailable = failed(new Unavailable('DynamoDB PutItem: TimeoutError'));

describe('a message', () => {
  it('that took effect is deleted', async () => {
    const { returned, sent, hidden } = await settle([sqsRecord('m1', '{}')], { m1: DONE });
    expect({ returned, sent, hidden }).toEqual({ returned: [], sent: [], hidden: [] });
  });

  it.each([
    ['malformed', new Malformed('status', 'is not valid'), 'Malformed: status is not valid'],
    [
      'of an unknown product',
      new UnknownProduct('gold'),
      "UnknownProduct: the catalogue sells no product 'gold'",
    ],
  ])(
    'that is %s goes to the dead-letter queue at once, whole and with the reason',
    async (_, error, reason) => {
      const { returned, sent } = await settle([sqsRecord('m1', '{"kind":"purchase"}')], {
        m1: failed(error),
      });
      expect(returned).toEqual([]);
      expect(sent).toEqual([
        {
          QueueUrl: deadLetterQueueUrl,
          MessageBody: '{"kind":"purchase"}',
          MessageAttributes: {
            reason: { DataType: 'String', StringValue: reason },
            messageId: { DataType: 'String', StringValue: 'm1' },
          },
        },
      ]);
    },
  );

  it('is put aside with a reason that SQS accepts, whatever the error says', async () => {
    const nasty = new Malformed(undefined, `a\u0000b\n\u001b[31mrouge\uFFFE 灯${'x'.repeat(5000)}`);
    const { sent } = await settle([sqsRecord('m1', '{}')], { m1: failed(nasty) });
    const reason = sent[0]?.MessageAttributes?.['reason']?.StringValue ?? '';
    expect(reason).toMatch(/^Malformed: a\?b\?\?\[31mrouge\? \?x+$/);
    expect(reason).toHaveLength(1024);
  });

  it('that fails unexpectedly is tried five times, then put aside with the reason', async () => {
    const bug = failed(new TypeError('x is not a function'));
    for (const receives of [1, 2, 3, 4]) {
      const { returned, sent, hidden } = await settle([sqsRecord('m1', '{}', { receives })], { m1: bug });
      expect({ returned, sent, hidden }).toEqual({ returned: ['m1'], sent: [], hidden: [] });
    }
    const { returned, sent } = await settle([sqsRecord('m1', '{}', { receives: 5 })], { m1: bug });
    expect(returned).toEqual([]);
    expect(sent[0]).toMatchObject({
      QueueUrl: deadLetterQueueUrl,
      MessageAttributes: { reason: { StringValue: 'TypeError: x is not a function' } },
    });
  });

  it('that fails with something that is no error is put aside in the end all the same', async () => {
    const { sent } = await settle([sqsRecord('m1', '{}', { receives: 5 })], { m1: failed('boom') });
    expect(sent[0]?.MessageAttributes?.['reason']?.StringValue).toBe('string');
  });

  it('that the function passed over is not lost', async () => {
    const { returned } = await settle([sqsRecord('m1', '{}'), sqsRecord('m2', '{}')], { m1: DONE });
    expect(returned).toEqual(['m2']);
  });
});

describe('a message that waits for something unreachable', () => {
  it('comes back later each time and is never put aside', async () => {
    const waits: (number | undefined)[] = [];
    for (const receives of [1, 2, 3]) {
      const { returned, sent, hidden } = await settle([sqsRecord('m1', '{}', { receives })], {
        m1: unavailable,
      });
      expect({ returned, sent }).toEqual({ returned: ['m1'], sent: [] });
      expect(hidden).toMatchObject([{ QueueUrl: queueUrl, ReceiptHandle: 'receipt of m1' }]);
      waits.push(hidden[0]?.VisibilityTimeout);
    }
    expect(waits).toEqual([5, 20, 80]);
  });

  it('is sent anew at its fourth receive, so that neither the redrive policy, its age nor an unexpected fault ends it', async () => {
    const { returned, sent, hidden } = await settle([sqsRecord('m1', '{"kind":"x"}', { receives: 4 })], {
      m1: unavailable,
    });
    expect({ returned, hidden }).toEqual({ returned: [], hidden: [] });
    expect(sent).toEqual([{ QueueUrl: queueUrl, MessageBody: '{"kind":"x"}', DelaySeconds: 300 }]);
  });
});

describe('a batch', () => {
  it('gives back exactly those that are to come again', async () => {
    const records = ['done', 'waits', 'bad', 'bug'].map((id) => sqsRecord(id, '{}'));
    const { returned, sent, hidden } = await settle(records, {
      done: DONE,
      waits: unavailable,
      bad: failed(new Malformed('id', 'is not valid')),
      bug: failed(new Error('boom')),
    });
    expect(returned).toEqual(['waits', 'bug']);
    expect(sent).toHaveLength(1);
    expect(hidden).toHaveLength(1);
  });

  it('without a message is answered', async () => {
    expect((await settle([], {})).returned).toEqual([]);
  });

  it('keeps what it cannot put aside, have wait or renew because SQS does not answer', async () => {
    const sqs = fakeSqs();
    sqs.block();
    const outcomes = new Map([
      ['done', DONE],
      ['bad', failed(new Malformed('id', 'is not valid'))],
      ['waits', unavailable],
      ['renewed', unavailable],
    ]);
    const handler = batch(
      { queueUrl, deadLetterQueueUrl, sqs },
      async (records) => new Map(records.map((record) => [record, outcomes.get(record.messageId)!])),
    );
    const { batchItemFailures } = await handler(
      sqsEvent(
        sqsRecord('done', '{}'),
        sqsRecord('bad', '{}'),
        sqsRecord('waits', '{}'),
        sqsRecord('renewed', '{}', { receives: 4 }),
      ),
    );
    expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual([
      'bad',
      'waits',
      'renewed',
    ]);
  });

  it('comes back whole when the function breaks before it has looked at anything', async () => {
    const handler = batch({ queueUrl, deadLetterQueueUrl, sqs: fakeSqs() }, async () => {
      throw new Error('out of memory');
    });
    await expect(handler(sqsEvent(sqsRecord('m1', '{}')))).rejects.toThrow('out of memory');
  });

  it('leaves one line in the log for each message, with its id and never its body', async () => {
    const log = capturedLog();
    const records = ['done', 'waits', 'bad', 'bug'].map((id) => sqsRecord(id, '{"accountId":"ada"}'));
    await settle(records, {
      done: DONE,
      waits: unavailable,
      bad: failed(new Malformed('id', 'is not valid')),
      bug: failed(new Error('boom')),
    });
    expect(log.lines()).toMatchObject([
      { level: 'INFO', message: 'took effect', messageId: 'done' },
      { level: 'WARN', message: 'waits', messageId: 'waits', receives: 1 },
      { level: 'ERROR', message: 'put aside', messageId: 'bad' },
      { level: 'ERROR', message: 'failed', messageId: 'bug', error: { message: 'boom' } },
    ]);
    expect(log.text()).not.toContain('accountId');
  });
});
