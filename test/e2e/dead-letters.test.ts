import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import {
  checkoutEvent,
  depthOf,
  newViewer,
  nextDeadLetter,
  snapshotOf,
  sqsOf,
  startStack,
} from './support.ts';

let stack: LocalStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

test('a message that is wrong in itself is put aside at once, with its reason, while its neighbours take effect', async () => {
  const viewers = await Promise.all([newViewer(stack), newViewer(stack)]);
  const catalogVersion = '2020-01-01.1';
  const message = (event: object) => JSON.stringify({ kind: 'purchase', event, catalogVersion });
  const bodies = [
    message(checkoutEvent(viewers[0].accountId)),
    'not json',
    JSON.stringify({ kind: 'gift' }),
    message(checkoutEvent(viewers[0].accountId, { productId: 'withdrawn' })),
    message(checkoutEvent(viewers[0].accountId, { validUntil: 'soon' })),
    message(checkoutEvent(viewers[1].accountId)),
  ];
  const sqs = sqsOf(stack);
  await sqs.send(
    new SendMessageBatchCommand({
      QueueUrl: stack.outputs['CheckoutQueueUrl'],
      Entries: bodies.map((body, index) => ({ Id: String(index), MessageBody: body })),
    }),
  );
  sqs.destroy();

  const letters = [];
  for (let count = 0; count < 4; count++) letters.push(await nextDeadLetter(stack));
  const reasons = new Map(
    letters.map(({ Body, MessageAttributes }) => [Body, MessageAttributes?.['reason']?.StringValue]),
  );
  expect(reasons.get(bodies[1])).toBe('Malformed: the message is not JSON');
  expect(reasons.get(bodies[2])).toMatch(/^Malformed: kind/);
  expect(reasons.get(bodies[3])).toBe("UnknownProduct: the catalogue sells no product 'withdrawn'");
  expect(reasons.get(bodies[4])).toMatch(/^Malformed: validUntil/);

  for (const viewer of viewers) {
    await expect.poll(async () => (await snapshotOf(stack, viewer)).access.grants).toContain('movies');
  }
  await expect.poll(() => depthOf(stack, stack.outputs['CheckoutQueueUrl'])).toBe(0);
});
