import type { CredentialProvider, TopicItem } from '@gomomento/sdk-web';
import type { Grant } from '../service/messages.ts';
import { loadAgain } from './load-again.ts';

type MomentoSdk = typeof import('./momento-sdk.ts');

/** What Momento tells of one topic. */
export interface TopicEvents {
  readonly onItem: (text: string) => void;
  /** Somebody is there. */
  readonly onHeartbeat: () => void;
  /** Momento cannot say what was published in between. */
  readonly onDiscontinuity: () => void;
  /** The stream broke off, and the SDK opens another by itself. */
  readonly onBreak: () => void;
  readonly onError: (reason: string) => void;
}

/** One topic that is heard, or was: it can die without a word. */
export interface HeardTopic {
  /** False once the SDK has given it up. */
  isHeard(): boolean;
  close(): void;
}

export interface MomentoConnection {
  /** Resolves when the topic is being heard, which can take as long as the network does. @throws Error when refused */
  hear(topic: string, events: TopicEvents): Promise<HeardTopic>;
  /** The account's snapshot as it is cached, `undefined` when it is not. @throws Error */
  readSnapshot(): Promise<string | undefined>;
}

/** A cache that takes longer is not waited for: the API answers the same. */
const READ_MS = 2000;

const loadSdk = loadAgain(
  () => import('./momento-sdk.ts'),
  (address) => import(/* @vite-ignore */ /* webpackIgnore: true */ address) as Promise<MomentoSdk>,
);

/** Opens the way to Momento that a grant describes. The SDK, 200 KB gzipped, is loaded on the first call. */
export async function connectMomento(grant: Grant): Promise<MomentoConnection> {
  const sdk = await loadSdk();
  const { cacheName, userId } = grant;
  const credentials = (token: string): CredentialProvider =>
    // A token cannot say that its endpoint is a plain local one.
    grant.endpoint.startsWith('http://')
      ? sdk.CredentialProvider.fromDisposableToken({
          authToken: token,
          endpointOverrides: {
            cacheEndpoint: grant.endpoint,
            controlEndpoint: grant.endpoint,
            tokenEndpoint: grant.endpoint,
          },
        })
      : sdk.CredentialProvider.fromDisposableToken(token);
  const topics = new sdk.TopicClient({
    credentialProvider: credentials(grant.token),
    configuration: sdk.TopicConfigurations.Browser.latest(),
  });

  return {
    async hear(topic, { onItem, onHeartbeat, onDiscontinuity, onBreak, onError }) {
      let closed = false;
      const answer = await topics.subscribe(cacheName, topic, {
        onItem: (item: TopicItem) => onItem(item.valueString()),
        onHeartbeat,
        onDiscontinuity,
        onSubscriptionEnd: () => closed || onBreak(),
        onError: (error) => onError(error.errorCode()),
      });
      if (!(answer instanceof sdk.TopicSubscribe.Subscription)) {
        throw new Error(`Momento refused the subscription: ${answer.errorCode()}`);
      }
      return {
        isHeard: () => answer.isSubscribed,
        close() {
          closed = true;
          answer.unsubscribe();
        },
      };
    },

    async readSnapshot() {
      const cache = new sdk.CacheClient({
        credentialProvider: credentials(grant.cacheToken),
        configuration: sdk.Configurations.Browser.latest()
          .withReadConcern(sdk.ReadConcern.CONSISTENT)
          .withClientTimeoutMillis(READ_MS),
        defaultTtlSeconds: 60, // of what is written; this token may only read
      });
      const answer = await cache.get(cacheName, userId);
      if (answer.type === sdk.CacheGetResponse.Error) {
        throw new Error(`Momento did not give the snapshot: ${answer.errorCode()}`);
      }
      return answer.type === sdk.CacheGetResponse.Hit ? answer.valueString() : undefined;
    },
  };
}
