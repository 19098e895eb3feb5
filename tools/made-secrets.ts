import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import type { PrivateKey } from '../shared/session-tokens/session-keys.ts';

/** A secret for Standard Webhooks, of 32 random bytes. */
export function makeCheckoutSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/** A key pair for ES256. */
export function makeSessionKey(): PrivateKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = privateKey.export({ format: 'jwk' }) as Pick<PrivateKey, 'kty' | 'crv' | 'x' | 'y' | 'd'>;
  return { ...jwk, kid: randomUUID(), alg: 'ES256', use: 'sig' };
}
