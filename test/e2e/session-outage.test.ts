import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import {
  admitted,
  beat,
  beatByUrl,
  concurrencyOf,
  counted,
  logged,
  newSubscriber,
  start,
  type Lease,
} from './session-support.ts';
import { startStack, type Viewer } from './support.ts';

let stack: LocalStack;
let viewer: Viewer;

beforeAll(async () => {
  stack = await startStack();
});
beforeEach(async () => {
  viewer = await newSubscriber(stack);
});
afterEach(() => {
  stack.momento.unblock();
  stack.ssm.unblock();
});
afterAll(() => stack?.stop());

const tokenOf = ({ sessionToken }: Lease) => ({ sessionToken });

/** Beats until Momento is asked again, which a function does some seconds after it was last disappointed. */
async function untilAsked(lease: Lease) {
  let answer = await beat(stack, viewer, tokenOf(lease));
  const again = async () => {
    if (answer.body.degraded) answer = await beat(stack, viewer, tokenOf(answer.body));
    return answer.body.degraded;
  };
  await expect.poll(again, { interval: 250 }).toBeUndefined();
  return answer;
}

describe('while Parameter Store cannot be reached', () => {
  // The first test of all, so that none of the functions has run yet.
  test('cold functions say so, and work as soon as it is back', async () => {
    stack.ssm.block();
    const cold = await start(stack, viewer);
    expect(cold).toMatchObject({ status: 503, body: { type: 'urn:usher:problem:unavailable' } });
    expect(Number(cold.headers.get('retry-after'))).toBeGreaterThan(0);
    stack.ssm.unblock();
    const lease = await admitted(stack, viewer);
    expect(lease.degraded).toBeUndefined(); // Momento was well all the time

    stack.ssm.block();
    for (const answer of [
      await beat(stack, viewer, tokenOf(lease)),
      await beatByUrl(lease.heartbeatUrl!, tokenOf(lease)),
    ]) {
      expect(answer).toMatchObject({ status: 503, body: { type: 'urn:usher:problem:unavailable' } });
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    stack.ssm.unblock();
    expect((await beat(stack, viewer, tokenOf(lease))).status).toBe(200);
    expect((await beatByUrl(lease.heartbeatUrl!, tokenOf(lease))).status).toBe(200);
  });

  test('warm functions start, renew, show and end sessions with the keys that they know', async () => {
    const everything = async (deviceId: string) => {
      const lease = await admitted(stack, viewer, { deviceId });
      expect(await beat(stack, viewer, tokenOf(lease))).toMatchObject({ status: 200 });
      expect(await beatByUrl(lease.heartbeatUrl!, tokenOf(lease))).toMatchObject({ status: 200 });
      expect((await concurrencyOf(stack, viewer)).sessions).toMatchObject([{ deviceId }]);
      expect((await beat(stack, viewer, { ...tokenOf(lease), end: true })).status).toBe(204);
    };
    await everything('before');
    stack.ssm.block();
    const { calls } = stack.ssm;
    await everything('meanwhile');
    expect(stack.ssm.calls).toBe(calls);
  });
});

describe('while Momento asks to slow down', () => {
  test('nobody is admitted and nobody goes on without it, and who plays loses nothing by it', async () => {
    const lease = await admitted(stack, viewer, { deviceId: 'first' });
    for (const rpc of ['GetBatch', 'SetIf']) {
      stack.momento.fail({ rpc, code: 'RESOURCE_EXHAUSTED' });
      const refused = await start(stack, viewer, { deviceId: 'second' });
      expect(refused).toMatchObject({ status: 503, body: { type: 'urn:usher:problem:unavailable' } });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    for (const door of [
      () => beat(stack, viewer, tokenOf(lease)),
      () => beatByUrl(lease.heartbeatUrl!, tokenOf(lease)),
    ]) {
      stack.momento.fail({ rpc: 'SetIf', code: 'RESOURCE_EXHAUSTED' });
      const refused = await door();
      expect(refused).toMatchObject({ status: 503, body: { type: 'urn:usher:problem:unavailable' } });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await door()).status).toBe(200);
    }
    expect((await concurrencyOf(stack, viewer)).sessions).toMatchObject([{ deviceId: 'first' }]);
    expect(logged(stack, 'degraded admission')).toEqual([]);
    await expect.poll(() => counted(stack, 'MomentoThrottled')).toBeGreaterThan(0);
    expect(counted(stack, 'DegradedAdmissions')).toBe(0);
  });
});

describe('while Momento cannot be reached', () => {
  test('who plays goes on playing, as many as the limit may start besides, and when it is back what is too much ends', async () => {
    const other = await newSubscriber(stack);
    const before: Lease[] = [];
    for (const n of [1, 2]) before.push(await admitted(stack, viewer, { deviceId: `before-${n}` }));
    for (const one of before) await beatByUrl(one.heartbeatUrl!, tokenOf(one));

    stack.momento.block();
    const byRoute = await beat(stack, viewer, tokenOf(before[0]!));
    const byUrl = await beatByUrl(before[1]!.heartbeatUrl!, tokenOf(before[1]!));
    for (const [index, answer] of [byRoute, byUrl].entries()) {
      expect(answer).toMatchObject({ status: 200, body: { degraded: true, heartbeatSeconds: 15 } });
      expect(answer.body.sessionToken).not.toBe(before[index]!.sessionToken);
    }
    // The new token is as good as the old one.
    expect(await beat(stack, viewer, tokenOf(byUrl.body))).toMatchObject({
      status: 200,
      body: { degraded: true },
    });

    const starters = Array.from({ length: 8 }, (_, n) => ({ deviceId: `meanwhile-${n}` }));
    const answers = await Promise.all(starters.map((starter) => start(stack, viewer, starter)));
    const meanwhile = answers.filter(({ status }) => status === 201);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      201, 201, 201, 201, 409, 409, 409, 409,
    ]);
    for (const { body } of meanwhile) expect(body.degraded).toBe(true);
    const refused = answers.filter(({ status }) => status === 409);
    expect(refused.map(({ body }) => body.conflicts?.length)).toEqual([4, 4, 4, 4]);
    await expect.poll(() => logged(stack, 'degraded admission')).toHaveLength(4);
    await expect.poll(() => counted(stack, 'DegradedAdmissions')).toBe(4);
    expect(counted(stack, 'MomentoUnreachable')).toBeGreaterThan(0);
    // Another account has as many places of its own.
    expect(await start(stack, other, { deviceId: 'others' })).toMatchObject({
      status: 201,
      body: { degraded: true },
    });

    stack.momento.unblock();
    for (const lease of [byRoute.body, byUrl.body])
      expect(await untilAsked(lease)).toMatchObject({ status: 200 });
    const fates = [];
    for (const { body } of meanwhile) fates.push(await untilAsked(body));
    expect(fates.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 410, 410]);
    const over = fates.filter(({ status }) => status === 410);
    expect(over.map(({ body }) => body.reason)).toEqual(['expired', 'expired']);
    await expect.poll(() => logged(stack, 'over-admitted')).toHaveLength(2);
    await expect.poll(() => counted(stack, 'OverAdmissions')).toBe(2);
    const { limit, sessions } = await concurrencyOf(stack, viewer);
    expect({ limit, standing: sessions.length }).toEqual({ limit: 4, standing: 4 });
  });

  test('two heartbeats that are not answered spare the next ones the wait', async () => {
    const lease = await admitted(stack, viewer);
    await beat(stack, viewer, tokenOf(lease));
    // Each is tried twice at most: on the connection there is, and on a new one.
    for (const rpc of ['SetIf', 'DictionaryIncrement']) stack.momento.fail({ rpc, times: 4 });
    const callsOfABeat = async () => {
      const calls = () => ['SetIf', 'DictionaryIncrement'].map((rpc) => stack.momento.countCalls(rpc));
      const [writes, counts] = calls();
      const answer = await beat(stack, viewer, tokenOf(lease));
      expect(answer).toMatchObject({ status: 200, body: { degraded: true } });
      const [writesNow, countsNow] = calls();
      return { writes: writesNow! - writes!, counts: countsNow! - counts! };
    };
    for (let n = 0; n < 2; n += 1) expect((await callsOfABeat()).writes).toBeGreaterThan(0);
    expect(await callsOfABeat()).toEqual({ writes: 0, counts: 0 });
  });
});
