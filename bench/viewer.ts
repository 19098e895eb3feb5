import {
  CredentialProvider,
  NoopMomentoLoggerFactory,
  TopicClient,
  TopicConfigurations,
  TopicSubscribe,
} from '@gomomento/sdk';
import { AuthenticationDetails, CognitoUser, CognitoUserPool } from 'amazon-cognito-identity-js';
import type { LocalStack } from '../local/stack.ts';
import { nowMs } from './clock.ts';

/** What GET /token answers, as far as it is used here. */
interface Token {
  readonly userId: string;
  readonly cacheName: string;
  readonly endpoint: string;
  readonly token: string;
}

interface Message {
  readonly text: string;
  /** When it arrived, on the clock of `nowMs`. */
  readonly atMs: number;
}

export interface Listening {
  /** Resolves with the next message. Ask before the message is caused. Rejects when none comes. */
  next(): Promise<Message>;
  stop(): void;
}

/** Signs the demo user in by SRP, as a browser does. Resolves to the ID token. */
export function signIn({ config }: Pick<LocalStack, 'config'>): Promise<string> {
  const { username, password } = config.demoUser;
  const kept = new Map<string, string>();
  const Storage = {
    setItem: (key: string, value: string) => kept.set(key, value),
    getItem: (key: string) => kept.get(key) ?? null,
    removeItem: (key: string) => kept.delete(key),
    clear: () => kept.clear(),
  };
  const Pool = new CognitoUserPool({
    UserPoolId: config.userPoolId,
    ClientId: config.userPoolClientId,
    endpoint: config.cognitoEndpoint,
    Storage,
  });
  return new Promise((resolve, reject) => {
    new CognitoUser({ Username: username, Pool, Storage }).authenticateUser(
      new AuthenticationDetails({ Username: username, Password: password }),
      { onSuccess: (session) => resolve(session.getIdToken().getJwtToken()), onFailure: reject },
    );
  });
}

/** GET /token. */
export async function fetchToken(apiUrl: string, idToken: string): Promise<Token> {
  const response = await fetch(`${apiUrl}/token`, { headers: { authorization: `Bearer ${idToken}` } });
  if (response.status !== 200) throw new Error(`GET /token answered ${response.status}`);
  return (await response.json()) as Token;
}

/** GET /entitlements, as text. */
export async function fetchSnapshot(apiUrl: string, idToken: string): Promise<string> {
  const response = await fetch(`${apiUrl}/entitlements`, { headers: { authorization: `Bearer ${idToken}` } });
  if (response.status !== 200) throw new Error(`GET /entitlements answered ${response.status}`);
  return response.text();
}

/** A player's connection to Momento: the SDK with the vended token. */
export function playerClient({ token, endpoint }: Token): TopicClient {
  const { host } = new URL(endpoint);
  return new TopicClient({
    credentialProvider: CredentialProvider.fromDisposableToken({
      authToken: token,
      endpointOverrides: {
        cacheEndpoint: host,
        controlEndpoint: host,
        tokenEndpoint: host,
        secureConnection: false,
      },
    }),
    configuration: TopicConfigurations.Default.latest(new NoopMomentoLoggerFactory()),
  });
}

/** A message that has not come by then does not come. */
const PATIENCE_MS = 10_000;

/** Listens to a topic. What arrives while nobody waits is dropped: a message may be published twice. */
export async function listenTo(client: TopicClient, cacheName: string, topic: string): Promise<Listening> {
  let waiting: PromiseWithResolvers<Message> | undefined;
  const subscription = await client.subscribe(cacheName, topic, {
    onItem: (item) => {
      waiting?.resolve({ text: item.valueString(), atMs: nowMs() });
      waiting = undefined;
    },
    onError: (error) => waiting?.reject(error.innerException()),
  });
  if (!(subscription instanceof TopicSubscribe.Subscription)) {
    throw new Error(`${topic} cannot be subscribed to: ${subscription.toString()}`);
  }
  return {
    async next() {
      const { promise, reject } = (waiting = Promise.withResolvers<Message>());
      const timer = setTimeout(() => reject(new Error(`nothing arrived on ${topic}`)), PATIENCE_MS);
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
      }
    },
    stop: () => subscription.unsubscribe(),
  };
}
