import { createHash, createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { dataGrant, grantOf, superGrant, type Grant } from './permissions.ts';
import { unauthenticated } from './status.ts';

export type KeyScope = 'super' | 'data';

/** Who is calling, once the key or token has been verified. */
export interface Bearer {
  readonly grant: Grant;
  /** The token id given when it was minted; topics deliver it with each message. Keys have none. */
  readonly tokenId: string;
  /** Undefined for a key: keys do not expire, they are revoked. */
  readonly expiresAtMs: number | undefined;
  /** Throws UNAUTHENTICATED once expired or revoked; for calls that stay open. */
  stillValid(): void;
}

/** Signs keys and tokens and tells whether they hold. They are JWTs, HS256. */
export interface Authority {
  mintKey(scope: KeyScope): string;
  /** @param permissions serialized `Permissions`; @returns a token valid until `expiresAtSeconds` (Unix time) */
  mintToken(token: {
    readonly permissions: Uint8Array;
    readonly tokenId: string;
    readonly expiresAtSeconds: number;
  }): string;
  /**
   * The key is refused from now on. Tokens it minted before keep their own validity: they are signed by Momento,
   * not by the key, and end by their expiry, which is at most 25 hours away.
   */
  revoke(key: string): void;
  /** @throws Refusal UNAUTHENTICATED when it is missing, malformed, forged, expired or revoked */
  verify(token: string | undefined): Bearer;
}

// `t: "g"` marks Momento's current kind of key; the SDKs refuse another one in `fromApiKeyV2`.
const keyClaims = z.object({ t: z.literal('g'), scope: z.enum(['super', 'data']), jti: z.string() });
const tokenClaims = z.object({ permissions: z.string(), tid: z.string(), exp: z.number(), jti: z.string() });
const anyClaims = z.union([keyClaims, tokenClaims]);
type Claims = z.infer<typeof anyClaims>;

export function createAuthority({
  secret,
  now,
}: {
  readonly secret: string;
  readonly now: () => number;
}): Authority {
  const revoked = new Set<string>();

  function sign(claims: Claims): string {
    const content = `${segment({ alg: 'HS256', typ: 'JWT' })}.${segment(claims)}`;
    return `${content}.${signatureOf(content).toString('base64url')}`;
  }

  const signatureOf = (content: string) => createHmac('sha256', secret).update(content).digest();

  function claimsOf(token: string): Claims {
    const [header = '', payload = '', signature = '', ...rest] = token.split('.');
    const presented = Buffer.from(signature, 'base64url');
    const expected = signatureOf(`${header}.${payload}`);
    const genuine =
      rest.length === 0 && presented.length === expected.length && timingSafeEqual(presented, expected);
    if (!genuine) throw unauthenticated('Invalid signature');
    const claims = anyClaims.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
    if (!claims.success) throw unauthenticated('Unknown kind of key');
    return claims.data;
  }

  return {
    mintKey: (scope) => sign({ t: 'g', scope, jti: randomUUID() }),
    mintToken: ({ permissions, tokenId, expiresAtSeconds }) =>
      sign({
        permissions: Buffer.from(permissions).toString('base64'),
        tid: tokenId,
        exp: expiresAtSeconds,
        jti: randomUUID(),
      }),
    revoke: (key) => void revoked.add(fingerprint(key)),
    verify(token) {
      if (token === undefined || token === '') throw unauthenticated('A key or token is required');
      const claims = claimsOf(token);
      const expiresAtMs = 'exp' in claims ? claims.exp * 1000 : undefined;
      const stillValid = () => {
        if (revoked.has(fingerprint(token))) throw unauthenticated('The key has been revoked');
        if (expiresAtMs !== undefined && expiresAtMs <= now()) throw unauthenticated('The token has expired');
      };
      stillValid();
      return {
        grant: grantFor(claims),
        tokenId: 'tid' in claims ? claims.tid : '',
        expiresAtMs,
        stillValid,
      };
    },
  };
}

function grantFor(claims: Claims): Grant {
  if ('permissions' in claims) return grantOf(Buffer.from(claims.permissions, 'base64'));
  return claims.scope === 'super' ? superGrant : dataGrant;
}

const segment = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');

/** Revoked keys are kept as hashes, so that no list of keys lies around. */
const fingerprint = (token: string) => createHash('sha256').update(token).digest('base64');
