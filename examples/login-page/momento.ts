import {
  CacheClient,
  CacheGetResponse,
  Configurations,
  ReadConcern,
  TopicClient,
  TopicConfigurations,
  TopicSubscribe,
} from '@gomomento/sdk-web';
import { credentialsFor } from '../momento-credentials.ts';
import type { Grant } from '../service.ts';
import type { Snapshot } from './entitlements.ts';

interface Listener {
  readonly hear: (text: string) => void;
  /** Something may have been missed, or nothing more will be heard. */
  readonly onBroken: () => void;
}

/** Hears the account's topic until it is closed by what this resolves with. @throws Error when Momento refuses. */
export async function subscribe(
  { cacheName, userId, endpoint, token }: Grant,
  { hear, onBroken }: Listener,
): Promise<() => void> {
  const topics = new TopicClient({
    credentialProvider: credentialsFor(endpoint, token),
    configuration: TopicConfigurations.Browser.latest(),
  });
  const answer = await topics.subscribe(cacheName, userId, {
    onItem: (item) => hear(item.valueString()),
    onDiscontinuity: onBroken,
    onError: onBroken,
  });
  if (answer instanceof TopicSubscribe.Subscription) return () => answer.unsubscribe();
  throw new Error(`Momento refused the subscription: ${answer.errorCode()}`);
}

/** What the account holds, as it is cached; undefined when it is not, or the cache does not answer. */
export async function readCache({
  cacheName,
  userId,
  endpoint,
  cacheToken,
}: Grant): Promise<Snapshot | undefined> {
  const cache = new CacheClient({
    credentialProvider: credentialsFor(endpoint, cacheToken),
    configuration: Configurations.Browser.latest().withReadConcern(ReadConcern.CONSISTENT),
    defaultTtlSeconds: 60, // of what is written; this token may only read
  });
  const answer = await cache.get(cacheName, userId);
  if (answer.type !== CacheGetResponse.Hit) return undefined;
  return JSON.parse(answer.valueString()) as Snapshot;
}
