import { describe, expect, it } from 'vitest';
import { scopeOf } from '../../shared/domain/token-scope.ts';
import { reusingFresh } from '../../shared/fresh-tokens.ts';
import type { TokenMint } from '../../shared/ports.ts';
import { fakeClock } from '../support/world.ts';

const HALF_LIFE_MS = 900_000;
const scopeFor = (accountId: string) => scopeOf(accountId, { followsHeartbeatTopic: false });
const TTL_SECONDS = 1800;

/** A mint whose tokens say what they are for and the how-manieth they are. */
function countingMint(now: () => number) {
  let minted = 0;
  const one = (kind: string, accountId: string, ttlSeconds: number) => {
    minted += 1;
    return {
      token: `${kind} of ${accountId}, ${minted}`,
      endpoint: 'cell.example',
      expiresAtMs: now() + ttlSeconds * 1000,
    };
  };
  const mint: TokenMint = {
    mintForTopics: async ({ tokenId }, ttlSeconds) => one('topics', tokenId, ttlSeconds),
    mintForCache: async ({ cacheKey }, ttlSeconds) => one('cache', cacheKey, ttlSeconds),
  };
  return { mint, minted: () => minted };
}

function world() {
  const now = fakeClock();
  const { mint, minted } = countingMint(now);
  let inForce = 'first key';
  const rotate = () => void (inForce = 'second key');
  return { now, minted, rotate, fresh: reusingFresh(mint, { now, mintedWith: async () => inForce }) };
}

describe('a token', () => {
  it('is given out again while at least half of its life is left', async () => {
    const { fresh, now } = world();
    const first = await fresh.mintForTopics(scopeFor('ada'), TTL_SECONDS);
    now.advance(HALF_LIFE_MS - 1);
    expect(await fresh.mintForTopics(scopeFor('ada'), TTL_SECONDS)).toEqual(first);
    now.advance(1);
    expect((await fresh.mintForTopics(scopeFor('ada'), TTL_SECONDS)).token).toBe('topics of ada, 2');
  });

  it('is never given to another account', async () => {
    const { fresh } = world();
    await fresh.mintForTopics(scopeFor('ada'), TTL_SECONDS);
    await fresh.mintForCache(scopeFor('ada'), TTL_SECONDS);
    expect((await fresh.mintForTopics(scopeFor('bob'), TTL_SECONDS)).token).toBe('topics of bob, 3');
    expect((await fresh.mintForCache(scopeFor('bob'), TTL_SECONDS)).token).toBe('cache of bob, 4');
  });

  it('for topics is never given for the cache', async () => {
    const { fresh } = world();
    await fresh.mintForTopics(scopeFor('ada'), TTL_SECONDS);
    expect((await fresh.mintForCache(scopeFor('ada'), TTL_SECONDS)).token).toBe('cache of ada, 2');
  });

  it('that could not be minted is asked for again', async () => {
    let attempts = 0;
    const { mint } = countingMint(Date.now);
    const failing: TokenMint = {
      ...mint,
      mintForTopics: async (scope, ttlSeconds) => {
        attempts += 1;
        if (attempts === 1) throw new Error('no answer');
        return mint.mintForTopics(scope, ttlSeconds);
      },
    };
    const fresh = reusingFresh(failing, { now: fakeClock(), mintedWith: async () => 'key' });
    await expect(fresh.mintForTopics(scopeFor('ada'), TTL_SECONDS)).rejects.toThrow('no answer');
    expect((await fresh.mintForTopics(scopeFor('ada'), TTL_SECONDS)).token).toBe('topics of ada, 1');
  });

  it('is minted anew when the key that it was minted with is no longer in force', async () => {
    const { fresh, rotate, minted } = world();
    await fresh.mintForTopics(scopeFor('ada'), TTL_SECONDS);
    rotate();
    await fresh.mintForTopics(scopeFor('ada'), TTL_SECONDS);
    await fresh.mintForTopics(scopeFor('ada'), TTL_SECONDS);
    expect(minted()).toBe(2);
  });

  it('is kept for the latest 2000 viewers, so that memory does not grow with their number', async () => {
    const { fresh, minted } = world();
    for (let n = 0; n <= 2000; n++) await fresh.mintForTopics(scopeFor(`viewer-${n}`), TTL_SECONDS);
    const before = minted();
    await fresh.mintForTopics(scopeFor('viewer-2000'), TTL_SECONDS);
    await fresh.mintForTopics(scopeFor('viewer-1'), TTL_SECONDS);
    expect(minted()).toBe(before);
    await fresh.mintForTopics(scopeFor('viewer-0'), TTL_SECONDS);
    expect(minted()).toBe(before + 1);
  });
});
