import { CacheRole, ExpiresIn, TopicRole } from '@gomomento/sdk';
import { expect, test } from 'vitest';
import type { MomentoStandIn } from '../../../local/momento/server.ts';
import {
  CACHE,
  cacheClient,
  disposableToken,
  fakeClock,
  listener,
  startForTest,
  subscribe,
  topicClient,
} from './fixtures.ts';

function requester(momento: MomentoStandIn, token?: string) {
  return (method: string, path: string, body?: string, type = 'text/plain') =>
    fetch(`${momento.url}${path}`, {
      method,
      headers: { 'content-type': type, ...(token === undefined ? {} : { authorization: token }) },
      ...(body === undefined ? {} : { body }),
    });
}

test('a device without an SDK publishes by POST, with the token as it was vended', async () => {
  const momento = await startForTest();
  const ear = listener();
  await subscribe(topicClient(momento), 'heartbeat', ear);
  const token = await disposableToken(
    momento,
    { permissions: [{ role: TopicRole.PublishOnly, cache: CACHE, topic: 'heartbeat' }] },
    ExpiresIn.minutes(30),
    { tokenId: 'account-1' },
  );
  const request = requester(momento, token);
  expect((await request('POST', `/topics/${CACHE}/heartbeat`, '{"deviceId":"tv"}')).status).toBe(204);
  expect(await ear.next()).toMatchObject({ value: '{"deviceId":"tv"}', from: 'account-1' });
  expect(
    (await request('POST', `/topics/${CACHE}/heartbeat`, '\u0001', 'application/octet-stream')).status,
  ).toBe(204);
  expect(await ear.next()).toMatchObject({ value: Uint8Array.of(1) });
  expect((await request('POST', `/topics/${CACHE}/catalog`, 'x')).status).toBe(403);
  expect((await request('GET', `/topics/${CACHE}/heartbeat`)).status).toBe(403);
});

test('the token may stand in the query instead of the header, and nowhere twice', async () => {
  const momento = await startForTest();
  const key = momento.mintKey('data');
  const path = `/topics/${CACHE}/room?token=${key}`;
  expect((await requester(momento)('POST', path, 'x')).status).toBe(204);
  expect((await requester(momento, key)('POST', path, 'x')).status).toBe(400);
});

test('a path that begins with two slashes names no host, and nothing that is there', async () => {
  const momento = await startForTest();
  const request = requester(momento, momento.mintKey('data'));
  expect((await request('POST', '//', 'x')).status).toBe(404);
  expect((await request('POST', `//elsewhere/topics/${CACHE}/room`, 'x')).status).toBe(404);
});

test('a long poll waits for the next message, and with a sequence number catches up', async () => {
  const momento = await startForTest();
  const request = requester(momento, momento.mintKey('data'));
  const poll = request('GET', `/topics/${CACHE}/room`);
  await expect.poll(() => momento.countCalls('Subscribe')).toBe(1);
  await request('POST', `/topics/${CACHE}/room`, 'one');
  const first: unknown = await (await poll).json();
  expect(first).toEqual({
    items: [
      { item: { topic_sequence_number: 1, sequence_page: expect.any(Number), value: { text: 'one' } } },
    ],
  });
  await request('POST', `/topics/${CACHE}/room`, 'two');
  await request('POST', `/topics/${CACHE}/room`, 'three');
  const caughtUp: unknown = await (await request('GET', `/topics/${CACHE}/room?sequence_number=2`)).json();
  expect(caughtUp).toMatchObject({
    items: [{ item: { value: { text: 'two' } } }, { item: { value: { text: 'three' } } }],
  });
});

test('a long poll that comes from another life of the topic is told what it has missed', async () => {
  const momento = await startForTest();
  const request = requester(momento, momento.mintKey('data'));
  for (const message of ['one', 'two', 'three']) await request('POST', `/topics/${CACHE}/room`, message);
  for (const at of ['sequence_number=2&sequence_page=1', 'sequence_number=9']) {
    const lost: unknown = await (await request('GET', `/topics/${CACHE}/room?${at}`)).json();
    expect(lost).toMatchObject({
      items: [{ discontinuity: { new_topic_sequence: 3, new_sequence_page: expect.any(Number) } }],
    });
  }
});

test('a cache item is put, read and deleted', async () => {
  const clock = fakeClock();
  const momento = await startForTest(clock);
  const request = requester(momento, momento.mintKey('data'));
  const item = `/cache/${CACHE}?key=${encodeURIComponent('a/b c')}`;
  expect((await request('GET', item)).status).toBe(404);
  expect((await request('PUT', `${item}&ttl_seconds=10`, 'value')).status).toBe(204);
  const found = await request('GET', item);
  expect(await found.text()).toBe('value');
  expect((await cacheClient(momento).get(CACHE, 'a/b c')).value()).toBe('value');
  const encoded = Buffer.from('a/b c').toString('base64url');
  expect(await (await request('GET', `/cache/${CACHE}?key_base64=${encoded}`)).text()).toBe('value');
  expect((await request('DELETE', item)).status).toBe(204);
  expect((await request('GET', item)).status).toBe(404);
  await request('PUT', `${item}&ttl_seconds=10`, 'value');
  clock.advance(10_000);
  expect((await request('GET', item)).status).toBe(404);
});

test('refusals have the documented status, and name no token', async () => {
  const clock = fakeClock();
  const momento = await startForTest({ ...clock, limits: { topicUnitsPerSecond: 1 } });
  const readOne = { permissions: [{ role: CacheRole.ReadOnly, cache: CACHE, item: { key: 'mine' } }] };
  const token = await disposableToken(momento, readOne, ExpiresIn.seconds(60));
  const withToken = requester(momento, token);
  const withKey = requester(momento, momento.mintKey('data'));
  const forged = await requester(momento, 'not-a-key')('GET', `/cache/${CACHE}?key=k`);
  expect(forged.status).toBe(401);
  expect(await forged.text()).not.toContain('not-a-key');
  expect((await requester(momento)('GET', `/cache/${CACHE}?key=k`)).status).toBe(401);
  expect((await withToken('GET', `/cache/${CACHE}?key=mine`)).status).toBe(404);
  expect((await withToken('GET', `/cache/${CACHE}?key=yours`)).status).toBe(403);
  expect((await withToken('PUT', `/cache/${CACHE}?key=mine&ttl_seconds=10`, 'x')).status).toBe(403);
  expect((await withKey('GET', '/cache/absent?key=k')).status).toBe(404);
  expect((await withKey('POST', '/topics/absent/room', 'x')).status).toBe(404);
  expect((await withKey('GET', `/cache/${CACHE}`)).status).toBe(400);
  expect((await withKey('PUT', `/cache/${CACHE}?key=k`, 'x')).status).toBe(400);
  expect((await withKey('POST', `/topics/${CACHE}/room`, 'x'.repeat(4097))).status).toBe(400);
  expect((await withKey('PATCH', `/cache/${CACHE}?key=k`)).status).toBe(405);
  expect((await withKey('GET', '/')).status).toBe(404);
  expect((await withKey('POST', `/topics/${CACHE}/room`, 'x')).status).toBe(204);
  expect((await withKey('POST', `/topics/${CACHE}/room`, 'x')).status).toBe(429);
  clock.advance(60_000);
  expect((await withToken('GET', `/cache/${CACHE}?key=mine`)).status).toBe(401);
});
