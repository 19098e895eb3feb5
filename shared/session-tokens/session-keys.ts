import * as z from 'zod/mini';
import { Malformed, Misconfigured } from '../errors.ts';

/** The public half of a key, as anyone may see it (RFC 7517). */
export type PublicKey = Readonly<z.infer<typeof publicKey>>;

/** The pair that signs. */
export type PrivateKey = Readonly<z.infer<typeof privateKey>>;

/** The secret `session-keys`. */
export interface SessionKeys {
  readonly current: PrivateKey;
  /** Will sign one day: whoever verifies is to know it by then. */
  readonly next?: PrivateKey | undefined;
  /** Signed until lately; what it signed is valid until it expires. Its private half is needed no more. */
  readonly previous?: PublicKey | undefined;
}

const coordinate = z.string().check(z.regex(/^[\w-]{43}$/, 'must be 32 bytes in base64url'));

/** What else a key holds is dropped, a `d` where none is needed among it. */
const publicKey = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: coordinate,
  y: coordinate,
  kid: z.string().check(z.minLength(1), z.maxLength(64)),
  alg: z.literal('ES256'),
  use: z.literal('sig'),
});
const privateKey = z.extend(publicKey, { d: coordinate });

const schema = z
  .object({ current: privateKey, next: z.optional(privateKey), previous: z.optional(publicKey) })
  .check(z.refine((keys) => new Set(kidsOf(keys)).size === kidsOf(keys).length, 'holds a kid twice'));

/** @throws Misconfigured that says what is wrong with the secret, and quotes nothing of it. */
export function parseSessionKeys(text: string): SessionKeys {
  const parsed = schema.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  throw new Misconfigured(`the parameter session-keys is wrong: ${Malformed.from(parsed.error).message}`);
}

/** What verifies tokens, the key that signs them first. */
export function publicKeysOf({ current, next, previous }: SessionKeys): readonly PublicKey[] {
  return [current, next, previous].flatMap((key) => (key ? [publicKey.parse(key)] : []));
}

function kidsOf({ current, next, previous }: SessionKeys): readonly string[] {
  return [current, next, previous].flatMap((key) => (key ? [key.kid] : []));
}

/** The parser's own complaint would quote the secret. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Misconfigured('the parameter session-keys is wrong: it is not JSON');
  }
}
