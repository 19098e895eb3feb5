import { describe, expect, it } from 'vitest';
import { vendToken } from '../../functions/vend-token.ts';
import { scopeOf, type TokenScope } from '../../shared/domain/token-scope.ts';
import { TooOften, Unavailable } from '../../shared/errors.ts';
import type { ViewerRequest } from '../../shared/lambda/http.ts';
import type { CacheFiller, TokenMint } from '../../shared/ports.ts';

const nowMs = Date.parse('2026-11-22T10:00:00.000Z');
const expiresAtMs = Date.parse('2026-11-22T10:30:00.000Z');

function request(query: Readonly<Record<string, string>> = {}): ViewerRequest {
  return { accountId: 'ada', headers: {}, query, path: {}, body: Buffer.alloc(0) };
}

function world({
  mint: changes = {},
  fill = async () => {},
  followsHeartbeatTopic = false,
}: { mint?: Partial<TokenMint>; fill?: CacheFiller['fill']; followsHeartbeatTopic?: boolean } = {}) {
  const minted: (readonly [string, TokenScope, number])[] = [];
  const filled: string[] = [];
  const warnings: string[] = [];
  const mint: TokenMint = {
    mintForTopics: async (scope, ttlSeconds) => {
      minted.push(['topics', scope, ttlSeconds]);
      return { token: 'for topics', endpoint: 'cell.example', expiresAtMs };
    },
    mintForCache: async (scope, ttlSeconds) => {
      minted.push(['cache', scope, ttlSeconds]);
      return { token: 'for the cache', endpoint: 'cell.example', expiresAtMs };
    },
    ...changes,
  };
  const filler: CacheFiller = {
    fill: async (accountId) => {
      await fill(accountId);
      filled.push(accountId);
    },
  };
  const vend = vendToken({
    mint,
    filler,
    cacheName: 'usher-dev',
    ttlSeconds: 1800,
    followsHeartbeatTopic,
    now: () => nowMs,
    warn: (message) => warnings.push(message),
  });
  return { vend, minted, filled, warnings };
}

describe('GET /token', () => {
  it('answers all that a player needs to listen, the time among it, and nothing to read with', async () => {
    const { vend, minted } = world();
    expect(await vend(request())).toEqual({
      status: 200,
      body: {
        userId: 'ada',
        cacheName: 'usher-dev',
        endpoint: 'cell.example',
        issuedAt: '2026-11-22T10:00:00.000Z',
        expiresAt: '2026-11-22T10:30:00.000Z',
        token: 'for topics',
      },
    });
    expect(minted.map(([kind]) => kind)).toEqual(['topics']);
  });

  it('answers also a token to read with when it is asked to', async () => {
    const { vend, minted } = world();
    const { body } = await vend(request({ cache: 'true' }));
    expect(body).toMatchObject({ token: 'for topics', cacheToken: 'for the cache' });
    expect(minted.map(([kind]) => kind)).toEqual(['topics', 'cache']);
  });

  it.each(['false', '1', 'TRUE', ''])('mints no token to read with for cache=%s', async (cache) => {
    expect((await world().vend(request({ cache }))).body).not.toHaveProperty('cacheToken');
  });

  it('mints for the viewer who is signed in, whomever the query names', async () => {
    const { vend, minted, filled } = world();
    await vend(request({ cache: 'true', userId: 'bob', accountId: 'bob' }));
    for (const [, scope, ttlSeconds] of minted) {
      expect(scope).toEqual(scopeOf('ada', { followsHeartbeatTopic: false }));
      expect(ttlSeconds).toBe(1800);
    }
    expect(filled).toEqual(['ada']);
  });

  it('mints for heartbeats too where the stage follows them', async () => {
    const { vend, minted } = world({ followsHeartbeatTopic: true });
    await vend(request());
    expect(minted).toEqual([['topics', scopeOf('ada', { followsHeartbeatTopic: true }), 1800]]);
  });

  it('names the earlier of two ends, so that the player asks again in time', async () => {
    const earlier = { token: 't', endpoint: 'e', expiresAtMs: expiresAtMs - 60_000 };
    const { vend } = world({ mint: { mintForCache: async () => earlier } });
    expect((await vend(request({ cache: 'true' }))).body).toMatchObject({
      expiresAt: '2026-11-22T10:29:00.000Z',
    });
  });

  it('answers when the snapshot is in the cache, and not before', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { vend } = world({ fill: () => promise });
    let answered = false;
    const answer = vend(request()).then((reply) => {
      answered = true;
      return reply;
    });
    await new Promise(setImmediate);
    expect(answered).toBe(false);
    resolve();
    expect(await answer).toMatchObject({ status: 200 });
  });

  it('answers although the cache could not be filled, and says so: GET /entitlements is there', async () => {
    const fill = async () => {
      throw new Unavailable('usher-dev-fill-cache failed: Unhandled');
    };
    const { vend, warnings } = world({ fill });
    expect(await vend(request())).toMatchObject({ status: 200, body: { token: 'for topics' } });
    expect(warnings).toEqual(['cache not filled']);
  });

  it('does not take a bug in filling for an outage', async () => {
    const fill = async () => {
      throw new TypeError('x is not a function');
    };
    await expect(world({ fill }).vend(request())).rejects.toBeInstanceOf(TypeError);
  });

  it.each(['mintForTopics', 'mintForCache'] as const)(
    'passes on that Momento’s quota is used up (%s)',
    async (method) => {
      const mint = {
        [method]: async () => {
          throw new TooOften('mint');
        },
      };
      await expect(world({ mint }).vend(request({ cache: 'true' }))).rejects.toBeInstanceOf(TooOften);
    },
  );
});
