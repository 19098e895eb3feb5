/**
 * The server's half of Cognito's Secure Remote Password exchange (SRP-6a, RFC 5054's 3072-bit group, SHA-256).
 * The server keeps a salt and a verifier and never learns the password.
 *
 * Every number that is hashed goes in as the shortest two's-complement hex of a positive number: an even count of
 * digits, and `00` in front when the highest bit is set. Salts and keys lose leading zeros that way, on both sides.
 */
import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

/** RFC 3526, group 15. */
const N = BigInt(
  '0xFFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD' +
    'EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED' +
    'EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F' +
    '83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B' +
    'E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510' +
    '15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7' +
    'ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C' +
    'BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF',
);
const g = 2n;
const k = hashed(N, g);

export interface Secret {
  readonly saltHex: string;
  readonly verifierHex: string;
}

/** Who proves to know what: the SRP user id is the pool's own username, not what was typed. */
export interface Identity {
  readonly poolId: string;
  readonly userId: string;
}

/** What is kept of a password. */
export function makeSecret(
  { poolId, userId }: Identity,
  password: string,
  saltHex: string = randomBytes(16).toString('hex'),
): Secret {
  const inner = createHash('sha256')
    .update(`${poolName(poolId)}${userId}:${password}`)
    .digest('hex');
  const x = integer(sha256(padded(integer(saltHex)) + inner));
  return { saltHex, verifierHex: power(g, x).toString(16) };
}

/** Whether `password` is the one the secret was made of. */
export function matches(identity: Identity, password: string, secret: Secret): boolean {
  const { verifierHex } = makeSecret(identity, password, secret.saltHex);
  return equal(Buffer.from(verifierHex), Buffer.from(secret.verifierHex));
}

export interface Exchange {
  readonly A: bigint;
  readonly B: bigint;
  readonly b: bigint;
  readonly verifier: bigint;
}

/** Answers the client's public key, or `undefined` for one that would make the shared secret known (A = 0 mod N). */
export function answer(srpAHex: string, { verifierHex }: Pick<Secret, 'verifierHex'>): Exchange | undefined {
  const A = integer(srpAHex);
  if (A % N === 0n) return undefined;
  const b = integer(randomBytes(32).toString('hex')); // RFC 5054 asks for at least 256 bits
  const verifier = integer(verifierHex);
  return { A, b, B: (k * verifier + power(g, b)) % N, verifier };
}

/** Checks the client's signature over pool, user, secret block and timestamp with the key that both sides derive. */
export function proves(
  { A, B, b, verifier }: Exchange,
  { poolId, userId }: Identity,
  claim: { readonly secretBlock: string; readonly timestamp: string; readonly signature: string },
): boolean {
  const u = hashed(A, B);
  const shared = power(A * power(verifier, u), b);
  const key = hkdfSync('sha256', bytes(shared), bytes(u), 'Caldera Derived Key', 16);
  const expected = createHmac('sha256', Buffer.from(key))
    .update(poolName(poolId))
    .update(userId)
    .update(Buffer.from(claim.secretBlock, 'base64'))
    .update(claim.timestamp)
    .digest();
  return equal(expected, Buffer.from(claim.signature, 'base64'));
}

/** The part after the underscore, which is what the protocol calls the pool. */
function poolName(poolId: string): string {
  return poolId.slice(poolId.indexOf('_') + 1);
}

function padded(value: bigint): string {
  const hex = value.toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return /^[89a-f]/.test(even) ? `00${even}` : even;
}

function hashed(...values: readonly bigint[]): bigint {
  return integer(sha256(values.map(padded).join('')));
}

function sha256(hex: string): string {
  return createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex');
}

function integer(hex: string): bigint {
  return BigInt(`0x${hex}`);
}

function bytes(value: bigint): Buffer {
  return Buffer.from(padded(value), 'hex');
}

/** Square and multiply, modulo N. Not constant-time: nobody times a server on the same machine for its own secrets. */
function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base % N;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % N;
    square = (square * square) % N;
  }
  return result;
}

function equal(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
