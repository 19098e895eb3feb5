import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import type { TopicClient, TopicSubscribe } from '@gomomento/sdk';
import { TopicItem, UnknownError } from '@gomomento/sdk';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { scopeOf } from '../../../shared/domain/token-scope.ts';
import { Unavailable } from '../../../shared/errors.ts';
import { momentoHeartbeatTopic } from '../../../shared/momento/heartbeat-topic.ts';
import { momentoTokenMint } from '../../../shared/momento/token-mint.ts';
import type { HeartbeatMessage } from '../../../shared/ports.ts';
import type { Secrets } from '../../../shared/secrets.ts';
import { accessTo, CACHE, momentoForTest, topicClient } from '../../support/momento.ts';
import { fakeSecrets } from '../../support/secrets.ts';

/** What a follower hears, to be waited for. */
async function followed(topic: ReturnType<typeof momentoHeartbeatTopic>) {
  const beats: HeartbeatMessage[] = [];
  const troubles: unknown[] = [];
  let gaps = 0;
  const following = await topic.follow({
    onBeat: (message) => void beats.push(message),
    onGap: () => void (gaps += 1),
    onTrouble: (reason) => void troubles.push(reason),
  });
  onTestFinished(() => following.stop());
  return { beats, troubles, gaps: () => gaps, stop: () => following.stop() };
}

async function world() {
  const momento = await momentoForTest();
  const secrets = accessTo(momento);
  const topic = momentoHeartbeatTopic(secrets, CACHE);
  const publisher = topicClient(momento, momento.mintKey('data'));
  const publish = (value: string | Uint8Array) => publisher.publish(CACHE, 'heartbeat', value);
  /** Until what is published is heard again. */
  const expectHeard = async (beats: readonly HeartbeatMessage[]) => {
    const heardAgain = async () => {
      await publish('again');
      return beats.some(({ text }) => text === 'again');
    };
    await expect.poll(heardAgain, { timeout: 8000, interval: 200 }).toBe(true);
  };
  return { momento, secrets, topic, publish, expectHeard };
}

describe('a heartbeat that is published', () => {
  it('is heard from the moment the follower listens, with the account of the publisher’s token', async () => {
    const { momento, topic } = await world();
    const mint = momentoTokenMint(accessTo(momento, 'super'), CACHE);
    const { token } = await mint.mintForTopics(scopeOf('ada', { followsHeartbeatTopic: true }), 1800);
    const { beats, troubles } = await followed(topic);
    await topicClient(momento, token).publish(CACHE, 'heartbeat', 'beat');
    await expect.poll(() => beats).toEqual([{ tokenId: 'ada', text: 'beat' }]);
    expect(troubles).toEqual([]);
  });

  it('with a key belongs to no account', async () => {
    const { topic, publish } = await world();
    const { beats } = await followed(topic);
    await publish('beat');
    await expect.poll(() => beats).toEqual([{ tokenId: undefined, text: 'beat' }]);
  });

  it('as bytes has no text, and the next one is heard', async () => {
    const { topic, publish } = await world();
    const { beats } = await followed(topic);
    await publish(Uint8Array.of(0xff, 0x00, 0xc3));
    await publish('beat');
    await expect.poll(() => beats.map(({ text }) => text)).toEqual([undefined, 'beat']);
  });

  it('is heard in order, 4 KB of noise among others', async () => {
    const { topic, publish } = await world();
    const { beats } = await followed(topic);
    const noise = '\u0000{"'.repeat(1365);
    for (const text of ['1', noise, '3']) await publish(text);
    await expect.poll(() => beats.map(({ text }) => text)).toEqual(['1', noise, '3']);
  });

  it('on another topic is not heard', async () => {
    const { momento, topic, publish } = await world();
    const { beats } = await followed(topic);
    const publisher = topicClient(momento, momento.mintKey('data'));
    await publisher.publish(CACHE, 'ada', 'not a beat');
    await publish('beat');
    await expect.poll(() => beats.map(({ text }) => text)).toEqual(['beat']);
  });

  it('after the follower has stopped is not heard, nor is the subscription open any longer', async () => {
    const { topic, publish, momento } = await world();
    const first = await followed(topic);
    await first.stop();
    const second = await followed(topic);
    await publish('beat');
    await expect.poll(() => second.beats).toHaveLength(1);
    expect(first.beats).toEqual([]);
    expect(momento.countCalls('Subscribe')).toBe(2);
  });
});

describe('a follower', () => {
  it('asks for a first stream that lasts longer than it runs, not for the SDK’s own five seconds', async () => {
    const { url, timeout } = await timeoutAskedFor();
    await followed(momentoHeartbeatTopic(fakeSecrets({ key: 'a.b.c', endpoint: url }), CACHE));
    expect(await timeout).toMatch(/^\d+m$/); // milliseconds
    expect(Number.parseInt(await timeout, 10)).toBeGreaterThan(75_000);
  });

  it('listens on with the key in force when the one it came with is revoked', async () => {
    const { momento, secrets, topic, expectHeard } = await world();
    const { key: old } = await secrets.get();
    const { beats, troubles } = await followed(topic);
    secrets.rotate({ key: momento.mintKey('data'), endpoint: momento.url });
    momento.revokeKey(old);
    await expectHeard(beats);
    expect(secrets.refreshes()).toBe(1);
    expect(inspect(troubles, { depth: 9, showHidden: true })).not.toContain(old);
  });

  it('that comes with a revoked key listens with the one in force', async () => {
    const { momento, secrets, topic, expectHeard } = await world();
    const { key: old } = await secrets.get();
    secrets.rotate({ key: momento.mintKey('data'), endpoint: momento.url });
    momento.revokeKey(old);
    const { beats } = await followed(topic);
    await expectHeard(beats);
  });

  it('listens again when Momento is back after an outage', async () => {
    const { momento, topic, expectHeard } = await world();
    const { beats } = await followed(topic);
    momento.block();
    momento.unblock();
    await expectHeard(beats);
  });

  it('that starts in an outage says so and listens when it is over', async () => {
    const { momento, topic, expectHeard } = await world();
    momento.block();
    const { beats, troubles } = await followed(topic);
    expect(troubles).toHaveLength(1);
    momento.unblock();
    await expectHeard(beats);
  });

  it.each(['NOT_FOUND', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'INTERNAL'] as const)(
    'that Momento turns away with %s tries again',
    async (code) => {
      const { momento, topic, expectHeard } = await world();
      momento.fail({ rpc: 'Subscribe', code });
      const { beats, troubles } = await followed(topic);
      expect(troubles).toHaveLength(1);
      await expectHeard(beats);
    },
  );

  it('without a secret to connect with tries again', async () => {
    const { secrets, expectHeard } = await world();
    let asked = 0;
    const late: Secrets<'key' | 'endpoint'> = {
      ...secrets,
      get: async () => {
        asked += 1;
        if (asked === 1) throw new Error('secrets cannot be fetched');
        return secrets.get();
      },
    };
    const { beats } = await followed(momentoHeartbeatTopic(late, CACHE));
    await expectHeard(beats);
  });

  it('gives up on a Momento that says nothing and tries again; what is subscribed too late is given up', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const asked = [0, 1].map(() => Promise.withResolvers<TopicSubscribe.Response>());
    const again = Promise.withResolvers<void>();
    let asking = 0;
    const access = fakeSecrets({ key: 'k', endpoint: 'momento.example' });
    const topic = momentoHeartbeatTopic(access, CACHE, () => ({
      subscribe: () => {
        if (asking === 1) again.resolve();
        return asked[asking++]!.promise;
      },
    }));
    const following = followed(topic);
    await vi.advanceTimersByTimeAsync(5000);
    const { troubles, stop } = await following;
    expect(troubles).toEqual([expect.any(Unavailable)]);
    await again.promise;

    const unsubscribe = vi.fn<() => void>();
    asked[0]!.resolve({ unsubscribe } as unknown as TopicSubscribe.Subscription);
    await stop(); // although the second answer has not come either
    expect(unsubscribe).toHaveBeenCalledOnce();
    expect(troubles).toHaveLength(1);
  });

  it('hears on after a message that the SDK can make nothing of', async () => {
    const told: Parameters<TopicClient['subscribe']>[2][] = [];
    let unsubscribed = false;
    const subscription = {
      type: 'Subscription',
      isSubscribed: true,
      unsubscribe: () => void (unsubscribed = true),
    } as unknown as TopicSubscribe.Subscription;
    const topic = momentoHeartbeatTopic(
      fakeSecrets({ key: 'k', endpoint: 'momento.example' }),
      CACHE,
      () => ({
        subscribe: async (_cache, _topic, options) => {
          told.push(options);
          return subscription;
        },
      }),
    );
    const { beats, troubles, gaps, stop } = await followed(topic);
    const error = Object.assign(new UnknownError('Unknown item value type'), { type: 'Error' });
    told[0]!.onError?.(error as unknown as TopicSubscribe.Error, subscription);
    told[0]!.onItem?.(new TopicItem('beat', 2, { tokenId: 'ada' }));
    told[0]!.onDiscontinuity?.({} as Parameters<NonNullable<(typeof told)[0]['onDiscontinuity']>>[0]);
    expect(beats).toEqual([
      { tokenId: undefined, text: undefined },
      { tokenId: 'ada', text: 'beat' },
    ]);
    expect([troubles, gaps(), told.length]).toEqual([[], 1, 1]);
    await stop();
    expect(unsubscribed).toBe(true);
  });
});

/** A server that refuses the first call, and the time-out that came with it. */
async function timeoutAskedFor(): Promise<{ readonly url: string; readonly timeout: Promise<string> }> {
  const { promise: timeout, resolve } = Promise.withResolvers<string>();
  const server = createServer().listen(0, '127.0.0.1');
  server.on('stream', (stream, headers) => {
    resolve(String(headers['grpc-timeout']));
    const answer = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '14' };
    stream.respond(answer, { endStream: true });
  });
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, timeout };
}
