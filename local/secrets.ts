import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import type { MomentoStandIn } from './momento/server.ts';
import type { SsmStandIn } from './ssm/server.ts';

export interface SecretsSettings {
  /** Whose parameters: `/usher/{ssmStageName}/…`. */
  readonly ssmStageName: string;
}

/**
 * Puts what an operator would put into Parameter Store. Secrets are made once and then kept; the endpoint is written at
 * every start, because the port may have changed.
 */
export function ensureSecrets(
  { ssm, momento }: { readonly ssm: SsmStandIn; readonly momento: MomentoStandIn },
  { ssmStageName }: SecretsSettings,
): void {
  const once = (name: string, make: () => string) => {
    const full = parameterName(ssmStageName, name);
    if (ssm.get(full) === undefined) ssm.put({ name: full, value: make(), type: 'SecureString' });
  };
  once('momento-super-key', () => momento.mintKey('super'));
  once('momento-data-key', () => momento.mintKey('data'));
  once('checkout-secrets', () => `whsec_${randomBytes(32).toString('base64')}`);
  once('stripe-secrets', () => `whsec_${randomBytes(24).toString('hex')}`);
  once('session-keys', () => JSON.stringify({ current: freshSessionKey() }));
  ssm.put({ name: parameterName(ssmStageName, 'momento-endpoint'), value: momento.url, type: 'String' });
}

/** The secret the store signs with: the first of those the back end accepts. */
export function checkoutSecret(ssm: Pick<SsmStandIn, 'get'>, { ssmStageName }: SecretsSettings): string {
  const [first] = (ssm.get(parameterName(ssmStageName, 'checkout-secrets')) ?? '').split(' ');
  if (!first) throw new Error('checkout-secrets is not in Parameter Store');
  return first;
}

/** A key pair for ES256, as a private JWK (RFC 7517). */
function freshSessionKey(): object {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), alg: 'ES256', use: 'sig' };
}

function parameterName(ssmStageName: string, name: string): string {
  return `/usher/${ssmStageName}/${name}`;
}
