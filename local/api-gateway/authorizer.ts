import { JwtRsaVerifier } from 'aws-jwt-verify';
import { JwtExpiredError } from 'aws-jwt-verify/error';
import type { Jwks } from 'aws-jwt-verify/jwk';

export interface UserPoolKeys {
  issuer(userPoolId: string): string;
  readonly jwks: Jwks;
}

export type Authorization =
  | { readonly allowed: true; readonly claims: Readonly<Record<string, string>> }
  | { readonly allowed: false; readonly reason: 'UNAUTHORIZED' | 'EXPIRED_TOKEN' };

export type Authorizer = (authorizationHeader: string | undefined) => Promise<Authorization>;

const unauthorized: Authorization = { allowed: false, reason: 'UNAUTHORIZED' };

/**
 * A COGNITO_USER_POOLS authorizer on the `Authorization` header: `Bearer …` or the bare token. Without scopes on the
 * method API Gateway takes ID tokens only. Signature, issuer and expiry are checked; the audience is not, because any
 * client of the pool will do.
 */
export function createAuthorizer(keys: UserPoolKeys, userPoolArns: readonly string[]): Authorizer {
  const verifiers = userPoolArns.map((arn) => {
    const userPoolId = arn.split('/').at(-1) ?? '';
    const issuer = keys.issuer(userPoolId);
    const verifier = JwtRsaVerifier.create({
      issuer,
      audience: null,
      jwksUri: `${issuer}/.well-known/jwks.json`,
    });
    verifier.cacheJwks(keys.jwks);
    return verifier;
  });

  return async (header) => {
    const token = header?.replace(/^Bearer\s+/i, '').trim();
    if (token === undefined || token === '') return unauthorized;
    let refused = unauthorized;
    for (const verifier of verifiers) {
      try {
        const claims = await verifier.verify(token);
        return claims['token_use'] === 'id' ? { allowed: true, claims: asTexts(claims) } : unauthorized;
      } catch (error) {
        if (error instanceof JwtExpiredError) refused = { allowed: false, reason: 'EXPIRED_TOKEN' };
      }
    }
    return refused;
  };
}

/** API Gateway hands claims on as texts: lists with commas, the two instants as Java prints a date. */
function asTexts(claims: object): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(claims).map(([name, value]: [string, unknown]) => {
      if (name === 'exp' || name === 'iat') return [name, javaDate(Number(value))];
      if (Array.isArray(value)) return [name, value.join(',')];
      return [name, typeof value === 'string' ? value : JSON.stringify(value)];
    }),
  );
}

/** `Sun Nov 22 10:00:00 UTC 2026` */
function javaDate(seconds: number): string {
  const [weekday, day, month, year, time] = new Date(seconds * 1000).toUTCString().split(/,? /);
  return `${weekday} ${month} ${day} ${time} UTC ${year}`;
}
