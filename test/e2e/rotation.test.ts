import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import {
  call,
  checkoutEvent,
  deliver,
  newViewer,
  signingSecret,
  snapshotOf,
  startStack,
  tokensOf,
  type Viewer,
} from './support.ts';

const parameter = (name: string) => `/usher/local/${name}`;

let stack: LocalStack;
let viewer: Viewer;
beforeEach(async () => {
  stack = await startStack();
  viewer = await newViewer(stack);
});
afterEach(() => stack?.stop());

/** Everything that a secret is needed for, on warm functions and cold ones. */
async function everythingWorks(purchaseId: string): Promise<void> {
  const response = await deliver(stack, JSON.stringify(checkoutEvent(viewer.accountId, { purchaseId })));
  expect(response.status).toBe(202);
  expect((await call(stack, '/token?cache=true', { viewer: await newViewer(stack) })).status).toBe(200);
  await expect
    .poll(async () =>
      (await snapshotOf(stack, viewer)).entitlements.map(({ entitlementId }) => entitlementId),
    )
    .toContain(purchaseId);
}

test('rotated Momento keys, the old ones revoked, are followed by warm functions without a failed request', async () => {
  await everythingWorks('before');
  for (const [name, scope] of [
    ['momento-data-key', 'data'],
    ['momento-super-key', 'super'],
  ] as const) {
    const old = stack.ssm.get(parameter(name))!;
    stack.ssm.put({ name: parameter(name), value: stack.momento.mintKey(scope), type: 'SecureString' });
    stack.momento.revokeKey(old);
  }
  await everythingWorks('after');
  expect(stack.logs.filter(({ line }) => /"message":"(refused|waits|failed|put aside)"/.test(line))).toEqual(
    [],
  );
});

test('a rotated signing secret is followed by a warm function, and during the overlap both verify', async () => {
  await everythingWorks('before');
  const old = signingSecret(stack);
  const fresh = `whsec_${randomBytes(32).toString('base64')}`;
  const put = (value: string) =>
    stack.ssm.put({ name: parameter('checkout-secrets'), value, type: 'SecureString' });
  const signedBy = async (secret: string) =>
    (await deliver(stack, JSON.stringify(checkoutEvent(viewer.accountId)), secret)).status;

  put(`${fresh} ${old}`);
  expect([await signedBy(old), await signedBy(fresh), await signedBy(old)]).toEqual([202, 202, 202]);

  const newer = `whsec_${randomBytes(32).toString('base64')}`;
  put(newer);
  expect(await signedBy(newer)).toBe(202);
  expect(await signedBy(old)).toBe(401);
});

test('while SSM cannot be reached, warm functions go on with the secrets that they know', async () => {
  await everythingWorks('before');
  const calls = stack.ssm.calls;
  stack.ssm.block();
  await everythingWorks('meanwhile');
  expect(stack.ssm.calls).toBe(calls);
  stack.ssm.unblock();
});

test('a key rotated while SSM cannot be reached is followed when it is back, without a failed request', async () => {
  await everythingWorks('before');
  const old = stack.ssm.get(parameter('momento-data-key'))!;
  stack.ssm.block();
  stack.ssm.put({
    name: parameter('momento-data-key'),
    value: stack.momento.mintKey('data'),
    type: 'SecureString',
  });
  await everythingWorks('meanwhile');
  stack.ssm.unblock();
  stack.momento.revokeKey(old);
  await everythingWorks('after');
  expect(stack.logs.filter(({ line }) => /"message":"(refused|waits|failed|put aside)"/.test(line))).toEqual(
    [],
  );
});

test('while SSM cannot be reached, a cold function says so, and works as soon as it is back', async () => {
  stack.ssm.block();
  const refused = await call(stack, '/token', { viewer });
  expect([refused.status, await refused.json()]).toMatchObject([
    503,
    { type: 'urn:usher:problem:unavailable' },
  ]);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  stack.ssm.unblock();
  expect(await tokensOf(stack, viewer)).toMatchObject({ userId: viewer.accountId });
});
