import { randomBytes, randomUUID } from 'node:crypto';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import Stripe from 'stripe';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import {
  checkoutSession,
  itemList,
  refund,
  stripeEvent,
  stripeItem,
  stripeSubscription,
  type StripeEvent,
} from '../support/stripe.ts';
import { queueEmpty } from './session-support.ts';
import {
  call,
  depthOf,
  listen,
  newViewer,
  nextDeadLetter,
  snapshotOf,
  sqsOf,
  startStack,
  tokensOf,
  type Viewer,
} from './support.ts';

const PARAMETER = '/usher/local/stripe-secrets';
const now = Math.floor(Date.now() / 1000);

let stack: LocalStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

const secret = () => stack.ssm.get(PARAMETER)!;

/** Delivers as Stripe does, with the signature that Stripe's own library makes. */
function report(event: StripeEvent | string, { signedWith = secret(), at = now } = {}): Promise<Response> {
  const payload = typeof event === 'string' ? event : JSON.stringify(event);
  const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret: signedWith, timestamp: at });
  return call(stack, '/webhooks/stripe', {
    method: 'POST',
    body: payload,
    headers: { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': signature },
  });
}

/** A subscription to premium that began today, with an item of its own. */
function subscriptionOf({ accountId }: Viewer, price = 'price_demo_premium_month') {
  const id = `si_${randomUUID().slice(0, 8)}`;
  const item = stripeItem({ id, price, created: now - 60 });
  return {
    id,
    item,
    subscription: stripeSubscription({ metadata: { usher_account_id: accountId }, items: itemList(item) }),
  };
}

const held = async (viewer: Viewer) => (await snapshotOf(stack, viewer)).access.grants;

test('what Stripe reports is heard by the viewer: a subscription that begins, is upgraded and ends', async () => {
  const viewer = await newViewer(stack);
  const listener = await listen(await tokensOf(stack, viewer));
  const { id, item, subscription } = subscriptionOf(viewer);

  expect((await report(subscription.created(now - 60))).status).toBe(202);
  const created = await listener.until(({ type }) => type === 'entitlement.created');
  expect(created.data).toMatchObject({ entitlementId: id, productId: 'premium', status: 'active' });

  const sports = { ...item, price: { id: 'price_demo_sports_month' } };
  expect((await report(subscription.updated(now - 30, { items: itemList(sports) }))).status).toBe(202);
  const updated = await listener.until(({ type }) => type === 'entitlement.updated');
  expect(updated.data).toMatchObject({ entitlementId: id, productId: 'sports' });

  // The second delivery of what is long overtaken.
  expect((await report(subscription.created(now - 60))).status).toBe(202);
  expect((await report(subscription.deleted(now))).status).toBe(202);
  await expect.poll(() => held(viewer)).toEqual(['free']);
  listener.stop();
});

test('a rental is held from when it is paid until the money is given back', async () => {
  const viewer = await newViewer(stack);
  const metadata = { usher_account_id: viewer.accountId, usher_price_id: 'price_demo_nightfall_48h' };
  const session = checkoutSession({ payment_intent: 'pi_rental', metadata });
  expect((await report(stripeEvent('checkout.session.completed', now - 10, session))).status).toBe(202);
  await expect.poll(() => held(viewer)).toContain('nightfall');
  expect((await report(refund(now, metadata, { intent: 'pi_rental' }))).status).toBe(202);
  await expect.poll(() => held(viewer)).toEqual(['free']);
});

test('a price that no product has lies in the dead letters with the reason, without the customer, and so again when it is sent back', async () => {
  const viewer = await newViewer(stack);
  const { id, subscription } = subscriptionOf(viewer, 'price_of_something_new');
  const event = subscription.updated(now, { customer_email: 'ada@example.com' });
  expect((await report(event)).status).toBe(202);

  const reason = `${id}: no product of the catalogue has 'price_of_something_new' among its stripePrices`;
  const letter = await nextDeadLetter(stack);
  expect(letter.MessageAttributes?.['reason']?.StringValue).toBe(reason);
  expect(JSON.parse(letter.Body!)).toMatchObject({
    kind: 'payment',
    provider: 'stripe',
    report: { id: event.id },
  });
  expect(letter.Body).not.toContain('example.com');

  const sqs = sqsOf(stack);
  const sentBack = { QueueUrl: stack.outputs['CheckoutQueueUrl'], MessageBody: letter.Body };
  await sqs.send(new SendMessageCommand(sentBack));
  sqs.destroy();
  const again = await nextDeadLetter(stack);
  expect(again.MessageAttributes?.['reason']?.StringValue).toBe(`Malformed: ${reason}`);
  expect(again.Body).toBe(letter.Body);
});

test('a secret is rotated without a failed report, and what the old one signed is refused once it is gone', async () => {
  const viewer = await newViewer(stack);
  const put = (value: string) => stack.ssm.put({ name: PARAMETER, value, type: 'SecureString' });
  const step = async (signedWith: string) => {
    const { id, subscription } = subscriptionOf(viewer);
    expect((await report(subscription.created(now), { signedWith })).status).toBe(202);
    await expect
      .poll(async () =>
        (await snapshotOf(stack, viewer)).entitlements.map(({ entitlementId }) => entitlementId),
      )
      .toContain(id);
  };
  const [old, young] = [secret(), `whsec_${randomBytes(24).toString('hex')}`];
  await step(old);
  put(`${old} ${young}`);
  await step(old);
  await step(young);
  put(young);
  await step(young);
  const { subscription } = subscriptionOf(viewer);
  const refused = await report(subscription.created(now), {
    signedWith: `whsec_${randomBytes(24).toString('hex')}`,
  });
  expect([refused.status, await refused.json()]).toMatchObject([
    401,
    { type: 'urn:usher:problem:bad-signature' },
  ]);
});

test('what is stale or too large is refused, and what does not concern us is taken note of and forgotten', async () => {
  await queueEmpty(stack); // of what other tests have reported
  const viewer = await newViewer(stack);
  const event = subscriptionOf(viewer).subscription.created(now);
  const stale = await report(event, { at: now - 10 * 60 });
  expect([stale.status, await stale.json()]).toMatchObject([
    401,
    { type: 'urn:usher:problem:stale-signature' },
  ]);

  const padded = (bytes: number) =>
    JSON.stringify({ ...event, type: 'invoice.created', padding: 'x'.repeat(bytes) });
  expect((await report(padded(200 * 1024))).status).toBe(200);
  expect((await report(padded(256 * 1024))).status).toBe(413);

  expect((await report({ ...event, livemode: true })).status).toBe(200);
  expect((await report({ ...event, account: 'acct_of_somebody_else' })).status).toBe(200);
  expect(
    (
      await report(
        stripeEvent('customer.subscription.created', now, {
          ...event.data.object,
          metadata: {},
          items: itemList(stripeItem({ price: 'price_of_a_magazine' })),
        }),
      )
    ).status,
  ).toBe(200);
  expect(await depthOf(stack, stack.outputs['CheckoutQueueUrl'])).toBe(0);
  expect(await held(viewer)).toEqual(['free']);
});
