import {
  CacheClient,
  Configurations,
  CredentialProvider,
  TopicClient,
  TopicConfigurations,
  type TopicItem,
  type TopicSubscribe,
} from '@gomomento/sdk';
import { onTestFinished } from 'vitest';
import { startMomento, type MomentoOptions, type MomentoStandIn } from '../../local/momento/server.ts';
import { fakeSecrets, type FakeSecrets } from './secrets.ts';

export const CACHE = 'usher-test';

/** Momento on loopback with one cache, until the test ends. */
export async function momentoForTest(options: MomentoOptions = {}): Promise<MomentoStandIn> {
  const momento = await startMomento(options);
  momento.createCache(CACHE);
  onTestFinished(() => momento.stop());
  return momento;
}

/** What Parameter Store holds of such a Momento. */
export function accessTo(
  momento: MomentoStandIn,
  scope: 'data' | 'super' = 'data',
): FakeSecrets<'key' | 'endpoint'> {
  return fakeSecrets({ key: momento.mintKey(scope), endpoint: momento.url });
}

/** What a player connects with; a key is wrapped as Momento's older credentials were. */
function credentials(momento: MomentoStandIn, tokenOrKey: string): CredentialProvider {
  const { host } = new URL(momento.url);
  const isKey = tokenOrKey.split('.').length === 3;
  const wrapped = Buffer.from(JSON.stringify({ endpoint: host, api_key: tokenOrKey })).toString('base64');
  return CredentialProvider.fromString({
    authToken: isKey ? wrapped : tokenOrKey,
    endpointOverrides: {
      cacheEndpoint: host,
      controlEndpoint: host,
      tokenEndpoint: host,
      secureConnection: false,
    },
  });
}

/** Momento's own cache client, for whoever holds this token or key. */
export function cacheClient(momento: MomentoStandIn, tokenOrKey: string): CacheClient {
  const client = new CacheClient({
    credentialProvider: credentials(momento, tokenOrKey),
    configuration: Configurations.Lambda.latest(),
    defaultTtlSeconds: 60,
  });
  onTestFinished(() => client.close());
  return client;
}

/** Momento's own topic client, for whoever holds this token or key. */
export function topicClient(momento: MomentoStandIn, tokenOrKey: string): TopicClient {
  return new TopicClient({
    credentialProvider: credentials(momento, tokenOrKey),
    configuration: TopicConfigurations.Default.latest(),
  });
}

/** Listens to a topic; `next` waits for a message. */
export async function listenTo(
  client: TopicClient,
  topic: string,
): Promise<{ readonly answer: TopicSubscribe.Response; readonly next: () => Promise<TopicItem> }> {
  const heard: TopicItem[] = [];
  const waiting: ((item: TopicItem) => void)[] = [];
  const answer = await client.subscribe(CACHE, topic, {
    onItem: (item) => {
      const waiter = waiting.shift();
      if (waiter) waiter(item);
      else heard.push(item);
    },
    onError: () => undefined,
  });
  if ('unsubscribe' in answer) onTestFinished(() => answer.unsubscribe());
  return {
    answer,
    next: () =>
      new Promise((resolve) => {
        const item = heard.shift();
        if (item) resolve(item);
        else waiting.push(resolve);
      }),
  };
}
