/**
 * The server's half of Cognito's Secure Remote Password exchange (SRP-6a, RFC 5054's 3072-bit group, SHA-256).
 * The server keeps a salt and a verifier and never learns the password.
 *
 * Every number that is hashed goes in as the shortest two's-complement hex of a positive number: an even count of
 * digits, and `00` in front when the highest bit is set. Salts and keys lose leading zeros that way, on both sides.
 */
import {
  createHash,
  createHmac,
  getDiffieHellman,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

/** The 3072-bit prime of RFC 3526, group 15, which RFC 5054 takes over. */
const N = BigInt(`0x${getDiffieHellman('modp15').getPrime('hex')}`);
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
