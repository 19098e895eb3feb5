import { setTimeout as sleep } from 'node:timers/promises';
import { TopicClient, TopicConfigurations, type TopicItem, type TopicSubscribe } from '@gomomento/sdk';
import { HEARTBEAT_TOPIC } from '../domain/token-scope.ts';
import { Unavailable } from '../errors.ts';
import type { HeartbeatListener, HeartbeatTopic } from '../ports.ts';
import type { Secrets } from '../secrets.ts';
import { credentialsFor, SILENT, type MomentoAccess } from './credentials.ts';
import { answered, failureOf, KeyRefused } from './errors.ts';

/**
 * The SDK cuts its first stream at the client's time-out, be it alive or not, and opens the next half a second later;
 * if nothing was published until then, what falls into that half second is lost. This is longer than a follower runs.
 */
const FIRST_STREAM_MS = 90_000;

/** How long Momento may take to say that we are subscribed. */
const SUBSCRIBED_WITHIN_MS = 5000;

/** Between two tries: doubled each time, from the first to the longest. */
const WAIT_MS = { first: 250, longest: 4000 };

/**
 * The topic `heartbeat` of the stage's Momento cache. Three things keep a subscription alive:
 *
 * - gRPC pings the server every 5 s and gives a connection up when no answer comes within a second: fit for a
 *   function that runs throughout, unlike the SDK's configuration for Lambda, made for functions that freeze between
 *   calls;
 * - the SDK opens a broken stream again after half a second and resumes with the next message, of which Momento keeps
 *   some seconds; only if some were lost it is noticed here;
 * - what the SDK gives up on, a refused key foremost, is subscribed anew, with the key that is then in force.
 *
 * Each `follow` makes a client of its own: one that was frozen between two runs may hang on a dead connection. The SDK
 * has no way to close it; gRPC closes its connection half an hour after the last stream.
 */
export function momentoHeartbeatTopic(
  secrets: Secrets<keyof MomentoAccess>,
  cacheName: string,
  connect: (access: MomentoAccess) => Pick<TopicClient, 'subscribe'> = subscriber,
): HeartbeatTopic {
  /** @throws whatever ended it, unless it was stopped */
  async function listen(
    access: MomentoAccess,
    { onBeat, onGap }: HeartbeatListener,
    { stop, onSubscribed }: { readonly stop: AbortSignal; readonly onSubscribed: () => void },
  ): Promise<void> {
    const { promise: over, resolve, reject } = Promise.withResolvers<void>();
    over.catch(() => {}); // awaited below, unless it was never begun
    const subscribing = connect(access).subscribe(cacheName, HEARTBEAT_TOPIC, {
      onItem: (item) => onBeat({ tokenId: item.tokenId() || undefined, text: textOf(item) }),
      onDiscontinuity: onGap,
      onError: (error, { isSubscribed }) => {
        // A message that the SDK can make nothing of is an error to it too, but the next ones are heard.
        if (isSubscribed) onBeat({ tokenId: undefined, text: undefined });
        else reject(failureOf(error, 'subscribe'));
      },
    });
    const subscription = answered(await soon(subscribing, stop), 'subscribe');
    stop.addEventListener('abort', () => resolve(), { once: true });
    if (stop.aborted) resolve();
    onSubscribed();
    try {
      await over;
    } finally {
      subscription.unsubscribe();
    }
  }

  async function follow(
    listener: HeartbeatListener,
    { stop, onTried }: { readonly stop: AbortSignal; readonly onTried: () => void },
  ): Promise<void> {
    let waitMs = WAIT_MS.first;
    const onSubscribed = () => {
      waitMs = WAIT_MS.first;
      onTried();
    };
    while (!stop.aborted) {
      try {
        const access = await secrets.get();
        await listen(access, listener, { stop, onSubscribed }).catch(async (reason: unknown) => {
          if (reason instanceof KeyRefused) await secrets.refresh(access);
          throw reason;
        });
      } catch (reason) {
        if (stop.aborted) break;
        listener.onTrouble(reason);
        onTried();
        await sleep(waitMs, undefined, { signal: stop }).catch(() => {});
        waitMs = Math.min(2 * waitMs, WAIT_MS.longest);
      }
    }
    onTried();
  }

  return {
    async follow(listener) {
      const stopping = new AbortController();
      const { promise: tried, resolve } = Promise.withResolvers<void>();
      const following = follow(listener, { stop: stopping.signal, onTried: resolve });
      await tried;
      return {
        stop() {
          stopping.abort();
          return following;
        },
      };
    },
  };
}

function subscriber(access: MomentoAccess): TopicClient {
  return new TopicClient({
    credentialProvider: credentialsFor(access),
    configuration: TopicConfigurations.Default.latest(SILENT)
      .withNumStreamConnections(1)
      .withNumUnaryConnections(1)
      .withClientTimeoutMillis(FIRST_STREAM_MS),
  });
}

/** @throws Unavailable when the answer is late or no longer wanted; a subscription that comes then is given up */
async function soon(
  subscribing: Promise<TopicSubscribe.Response>,
  stop: AbortSignal,
): Promise<TopicSubscribe.Response> {
  const { promise: enough, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(new Unavailable('Momento subscribe: no answer'));
  const timer = setTimeout(giveUp, SUBSCRIBED_WITHIN_MS);
  stop.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([subscribing, enough]);
  } catch (reason) {
    void subscribing.then((late) => 'unsubscribe' in late && late.unsubscribe());
    throw reason;
  } finally {
    clearTimeout(timer);
    stop.removeEventListener('abort', giveUp);
  }
}

function textOf(item: TopicItem): string | undefined {
  const value = item.value();
  return typeof value === 'string' ? value : undefined;
}
