import { invokedCacheFiller } from '../shared/aws/cache-filler.ts';
import { fromMs } from '../shared/domain/instants.ts';
import { scopeOf } from '../shared/domain/token-scope.ts';
import { numberSetting, optionalSetting, setting } from '../shared/env.ts';
import { reusingFresh } from '../shared/fresh-tokens.ts';
import { type HttpReply } from '../shared/lambda/http-messages.ts';
import { viewer, type ViewerRequest } from '../shared/lambda/http.ts';
import { noteMissing } from '../shared/lambda/log.ts';
import { momentoSecrets } from '../shared/lambda/momento-secrets.ts';
import { momentoTokenMint } from '../shared/momento/token-mint.ts';
import type { CacheFiller, TokenMint } from '../shared/ports.ts';
import { Unavailable } from '../shared/errors.ts';

interface World {
  readonly mint: TokenMint;
  readonly filler: CacheFiller;
  readonly cacheName: string;
  readonly ttlSeconds: number;
  readonly followsHeartbeatTopic: boolean;
  readonly now: () => number;
  readonly warn: (message: string, reason: unknown) => void;
}

/**
 * GET /token: what a signed-in player connects to Momento with. `token` hears the account's topic, and publishes
 * heartbeats where the stage follows them; with `?cache=true` also `cacheToken`, which reads the account's snapshot.
 * The snapshot is in the cache by then. `issuedAt` is the time here, for players whose own clock is wrong.
 */
export function vendToken({ mint, filler, cacheName, ttlSeconds, followsHeartbeatTopic, now, warn }: World) {
  return async ({ accountId, query }: ViewerRequest): Promise<HttpReply> => {
    const scope = scopeOf(accountId, { followsHeartbeatTopic });
    const [forTopics, forCache] = await Promise.all([
      mint.mintForTopics(scope, ttlSeconds),
      query['cache'] === 'true' ? mint.mintForCache(scope, ttlSeconds) : undefined,
      filler.fill(accountId).catch((reason: unknown) => {
        // A player that finds nothing in the cache asks GET /entitlements.
        if (!(reason instanceof Unavailable)) throw reason;
        warn('cache not filled', reason);
      }),
    ]);
    return {
      status: 200,
      body: {
        userId: accountId,
        cacheName,
        endpoint: forTopics.endpoint,
        issuedAt: fromMs(now()),
        expiresAt: fromMs(Math.min(forTopics.expiresAtMs, forCache?.expiresAtMs ?? Infinity)),
        token: forTopics.token,
        ...(forCache && { cacheToken: forCache.token }),
      },
    };
  };
}

const cacheName = setting('MOMENTO_CACHE_NAME');
const secrets = momentoSecrets('MOMENTO_SUPER_KEY_PARAMETER');

export const handler = viewer(
  vendToken({
    mint: reusingFresh(momentoTokenMint(secrets, cacheName), {
      now: Date.now,
      mintedWith: async () => Object.values(await secrets.get()).join(' '),
    }),
    filler: invokedCacheFiller(setting('FILL_CACHE_FUNCTION_NAME')),
    cacheName,
    ttlSeconds: numberSetting('TOKEN_TTL_SECONDS'),
    followsHeartbeatTopic: optionalSetting('FOLLOWS_HEARTBEAT_TOPIC') === 'true',
    now: Date.now,
    warn: noteMissing,
  }),
);
