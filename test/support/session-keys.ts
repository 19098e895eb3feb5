import { generateKeyPairSync } from 'node:crypto';
import type { PrivateKey } from '../../shared/session-tokens/session-keys.ts';

/** A fresh pair, as an operator would make it. */
export function makeSessionKey(kid: string): PrivateKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    ...(privateKey.export({ format: 'jwk' }) as Pick<PrivateKey, 'kty' | 'crv' | 'x' | 'y' | 'd'>),
    kid,
    alg: 'ES256',
    use: 'sig',
  };
}

/** The text of the parameter `session-keys`. */
export function sessionKeysText(keys: {
  readonly current: PrivateKey;
  readonly next?: PrivateKey;
  readonly previous?: PrivateKey;
}): string {
  return JSON.stringify(keys);
}
