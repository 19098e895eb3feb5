import { compactVerify, CompactSign, errors, type CryptoKey } from 'jose';
import type { SessionTokens } from '../ports.ts';
import type { Secrets } from '../secrets.ts';
import { claimsOf, grantIn } from './claims.ts';
import { keyrings } from './keyring.ts';

interface World {
  /** The text of the parameter `session-keys`. */
  readonly secrets: Secrets<'keys'>;
  readonly stageName: string;
  readonly now?: () => number;
}

/** The one algorithm there is: a token that names another is refused before a key is looked for. */
const ALGORITHM = 'ES256';

/** Ours have about 1 KB, and 2 KB with the longest ids. What is longer is refused before it is read. */
const MOST_CHARACTERS = 4096;

/**
 * Three parts in base64url, the last of 64 bytes. Its last character stands for two bits and four that decoders
 * ignore: these are zero, so that no other text is the same token.
 */
const SHAPE = /^[\w-]+\.[\w-]+\.[\w-]{85}[AQgw]$/;

/**
 * Session tokens as JWTs, signed with the stage's `current` key and verified with any that `session-keys` holds. For a
 * `kid` that it does not know the secret is fetched once more, so that a rotation is followed at once. A grant comes
 * back with its end in whole seconds, rounded down. Both methods throw Misconfigured when the secret is malformed.
 */
export function sessionTokens({ secrets, stageName, now = Date.now }: World): SessionTokens {
  const keyringOf = keyrings();

  /** @throws JWKSNoMatchingKey */
  async function keyNamed(kid: unknown): Promise<CryptoKey> {
    if (typeof kid !== 'string') throw new errors.JWKSNoMatchingKey();
    const known = await secrets.get();
    const key = (await keyringOf(known.keys)).verifying.get(kid);
    if (key) return key;
    const fresh = await secrets.refresh(known);
    const found = (await keyringOf(fresh.keys)).verifying.get(kid);
    if (!found) throw new errors.JWKSNoMatchingKey();
    return found;
  }

  return {
    async ready() {
      await keyringOf((await secrets.get()).keys);
    },

    async sign(grant) {
      const { keys } = await secrets.get();
      const { kid, key } = (await keyringOf(keys)).signing;
      const claims = JSON.stringify(claimsOf(grant, stageName, now()));
      return new CompactSign(new TextEncoder().encode(claims))
        .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', kid })
        .sign(key);
    },

    async verify(token) {
      if (token.length > MOST_CHARACTERS || !SHAPE.test(token)) return undefined;
      try {
        const { payload } = await compactVerify(token, ({ kid }) => keyNamed(kid), {
          algorithms: [ALGORITHM],
        });
        return grantIn(JSON.parse(new TextDecoder().decode(payload)), stageName);
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof SyntaxError) return undefined;
        throw error;
      }
    },
  };
}
