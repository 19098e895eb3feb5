/** What the two tokens of one account may do in the stage's Momento cache, and nothing else. */
export interface TokenScope {
  readonly tokenId: string;
  readonly cacheKey: string;
  readonly subscribe: readonly string[];
  readonly publish: readonly string[];
}

/** Announcements for everyone: a changed catalogue. */
export const CATALOG_TOPIC = 'catalog';

/** Where devices tell that they play; who publishes is told by the token's id. */
export const HEARTBEAT_TOPIC = 'heartbeat';

/**
 * An account reads its own snapshot and hears its own topic and the catalogue's. It publishes heartbeats where the
 * stage follows them, which nobody hears but the stage itself, and nothing else.
 */
export function scopeOf(
  accountId: string,
  { followsHeartbeatTopic }: { readonly followsHeartbeatTopic: boolean },
): TokenScope {
  return {
    tokenId: accountId,
    cacheKey: accountId,
    subscribe: [accountId, CATALOG_TOPIC],
    publish: followsHeartbeatTopic ? [HEARTBEAT_TOPIC] : [],
  };
}
