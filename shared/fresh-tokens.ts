import type { TokenMint, VendedToken } from './ports.ts';

/** Enough for the viewers that one execution environment meets within half a token's life. */
const MOST_KEPT = 2000;

interface World {
  readonly now: () => number;
  /** What tokens are minted with: those of another key or endpoint are not given out again. */
  readonly mintedWith: () => Promise<string>;
}

/**
 * Gives a token out again while at least half of its life is left, since Momento mints only five per second and
 * account. A token is kept for the account that it was minted for, in this execution environment's memory alone.
 */
export function reusingFresh(mint: TokenMint, { now, mintedWith }: World): TokenMint {
  const kept = new Map<string, { readonly token: VendedToken; readonly freshUntilMs: number }>();
  let keptWith = '';

  async function fresh(
    key: string,
    ttlSeconds: number,
    mintOne: () => Promise<VendedToken>,
  ): Promise<VendedToken> {
    const inForce = await mintedWith();
    if (inForce !== keptWith) kept.clear();
    keptWith = inForce;
    const known = kept.get(key);
    if (known && now() < known.freshUntilMs) return known.token;
    const token = await mintOne();
    kept.delete(key);
    kept.set(key, { token, freshUntilMs: now() + (ttlSeconds * 1000) / 2 });
    const [oldest] = kept.keys();
    if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
    return token;
  }

  return {
    mintForTopics: (scope, ttlSeconds) =>
      fresh(`topics:${scope.tokenId}`, ttlSeconds, () => mint.mintForTopics(scope, ttlSeconds)),
    mintForCache: (scope, ttlSeconds) =>
      fresh(`cache:${scope.tokenId}`, ttlSeconds, () => mint.mintForCache(scope, ttlSeconds)),
  };
}
