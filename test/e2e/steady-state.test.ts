import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import type { SessionTerminated } from '../../shared/domain/session-messages.ts';
import {
  admitted,
  beat,
  beatByUrl,
  end,
  newSubscriber,
  queueEmpty,
  type Answer,
  type Lease,
} from './session-support.ts';
import { buy, checkoutEvent, listen, startStack, tokensOf, type Viewer } from './support.ts';

let stack: LocalStack;
/** The only account there is, until a test says otherwise. */
let viewer: Viewer;

beforeAll(async () => {
  stack = await startStack();
  viewer = await newSubscriber(stack);
});
afterAll(() => stack?.stop());

/** A session that ends with the test. */
async function watching(deviceId: string): Promise<Lease> {
  const lease = await admitted(stack, viewer, { deviceId });
  onTestFinished(async () => void (await end(stack, viewer, lease.sessionId)));
  return lease;
}

/** The ways to renew a session. */
const DOORS = [
  ['route', (lease: Lease) => beat(stack, viewer, { sessionToken: lease.sessionToken })],
  ['function URL', (lease: Lease) => beatByUrl(lease.heartbeatUrl!, { sessionToken: lease.sessionToken })],
] as const;

/** What the table was asked so far, but for the run that looks for boundaries at the turn of the minute. */
function tableCalls(): number {
  return stack.dynamodb.calls - stack.dynamodb.callsBy('usher-local-announce-boundaries');
}

/** What a beat asks of Momento, of the table and of Parameter Store, and all of the bytes that pass on the way. */
async function costOf(beaten: () => Promise<Answer<Lease>>, sent: Lease) {
  const { momento, ssm } = stack;
  const before = { calls: momento.countCalls(), table: tableCalls(), ssm: ssm.calls };
  const answer = await beaten();
  expect(answer).toMatchObject({ status: 200 });
  expect(answer.body.degraded).toBeUndefined();
  const count = momento.countCalls() - before.calls;
  const calls = count === 0 ? [] : momento.calls.slice(-count);
  return {
    calls: calls
      .filter(({ key }) => key !== 'heartbeat') // the follower, at the turn of the minute
      .map(({ rpc, requestBytes, answerBytes }) => ({ rpc, requestBytes, answerBytes }))
      .toSorted((a, b) => a.rpc.localeCompare(b.rpc)),
    table: tableCalls() - before.table,
    ssm: ssm.calls - before.ssm,
    sentBytes: JSON.stringify({ sessionToken: sent.sessionToken }).length,
    answeredBytes: answer.text.length,
  };
}

test.each(DOORS)(
  'a heartbeat by %s renews the lease and counts the device, and asks nobody else',
  async (_, door) => {
    const lease = await watching('tv-01');
    await door(lease); // warm from here on
    const { calls, table, ssm } = await costOf(() => door(lease), lease);
    expect(calls.map(({ rpc }) => rpc)).toEqual(['DictionaryIncrement', 'SetIf']);
    expect({ table, ssm }).toEqual({ table: 0, ssm: 0 });
  },
);

test.each(DOORS)(
  'a heartbeat by %s has both calls under way at once, so that it takes one round trip',
  async (_, door) => {
    const lease = await watching('tv-02');
    await door(lease);
    // Each is kept waiting until the other has arrived. Were they made in turn, whichever came first would never be
    // answered: the lease would be `degraded`, or the heartbeat not counted at the first try.
    for (const [held, other] of [
      ['SetIf', 'DictionaryIncrement'],
      ['DictionaryIncrement', 'SetIf'],
    ] as const) {
      stack.momento.fail({ rpc: held, until: stack.momento.nextCall(other) });
      const { calls } = await costOf(() => door(lease), lease);
      expect(calls.map(({ rpc }) => rpc)).toEqual(['DictionaryIncrement', 'SetIf']);
    }
  },
);

test('a session that is ended hears of it without sending anything itself', async () => {
  const listener = await listen(await tokensOf(stack, viewer));
  const lease = await watching('tv-03');
  const sent = () => ['SetIf', 'DictionaryIncrement'].map((rpc) => stack.momento.countCalls(rpc));
  const [writes, beats] = sent();
  expect((await end(stack, viewer, lease.sessionId)).status).toBe(204);
  const heard = (await listener.until(({ subject }) => subject === viewer.accountId)) as unknown;
  expect(heard as SessionTerminated).toMatchObject({
    type: 'session.terminated',
    data: { sessionId: lease.sessionId, deviceId: 'tv-03', reason: 'terminated' },
  });
  expect(sent()).toEqual([writes! + 1, beats]); // its tombstone, and no heartbeat
  listener.stop();
});

test('the first start after the cache was flushed reads the table and fills the cache, the next ones read nothing', async () => {
  await watching('tv-04');
  stack.momento.flushCache(stack.outputs['MomentoCacheName']!);
  const startCalls = async (deviceId: string) => {
    const before = tableCalls();
    await watching(deviceId);
    return tableCalls() - before;
  };
  // The snapshot, and after it was cached its version once more: else a change in between would be overwritten.
  expect(await startCalls('tv-05')).toBe(2);
  expect(await startCalls('tv-06')).toBe(0);
});

test('a heartbeat costs the same bytes however many accounts, devices and purchases there are', async () => {
  // A session that takes over an ended one's place says so, as long as it lives: here none does.
  stack.momento.flushCache(stack.outputs['MomentoCacheName']!);
  const lease = await watching('tv-10');
  const measure = async (of: Lease) => {
    const costs = [];
    for (const [, door] of DOORS) {
      await door(of);
      costs.push(await costOf(() => door(of), of));
    }
    return costs;
  };
  const alone = await measure(lease);

  const premium = (accountId: string) => buy(stack, checkoutEvent(accountId));
  const sports = () => buy(stack, checkoutEvent(viewer.accountId, { productId: 'sports' }));
  await Promise.all(Array.from({ length: 49 }, () => premium(randomUUID())));
  await Promise.all(Array.from({ length: 59 }, sports));
  await queueEmpty(stack);
  const others: Lease[] = [];
  for (let n = 11; n < 26; n += 1) others.push(await watching(`tv-${n}`));

  // Ids, tokens and times are of fixed length, slots 1 to 9 of one digit, counts below 128 of one byte: nothing else
  // is in these messages, so their lengths are equal to the byte.
  const [one, eight] = [await measure(lease), await measure(others[7]!)];
  expect(one).toEqual(alone);
  expect(eight).toEqual(alone);
});
