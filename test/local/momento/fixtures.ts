import {
  AuthClient,
  AuthClientConfigurations,
  CacheClient,
  Configurations,
  CredentialProvider,
  ReadConcern,
  TopicClient,
  TopicConfigurations,
  type SubscribeCallOptions,
  type TopicItem,
} from '@gomomento/sdk';
import { onTestFinished } from 'vitest';
import { startMomento, type MomentoOptions, type MomentoStandIn } from '../../../local/momento/server.ts';

export const CACHE = 'main';

/** A clock that stands still until a test moves it. */
export function fakeClock(nowMs = Date.UTC(2026, 10, 22)) {
  return {
    now: () => nowMs,
    advance(ms: number) {
      nowMs += ms;
    },
  };
}

/** A stand-in with one cache, stopped when the test ends. */
export async function startForTest(options: MomentoOptions = {}): Promise<MomentoStandIn> {
  const momento = await startMomento(options);
  onTestFinished(() => momento.stop());
  momento.createCache(CACHE);
  return momento;
}

/** Keys travel bare, disposable tokens wrapped with their endpoint; the SDK wants the latter beside overrides. */
export function credentials(url: string, token: string): CredentialProvider {
  const host = new URL(url).host;
  const authToken = token.includes('.')
    ? Buffer.from(JSON.stringify({ endpoint: host, api_key: token })).toString('base64')
    : token;
  return CredentialProvider.fromDisposableToken({
    authToken,
    endpointOverrides: {
      cacheEndpoint: host,
      controlEndpoint: host,
      tokenEndpoint: host,
      secureConnection: false,
    },
  });
}

export function cacheClient(
  momento: MomentoStandIn,
  token = momento.mintKey('super'),
  concern?: ReadConcern,
) {
  const client = new CacheClient({
    configuration: Configurations.Lambda.latest().withReadConcern(concern ?? ReadConcern.BALANCED),
    credentialProvider: credentials(momento.url, token),
    defaultTtlSeconds: 60,
  });
  onTestFinished(() => client.close());
  return client;
}

export function topicClient(momento: MomentoStandIn, token = momento.mintKey('super')) {
  return new TopicClient({
    configuration: TopicConfigurations.Default.latest(),
    credentialProvider: credentials(momento.url, token),
  });
}

export function authClient(momento: MomentoStandIn, token = momento.mintKey('super')) {
  return new AuthClient({
    configuration: AuthClientConfigurations.Default.latest(),
    credentialProvider: credentials(momento.url, token),
  });
}

/** A disposable token of the given scope, or the test fails. */
export async function disposableToken(
  momento: MomentoStandIn,
  ...[scope, expiresIn, props]: Parameters<AuthClient['generateDisposableToken']>
): Promise<string> {
  const response = await authClient(momento).generateDisposableToken(scope, expiresIn, props);
  if (response.type !== 'Success') throw new Error(response.toString());
  return response.authToken;
}

/** `Hit`, `Stored` …, or for an error its code. */
export function outcome(response: { readonly type: string; errorCode?: () => string }): string {
  return response.errorCode?.() ?? response.type;
}

export type Heard =
  | {
      readonly kind: 'item';
      readonly value: string | Uint8Array;
      readonly sequence: number;
      readonly from: string;
    }
  | { readonly kind: 'discontinuity'; readonly text: string }
  | { readonly kind: 'error'; readonly code: string };

/** Collects what a subscription hears; `next` waits for it. Heartbeats are counted apart. */
export function listener() {
  const heard: Heard[] = [];
  const waiting: Array<(event: Heard) => void> = [];
  const heartbeat = Promise.withResolvers<void>();
  const hear = (event: Heard) => {
    const waiter = waiting.shift();
    if (waiter) waiter(event);
    else heard.push(event);
  };
  const callbacks: SubscribeCallOptions = {
    onItem: (item: TopicItem) =>
      hear({
        kind: 'item',
        value: item.value(),
        sequence: item.sequenceNumber(),
        from: item.tokenId() ?? '',
      }),
    onDiscontinuity: (gap) => hear({ kind: 'discontinuity', text: gap.toString() }),
    onError: (error) => hear({ kind: 'error', code: error.errorCode() }),
    onHeartbeat: () => heartbeat.resolve(),
  };
  return {
    callbacks,
    unread: heard as readonly Heard[],
    firstHeartbeat: heartbeat.promise,
    next: () =>
      new Promise<Heard>((resolve) => {
        const event = heard.shift();
        if (event) resolve(event);
        else waiting.push(resolve);
      }),
  };
}

/** Subscribes with the SDK, or the test fails; the subscription ends with the test. */
export async function subscribe(client: TopicClient, topic: string, ear: ReturnType<typeof listener>) {
  const subscription = await client.subscribe(CACHE, topic, ear.callbacks);
  if (subscription.type !== 'Subscription') throw new Error(subscription.toString());
  onTestFinished(() => subscription.unsubscribe());
  return subscription;
}
