import { getDiffieHellman, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { answer, makeSecret, matches, proves } from '../../../local/cognito/srp.ts';

const identity = { poolId: 'eu-west-1_AbCdEfGhI', userId: '5f0c2f2a-1d1e-4a50-9a4c-0f4c1b2d3e4f' };

describe('the server’s half of SRP', () => {
  it('keeps the password in no readable form', () => {
    const secret = makeSecret(identity, 'Correct-horse-1');
    expect(JSON.stringify(secret)).not.toContain('Correct');
    expect(matches(identity, 'Correct-horse-1', secret)).toBe(true);
    expect(matches(identity, 'Correct-horse-2', secret)).toBe(false);
    expect(matches({ ...identity, userId: 'someone-else' }, 'Correct-horse-1', secret)).toBe(false);
  });

  it('does not care about the zeros a salt begins with, which clients drop', () => {
    for (const [zeros, bare] of [
      ['000000000000000000000000000000a7', 'a7'],
      ['007fffffffffffffffffffffffffffff', '7fffffffffffffffffffffffffffff'],
      ['00ffffffffffffffffffffffffffffff', 'ffffffffffffffffffffffffffffff'],
      ['0123456789abcdef0123456789abcdef', '123456789abcdef0123456789abcdef'],
    ] as const) {
      expect(makeSecret(identity, 'x-Y-1-zz', zeros).verifierHex).toBe(
        makeSecret(identity, 'x-Y-1-zz', bare).verifierHex,
      );
    }
  });

  it('refuses every multiple of the group’s prime as a public key', () => {
    const prime = BigInt(`0x${getDiffieHellman('modp15').getPrime('hex')}`);
    const secret = makeSecret(identity, 'Correct-horse-1');
    for (const key of [0n, prime, prime * 2n]) expect(answer(key.toString(16), secret)).toBeUndefined();
    expect(answer('2', secret)).toBeDefined();
  });

  it('believes no signature made without the password', () => {
    const exchange = answer(randomBytes(384).toString('hex'), makeSecret(identity, 'Correct-horse-1'));
    if (!exchange) throw new Error('expected an exchange');
    for (const signature of ['', 'AAAA', randomBytes(32).toString('base64')]) {
      expect(proves(exchange, identity, { secretBlock: 'AAAA', timestamp: 'now', signature })).toBe(false);
    }
  });
});
