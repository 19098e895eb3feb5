import { describe, expect, it } from 'vitest';
import { followHeartbeatTopic } from '../../functions/follow-heartbeat-topic.ts';
import { intervalAt } from '../../shared/domain/heartbeat-intervals.ts';
import { scopeOf } from '../../shared/domain/token-scope.ts';
import { momentoCache } from '../../shared/momento/cache-client.ts';
import { momentoHeartbeatTopic } from '../../shared/momento/heartbeat-topic.ts';
import { momentoHeartbeatTracker } from '../../shared/momento/heartbeat-tracker.ts';
import { momentoTokenMint } from '../../shared/momento/token-mint.ts';
import type { HeartbeatTopic } from '../../shared/ports.ts';
import { capturedLog } from '../support/captured-log.ts';
import { accessTo, CACHE, momentoForTest, topicClient } from '../support/momento.ts';

/** The middle of an interval, so that none ends while a test runs. */
const startMs = Date.parse('2026-11-22T10:00:30.000Z');
const interval = intervalAt(startMs, 60_000);
const movie = { mediaId: 'movie-1' };

/** The function against Momento's stand-in; its run ends when the clock is told so. */
async function world() {
  const momento = await momentoForTest();
  const secrets = accessTo(momento);
  const mint = momentoTokenMint(accessTo(momento, 'super'), CACHE);
  const topic = momentoHeartbeatTopic(secrets, CACHE);
  const tracker = momentoHeartbeatTracker(momentoCache(secrets), CACHE);
  let nowMs = startMs;
  let heard = 0;
  const listening = Promise.withResolvers<void>();
  const observed: HeartbeatTopic = {
    follow: async ({ onBeat, ...rest }) => {
      const following = await topic.follow({
        ...rest,
        onBeat: (message) => {
          onBeat(message);
          heard += 1;
        },
      });
      listening.resolve();
      return following;
    },
  };
  const run = followHeartbeatTopic({
    topic: observed,
    tracker,
    intervalSeconds: 60,
    now: () => nowMs,
    warn: () => undefined,
  })();
  await listening.promise;
  return {
    momento,
    tracker,
    /** Publishes to the heartbeats as a viewer who is signed in to the account. */
    viewer: async (accountId: string) => {
      const scope = scopeOf(accountId, { followsHeartbeatTopic: true });
      const { token } = await mint.mintForTopics(scope, 1800);
      const { api_key: key } = JSON.parse(Buffer.from(token, 'base64').toString()) as { api_key: string };
      const client = topicClient(momento, token);
      return {
        bySdk: (body: string | Uint8Array) => client.publish(CACHE, 'heartbeat', body),
        byHttp: (body: string) =>
          fetch(`${momento.url}/topics/${CACHE}/heartbeat`, {
            method: 'POST',
            headers: { authorization: key, 'content-type': 'application/json' },
            body,
          }),
      };
    },
    /** Waits until so many messages were heard, then ends the run. */
    endAfter: async (messages: number) => {
      await expect.poll(() => heard).toBe(messages);
      nowMs += 65_000;
      await run;
    },
  };
}

describe('follow-heartbeat-topic', () => {
  it('counts devices that beat by SDK and by plain HTTP, each for the account of its token', async () => {
    capturedLog();
    const { tracker, viewer, endAfter } = await world();
    const [ada, bob] = [await viewer('ada'), await viewer('bob')];
    await ada.bySdk(JSON.stringify({ deviceId: 'tv', ...movie }));
    await ada.byHttp(JSON.stringify({ deviceId: 'phone', ...movie }));
    await bob.byHttp(JSON.stringify({ deviceId: 'tv', ...movie, accountId: 'ada' }));
    await bob.bySdk(JSON.stringify({ deviceId: 'tv', ...movie, accountId: 'ada' }));
    await endAfter(4);
    expect(await tracker.devices('ada', interval)).toBe(2);
    expect(await tracker.devices('bob', interval)).toBe(1);
    expect(await tracker.count('bob', interval, 'tv')).toBe(3);
  });

  it('skips noise, goes on, and tells of the run in one line without a word of what was published', async () => {
    const log = capturedLog();
    const { momento, tracker, viewer, endAfter } = await world();
    const { bySdk, byHttp } = await viewer('ada');
    await byHttp('no secret of mine');
    await bySdk(Uint8Array.of(1, 2, 3));
    await bySdk('\u0000{"'.repeat(1365));
    await topicClient(momento, momento.mintKey('data')).publish(
      CACHE,
      'heartbeat',
      JSON.stringify({ deviceId: 'tv', ...movie, accountId: 'ada' }),
    );
    await bySdk(JSON.stringify({ deviceId: 'tv' }));
    await bySdk(JSON.stringify({ deviceId: 'tv', ...movie }));
    await endAfter(6);
    expect(await tracker.devices('ada', interval)).toBe(1);
    const lines = log.lines().filter(({ message }) => message === 'followed heartbeats');
    expect(lines).toEqual([
      expect.objectContaining({
        received: 6,
        counted: 1,
        malformed: { binary: 1, 'not-json': 2, 'no-account': 1, 'not-a-heartbeat': 1 },
        malformedTotal: 5,
        dropped: 0,
        gaps: 0,
      }),
    ]);
    expect(log.text()).not.toContain('no secret of mine');
  });
});
