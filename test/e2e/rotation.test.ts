import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import type { SessionKeys } from '../../shared/session-tokens/session-keys.ts';
import { makeSessionKey } from '../support/session-keys.ts';
import { admitted, beat, beatByUrl, kidOf, queueEmpty, type Lease } from './session-support.ts';
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
beforeAll(async () => {
  stack = await startStack();
  viewer = await newViewer(stack);
});
afterAll(() => stack?.stop());

/** Everything that a secret is needed for, on warm functions and cold ones. */
async function everythingWorks(): Promise<void> {
  await queueEmpty(stack); // else a second consumer would begin beside the warm one
  const purchaseId = randomUUID();
  const event = checkoutEvent(viewer.accountId, { purchaseId });
  const response = await deliver(stack, JSON.stringify(event), signingSecret(stack));
  expect(response.status).toBe(202);
  expect((await call(stack, '/token?cache=true', { viewer: await newViewer(stack) })).status).toBe(200);
  await expect
    .poll(async () =>
      (await snapshotOf(stack, viewer)).entitlements.map(({ entitlementId }) => entitlementId),
    )
    .toContain(purchaseId);
}

/** What functions have said since that had to wait or was refused. */
function troublesSince(length: number): readonly object[] {
  return stack.logs
    .slice(length)
    .filter(({ line }) => /"message":"(refused|waits|failed|put aside)"/.test(line));
}

test('rotated Momento keys, the old ones revoked, are followed by warm functions without a failed request', async () => {
  const { length } = stack.logs;
  await everythingWorks();
  for (const [name, scope] of [
    ['momento-data-key', 'data'],
    ['momento-super-key', 'super'],
  ] as const) {
    const old = stack.ssm.get(parameter(name))!;
    stack.ssm.put({ name: parameter(name), value: stack.momento.mintKey(scope), type: 'SecureString' });
    stack.momento.revokeKey(old);
  }
  await everythingWorks();
  expect(troublesSince(length)).toEqual([]);
});

test('a rotated signing secret is followed by a warm function, and during the overlap both verify', async () => {
  await everythingWorks();
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
  await everythingWorks();
  const calls = stack.ssm.calls;
  stack.ssm.block();
  await everythingWorks();
  expect(stack.ssm.calls).toBe(calls);
  stack.ssm.unblock();
});

test('a key rotated while SSM cannot be reached is followed when it is back, without a failed request', async () => {
  const { length } = stack.logs;
  await everythingWorks();
  const old = stack.ssm.get(parameter('momento-data-key'))!;
  stack.ssm.block();
  stack.ssm.put({
    name: parameter('momento-data-key'),
    value: stack.momento.mintKey('data'),
    type: 'SecureString',
  });
  await everythingWorks();
  stack.ssm.unblock();
  stack.momento.revokeKey(old);
  await everythingWorks();
  expect(troublesSince(length)).toEqual([]);
});

test('while SSM cannot be reached, a cold function says so, and works as soon as it is back', async () => {
  await stack.deploy();
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

/** Sessions that beat by both doors, all at the same moment, with the newest token each. */
async function watch(sessions: Lease[], beats: number): Promise<void> {
  for (let n = 0; n < beats; n += 1) {
    const answers = await Promise.all(
      sessions.map(({ sessionToken, heartbeatUrl }, index) =>
        (n + index) % 2 === 0
          ? beat(stack, viewer, { sessionToken })
          : beatByUrl(heartbeatUrl!, { sessionToken }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(sessions.map(() => 200));
    for (const [index, { body }] of answers.entries()) sessions[index] = { ...sessions[index]!, ...body };
  }
}

/** The session keys in force, and how an operator puts others. */
const sessionKeys = () => JSON.parse(stack.ssm.get(parameter('session-keys'))!) as SessionKeys;
const putSessionKeys = (keys: SessionKeys) =>
  stack.ssm.put({ name: parameter('session-keys'), value: JSON.stringify(keys), type: 'SecureString' });

test('session keys are rotated without a failed heartbeat, by functions that know the old ones and by those that know the new', async () => {
  await stack.deploy();
  const [{ current: old }, young] = [sessionKeys(), makeSessionKey('young')];
  const sessions: Lease[] = [];
  const kids = () => new Set(sessions.map(({ sessionToken }) => kidOf(sessionToken)));
  /** Two more players, for whom one more function of each door begins: it knows the keys that are in force then. */
  const twoMore = async () => {
    for (let n = 0; n < 2; n += 1) {
      const uncounted = { contentId: 'morning-news', deviceId: `tv-${sessions.length}` };
      sessions.push(await admitted(stack, viewer, uncounted));
    }
  };

  await twoMore();
  await watch(sessions, 4);
  expect(kids()).toEqual(new Set([old.kid]));

  putSessionKeys({ current: old, next: young });
  await twoMore();
  await watch(sessions, 4);
  expect(kids()).toEqual(new Set([old.kid]));

  putSessionKeys({ current: young, previous: old });
  await twoMore();
  // Some still sign with the key that they have cached, and the others take it; a device may not beat 40 times a minute.
  const seen = new Set<string | undefined>();
  for (let round = 0; round < 20 && seen.size < 2; round += 1) {
    await watch(sessions, 1);
    for (const kid of kids()) seen.add(kid);
  }
  await watch(sessions, 2);
  expect(seen).toEqual(new Set([old.kid, young.kid]));
});

test('a session that has beaten since the rotation goes on when the old key is removed, and what that signed is none', async () => {
  await stack.deploy();
  const [{ current: old }, young] = [sessionKeys(), makeSessionKey('younger')];
  const lease = await admitted(stack, viewer, { contentId: 'morning-news' });
  const { sessionToken, heartbeatUrl } = lease;
  expect(kidOf(sessionToken)).toBe(old.kid);

  // The route's function begins after the rotation, the URL's after the removal: so neither has anything else cached.
  putSessionKeys({ current: young, previous: old });
  const renewed = await beat(stack, viewer, { sessionToken });
  expect(renewed.status).toBe(200);
  expect(kidOf(renewed.body.sessionToken)).toBe(young.kid);

  putSessionKeys({ current: young });
  const removed = await beatByUrl(heartbeatUrl!, { sessionToken });
  expect(removed).toMatchObject({ status: 401, body: { type: 'urn:usher:problem:invalid-session-token' } });
  const further = { sessionToken: renewed.body.sessionToken };
  expect((await beatByUrl(heartbeatUrl!, further)).status).toBe(200);
  expect((await beat(stack, viewer, further)).status).toBe(200);
});
