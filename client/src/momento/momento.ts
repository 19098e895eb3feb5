import type { CredentialProvider } from '@gomomento/sdk-web';
import type { Grant } from '../service/messages.ts';

/** What a subscription tells. */
export interface TopicListener {
  /** A message, as text. */
  readonly onMessage: (text: string) => void;
  /** Momento cannot say what was published in between: read again. */
  readonly onGap: () => void;
}

export interface Subscription {
  /** Resolves with the reason when the subscription hears nothing more, other than by `close`. */
  readonly ended: Promise<string>;
  close(): void;
}

export interface MomentoConnection {
  /** Resolves when the account's topic is being heard. @throws Error when Momento refuses or does not answer. */
  subscribe(listener: TopicListener): Promise<Subscription>;
  /** The account's snapshot as it is cached, `undefined` when it is not. @throws Error */
  readSnapshot(): Promise<string | undefined>;
}

/**
 * A subscription that has received nothing yet dies without a word when the network fails (SDK 1.118), so it is
 * looked at this often; Momento sends heartbeats, so silence for that long means that nobody is there.
 */
const LOOK_EVERY_MS = 2000;
const SILENCE_MS = 60_000;
const FIRST_SIGN_MS = 15_000;

/** Opens the way to Momento that a grant describes. The SDK, 200 KB gzipped, is loaded on the first call. */
export async function connectMomento(grant: Grant): Promise<MomentoConnection> {
  const sdk = await import('./momento-sdk.ts');
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

  return {
    async subscribe(listener) {
      const topics = new sdk.TopicClient({
        credentialProvider: credentials(grant.token),
        configuration: sdk.TopicConfigurations.Browser.latest(),
      });
      const ended = Promise.withResolvers<string>();
      let closed = false;
      let lastSignMs = Date.now();
      const alive = () => {
        lastSignMs = Date.now();
      };
      const subscribing = topics.subscribe(cacheName, userId, {
        onItem: (item) => {
          alive();
          listener.onMessage(item.valueString());
        },
        onHeartbeat: alive,
        onDiscontinuity: listener.onGap,
        // The stream broke off, and the SDK opens another by itself. Or it is we who closed it.
        onSubscriptionEnd: () => closed || listener.onGap(),
        onError: (error) => ended.resolve(error.errorCode()),
      });
      const answer = await withinTime(subscribing, (late) => {
        if (late instanceof sdk.TopicSubscribe.Subscription) late.unsubscribe();
      });
      if (!(answer instanceof sdk.TopicSubscribe.Subscription)) {
        throw new Error(`Momento refused the subscription: ${answer.errorCode()}`);
      }
      const looking = setInterval(() => {
        if (!answer.isSubscribed) ended.resolve('ended without a word');
        else if (Date.now() - lastSignMs > SILENCE_MS) ended.resolve('silent');
      }, LOOK_EVERY_MS);
      return {
        ended: ended.promise,
        close() {
          closed = true;
          clearInterval(looking);
          answer.unsubscribe();
        },
      };
    },

    async readSnapshot() {
      const cache = new sdk.CacheClient({
        credentialProvider: credentials(grant.cacheToken),
        configuration: sdk.Configurations.Browser.latest().withReadConcern(sdk.ReadConcern.CONSISTENT),
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

/** The SDK waits for a first sign of life for as long as the network does, which can be minutes. */
async function withinTime<T>(attempt: Promise<T>, whenLate: (value: T) => void): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error('Momento does not answer'));
      void attempt.then(whenLate);
    }, FIRST_SIGN_MS);
  });
  return Promise.race([attempt, late]).finally(() => clearTimeout(timer));
}
