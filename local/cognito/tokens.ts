/** Tokens as Cognito issues them: RS256 identity and access tokens, and an opaque refresh token kept as a hash. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  randomUUID,
  sign,
  verify,
} from 'node:crypto';
import { z } from 'zod';
import { AwsError } from '../aws-json.ts';
import { readableOf, type Attributes } from './attributes.ts';
import type { Client, Session, Store, User } from './store.ts';

export interface AuthenticationResult {
  readonly AccessToken: string;
  readonly IdToken: string;
  readonly RefreshToken?: string;
  /** Seconds. */
  readonly ExpiresIn: number;
  readonly TokenType: 'Bearer';
}

/** A type alias: an interface would not fit the JSON types of verifier libraries. */
export type SigningKey = {
  readonly kty: string;
  readonly kid: string;
  readonly alg: 'RS256';
  readonly use: 'sig';
  readonly n: string;
  readonly e: string;
};
export type KeySet = { readonly keys: readonly SigningKey[] };

export interface Tokens {
  readonly jwks: KeySet;
  issuer(userPoolId: string): string;
  /** Opens a session and issues all three tokens. */
  signIn(client: Client, user: User): AuthenticationResult;
  /** Issues new identity and access tokens for the session of a refresh token. Throws NotAuthorizedException. */
  refresh(client: Client, refreshToken: string): AuthenticationResult;
  /** Whose access token this is. Throws NotAuthorizedException when it is forged, expired or revoked. */
  readAccess(accessToken: string): Session;
  /** Ends the session of a refresh token, its access tokens included; an unknown token is nothing to do. */
  revoke(client: Client, refreshToken: string): void;
  /** Ends every session of a user. */
  revokeAll(user: { readonly poolId: string; readonly username: string }): void;
}

const accessClaims = z.object({
  iss: z.string(),
  origin_jti: z.string(),
  exp: z.number(),
  token_use: z.literal('access'),
});

export function createTokens(world: { store: Store; now: () => number; region: string }): Tokens {
  const { store, now, region } = world;
  const { sessions, pools } = store;
  const key = createPrivateKey(store.signingKeyPem);
  const publicKey = createPublicKey(key);
  const { kty = '', n = '', e = '' } = publicKey.export({ format: 'jwk' });
  const kid = createHash('sha256').update(n).digest('base64');
  const issuer = (poolId: string) => `https://cognito-idp.${region}.amazonaws.com/${poolId}`;

  const signed = (claims: object) => {
    const content = [{ kid, alg: 'RS256' }, claims].map((part) => encode(JSON.stringify(part))).join('.');
    return `${content}.${sign('RSA-SHA256', Buffer.from(content), key).toString('base64url')}`;
  };

  const issue = (
    client: Client,
    user: User,
    session: Session,
  ): Omit<AuthenticationResult, 'RefreshToken'> => {
    const { accessTokenSeconds, idTokenSeconds } = client.settings;
    const issuedAt = Math.floor(now() / 1000);
    const common = {
      sub: user.attributes['sub'],
      iss: issuer(client.poolId),
      origin_jti: session.originJti,
      event_id: randomUUID(),
      auth_time: Math.floor(session.signedInAtMs / 1000),
      iat: issuedAt,
    };
    sessions.set(session.originJti, {
      ...session,
      accessUntilMs: Math.max(session.accessUntilMs, (issuedAt + accessTokenSeconds) * 1000),
    });
    store.save();
    return {
      AccessToken: signed({
        ...common,
        client_id: client.id,
        token_use: 'access',
        scope: 'aws.cognito.signin.user.admin',
        exp: issuedAt + accessTokenSeconds,
        jti: randomUUID(),
        username: user.username,
      }),
      IdToken: signed({
        ...profile(readableOf(user.attributes, client)),
        ...common,
        aud: client.id,
        token_use: 'id',
        exp: issuedAt + idTokenSeconds,
        jti: randomUUID(),
        'cognito:username': user.username,
      }),
      ExpiresIn: accessTokenSeconds,
      TokenType: 'Bearer',
    };
  };

  const byRefreshToken = (token: string) => {
    const wanted = hash(token);
    return [...sessions.values()].find((session) => session.refreshTokenHash === wanted);
  };

  const end = (ended: readonly Session[]) => {
    for (const session of ended) sessions.set(session.originJti, { ...session, revoked: true });
    store.save();
  };

  return {
    jwks: { keys: [{ kty, kid, alg: 'RS256', use: 'sig', n, e }] },
    issuer,
    signIn: (client, user) => {
      forgetExpired(sessions, now());
      const RefreshToken = randomBytes(96).toString('base64url');
      const opened = {
        originJti: randomUUID(),
        refreshTokenHash: hash(RefreshToken),
        poolId: client.poolId,
        clientId: client.id,
        username: user.username,
        signedInAtMs: now(),
        refreshUntilMs: now() + client.settings.refreshTokenSeconds * 1000,
        accessUntilMs: 0,
        revoked: false,
      };
      return { ...issue(client, user, opened), RefreshToken };
    },
    refresh: (client, refreshToken) => {
      const session = byRefreshToken(refreshToken);
      const user = session && pools.get(session.poolId)?.users.get(session.username);
      if (!session || !user || session.clientId !== client.id) throw unauthorized('Invalid Refresh Token');
      if (session.revoked) throw unauthorized('Refresh Token has been revoked');
      if (session.refreshUntilMs <= now()) throw unauthorized('Refresh Token has expired');
      return issue(client, user, session);
    },
    readAccess: (accessToken) => {
      const [header = '', body = '', signature = '', ...more] = accessToken.split('.');
      const genuine =
        more.length === 0 &&
        verify(
          'RSA-SHA256',
          Buffer.from(`${header}.${body}`),
          publicKey,
          Buffer.from(signature, 'base64url'),
        );
      const claims = genuine ? accessClaims.safeParse(JSON.parse(decode(body))) : undefined;
      if (!claims?.success) throw unauthorized('Invalid Access Token');
      if (claims.data.exp * 1000 <= now()) throw unauthorized('Access Token has expired');
      const session = sessions.get(claims.data.origin_jti);
      if (!session || session.revoked) throw unauthorized('Access Token has been revoked');
      return session;
    },
    revoke: (client, refreshToken) => {
      const session = byRefreshToken(refreshToken);
      if (!session) return;
      if (session.clientId !== client.id) {
        throw new AwsError('UnauthorizedException', 'The token was issued to another client.');
      }
      end([session]);
    },
    revokeAll: ({ poolId, username }) => {
      end([...sessions.values()].filter((each) => each.poolId === poolId && each.username === username));
    },
  };
}

/** The attributes as claims; the `…_verified` ones are booleans in a token, though strings as attributes. */
function profile(attributes: Attributes): Record<string, string | boolean> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      name.endsWith('_verified') ? value.toLowerCase() === 'true' : value,
    ]),
  );
}

/** Drops the sessions of which nothing can be used any more. */
function forgetExpired(sessions: Map<string, Session>, nowMs: number): void {
  for (const { originJti, refreshUntilMs, accessUntilMs } of sessions.values()) {
    if (Math.max(refreshUntilMs, accessUntilMs) <= nowMs) sessions.delete(originJti);
  }
}

function hash(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function decode(text: string): string {
  return Buffer.from(text, 'base64url').toString();
}

function unauthorized(message: string): AwsError {
  return new AwsError('NotAuthorizedException', message);
}
