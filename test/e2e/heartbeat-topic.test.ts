import { CacheDictionaryFetchResponse, type CacheClient } from '@gomomento/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import { dictionaryOf, intervalAt, intervalBefore } from '../../shared/domain/heartbeat-intervals.ts';
import { beat, concurrencyOf, stageCache, until } from './session-support.ts';
import { newViewer, startStack, tokensOf, topicClient, type TokenAnswer, type Viewer } from './support.ts';

/** The tracker's interval, unless a stage sets another. */
const INTERVAL_MS = 60_000;

let stack: LocalStack;
let cache: CacheClient;
let viewer: Viewer;
let tokens: TokenAnswer;

beforeAll(async () => {
  stack = await startStack();
  cache = stageCache(stack);
  viewer = await newViewer(stack);
  tokens = await tokensOf(stack, viewer);
  // The rule has started the follower with the stack; who publishes before it listens is not heard.
  await until(async () =>
    stack.momento.calls.some(({ rpc, key }) => rpc === 'Subscribe' && key === 'heartbeat'),
  );
});
afterAll(() => stack?.stop());

/** How often each device of the account has beaten, in this interval and in the last, should one have just ended. */
async function countsOf(accountId: string): Promise<Readonly<Record<string, number>>> {
  const now = intervalAt(Date.now(), INTERVAL_MS);
  const counts: Record<string, number> = {};
  for (const interval of [intervalBefore(now), now]) {
    const answer = await cache.dictionaryFetch(tokens.cacheName, dictionaryOf(accountId, interval));
    if (answer.type !== CacheDictionaryFetchResponse.Hit) continue;
    for (const [device, count] of Object.entries(answer.value())) {
      counts[device] = (counts[device] ?? 0) + Number(count);
    }
  }
  return counts;
}

/** As the seed's page does without an SDK. */
function publishByHttp(body: string | Uint8Array<ArrayBuffer>, token = tokens.token): Promise<Response> {
  const type = typeof body === 'string' ? 'application/json' : 'application/octet-stream';
  return fetch(`${tokens.endpoint}/topics/${tokens.cacheName}/heartbeat`, {
    method: 'POST',
    headers: { 'content-type': type, authorization: token },
    body,
  });
}

function heartbeat(deviceId: string, others: object = {}): string {
  return JSON.stringify({ deviceId, mediaId: 'harbour', ...others });
}

describe('a device that publishes its heartbeats with the token of its account', () => {
  test('is counted, by the SDK and by plain HTTP', async () => {
    const topics = topicClient(tokens);
    for (let n = 0; n < 3; n += 1) {
      const published = await topics.publish(tokens.cacheName, 'heartbeat', heartbeat('sdk'));
      expect(published.type).toBe('Success');
    }
    for (let n = 0; n < 2; n += 1) expect((await publishByHttp(heartbeat('http'))).status).toBe(204);
    await expect.poll(() => countsOf(viewer.accountId)).toEqual({ sdk: 3, http: 2 });
  });

  test('is among the devices of the last interval that GET /concurrency tells of', async () => {
    await publishByHttp(heartbeat('tablet'));
    await expect.poll(() => countsOf(viewer.accountId)).toHaveProperty('tablet');
    const counts = await countsOf(viewer.accountId);
    // A minute is too long to wait for: what the follower wrote is put where it would be found then.
    await expect
      .poll(async () => {
        const { interval } = await concurrencyOf(stack, viewer);
        const dictionary = dictionaryOf(viewer.accountId, { marker: interval, lengthMs: INTERVAL_MS });
        await cache.dictionarySetFields(
          tokens.cacheName,
          dictionary,
          Object.entries(counts).map(([device, count]) => [device, String(count)] as [string, string]),
        );
        const seen = await concurrencyOf(stack, viewer);
        return seen.interval === interval ? seen.deviceCount : undefined;
      })
      .toBe(Object.keys(counts).length);
  });
});

describe('what is no heartbeat', () => {
  test('is skipped, whoever publishes it, and the next heartbeat is counted', async () => {
    const other = await newViewer(stack);
    const others = await tokensOf(stack, other);
    const topics = topicClient(others);
    const publish = (body: string | Uint8Array<ArrayBuffer>) => publishByHttp(body, others.token);
    const noise = [
      '{"deviceId":',
      'x'.repeat(4096),
      '',
      'null',
      '[]',
      '"tv"',
      heartbeat('', {}),
      heartbeat('a space'),
      JSON.stringify({ deviceId: 7, mediaId: {} }),
      JSON.stringify({ deviceId: 'tv' }),
      JSON.stringify({ accountId: viewer.accountId }),
      Uint8Array.from({ length: 4096 }, (_, n) => n % 256),
    ];
    for (const body of noise) await publish(body);
    await topics.publish(others.cacheName, 'heartbeat', new Uint8Array([0xff, 0xfe]));
    // With a key there is no account that Momento would vouch for.
    const byKey = await publishByHttp(heartbeat('nobody'), stack.momento.mintKey('data'));
    expect(byKey.status).toBe(204);
    // Of an account in the body nothing is believed: this is the publisher's own.
    await publish(heartbeat('forger', { accountId: viewer.accountId, tokenId: viewer.accountId }));
    await publish(heartbeat('after'));

    await expect.poll(() => countsOf(other.accountId)).toEqual({ forger: 1, after: 1 });
    expect(Object.keys(await countsOf(viewer.accountId))).not.toContain('forger');
    const counted = stack.momento.calls.filter(({ rpc }) => rpc === 'DictionaryIncrement');
    const accounts = counted.map(({ key }) => key?.replace(/-\d+$/, ''));
    expect(new Set(accounts)).toEqual(new Set([viewer.accountId, other.accountId]));
  });
});

test('a heartbeat by the route counts for who is signed in, whatever account it names', async () => {
  const [ada, bob] = [await newViewer(stack), await newViewer(stack)];
  await beat(stack, bob, { deviceId: 'ada-tv', mediaId: 'harbour', accountId: ada.accountId });
  expect(await countsOf(bob.accountId)).toEqual({ 'ada-tv': 1 });
  expect(await countsOf(ada.accountId)).toEqual({});
});
