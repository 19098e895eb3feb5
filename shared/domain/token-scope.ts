/** What the two tokens of one account may do in the stage's Momento cache, and nothing else. */
export interface TokenScope {
  readonly tokenId: string;
  readonly cacheKey: string;
  readonly subscribe: readonly string[];
}

/** Announcements for everyone: a changed catalogue. */
const CATALOG_TOPIC = 'catalog';

/** An account reads its own snapshot and hears its own topic and the catalogue's; it publishes nothing. */
export function scopeOf(accountId: string): TokenScope {
  return { tokenId: accountId, cacheKey: accountId, subscribe: [accountId, CATALOG_TOPIC] };
}
