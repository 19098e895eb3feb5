import {
  AuthClient,
  AuthClientConfigurations,
  CacheRole,
  ExpiresIn,
  TopicRole,
  type DisposableTokenScope,
} from '@gomomento/sdk';
import { Throttled, TooOften, Unavailable } from '../errors.ts';
import type { TokenMint, VendedToken } from '../ports.ts';
import type { Secrets } from '../secrets.ts';
import { credentialsFor, SILENT, type MomentoAccess } from './credentials.ts';
import { answered } from './errors.ts';
import { rotatingClient } from './rotating-client.ts';

/** The SDK gives token calls a minute, longer than a viewer waits; a second try has to fit into the route's 10 s. */
const DEADLINE_MS = 2000;

/**
 * Mints tokens with the stage's super key. One for topics and one for the cache: from a scope that mixes the two,
 * the SDK drops the cache item and grants the whole cache (@gomomento/sdk 1.118.1).
 */
export function momentoTokenMint(secrets: Secrets<keyof MomentoAccess>, cacheName: string): TokenMint {
  const momento = rotatingClient(
    secrets,
    (access) =>
      new AuthClient({
        credentialProvider: credentialsFor(access),
        configuration: AuthClientConfigurations.Default.latest(SILENT),
      }),
  );

  async function mint(
    scope: DisposableTokenScope,
    ttlSeconds: number,
    tokenId: string,
  ): Promise<VendedToken> {
    const minted = await momento
      .use(async (client) => {
        const answer = client.generateDisposableToken(scope, ExpiresIn.seconds(ttlSeconds), { tokenId });
        return answered(await withDeadline(answer), 'generateDisposableToken');
      })
      .catch(throttlingAsTooOften);
    const { endpoint } = await secrets.get();
    return {
      token: minted.authToken,
      endpoint: endpoint.startsWith('http://') ? endpoint : minted.endpoint,
      expiresAtMs: minted.expiresAt.epoch() * 1000,
    };
  }

  return {
    mintForTopics: ({ subscribe, publish, tokenId }, ttlSeconds) => {
      const to = (role: TopicRole) => (topic: string) => ({ role, cache: cacheName, topic });
      const permissions = [
        ...subscribe.map(to(TopicRole.SubscribeOnly)),
        ...publish.map(to(TopicRole.PublishOnly)),
      ];
      return mint({ permissions }, ttlSeconds, tokenId);
    },
    mintForCache: ({ cacheKey, tokenId }, ttlSeconds) => {
      const permissions = [{ role: CacheRole.ReadOnly, cache: cacheName, item: { key: cacheKey } }];
      return mint({ permissions }, ttlSeconds, tokenId);
    },
  };
}

/** Momento allows 5 token operations per second and account: a viewer is asked to come back. */
function throttlingAsTooOften(error: unknown): never {
  throw error instanceof Throttled ? new TooOften(error.message, { cause: error }) : error;
}

async function withDeadline<T>(operation: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Unavailable('Momento generateDisposableToken: no answer')),
    DEADLINE_MS,
  );
  try {
    return await Promise.race([operation, late]);
  } finally {
    clearTimeout(timer);
  }
}
