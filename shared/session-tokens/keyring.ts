import { importJWK, type CryptoKey } from 'jose';
import { Misconfigured } from '../errors.ts';
import { parseSessionKeys, publicKeysOf, type PrivateKey, type PublicKey } from './session-keys.ts';

/** The session keys, ready for use. */
export interface Keyring {
  readonly signing: { readonly kid: string; readonly key: CryptoKey };
  /** By `kid`. */
  readonly verifying: ReadonlyMap<string, CryptoKey>;
}

/**
 * Gives the keyring of a secret's text, and imports the keys only when it is another text than the last.
 * @throws Misconfigured that says what is wrong with the secret, and quotes nothing of it.
 */
export function keyrings(): (text: string) => Promise<Keyring> {
  let last: { readonly text: string; readonly keyring: Promise<Keyring> } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, keyring: keyringOf(text) };
    return last.keyring;
  };
}

async function keyringOf(text: string): Promise<Keyring> {
  const keys = parseSessionKeys(text);
  const [key, verifying] = await Promise.all([
    imported(keys.current),
    Promise.all(publicKeysOf(keys).map(async (each) => [each.kid, await imported(each)] as const)),
  ]);
  return { signing: { kid: keys.current.kid, key }, verifying: new Map(verifying) };
}

/** Fails also for a private key that does not belong to its public half. */
async function imported(jwk: PrivateKey | PublicKey): Promise<CryptoKey> {
  try {
    return await importJWK({ ...jwk });
  } catch {
    throw new Misconfigured(
      'the parameter session-keys is wrong: a key in it is no point on the curve, or no pair',
    );
  }
}
