import { describe, expect, it } from 'vitest';
import { keyrings } from '../../../shared/session-tokens/keyring.ts';
import { parseSessionKeys, publicKeysOf } from '../../../shared/session-tokens/session-keys.ts';
import { makeSessionKey } from '../../support/session-keys.ts';

const [current, next, previous] = ['current', 'next', 'previous'].map(makeSessionKey) as [
  ReturnType<typeof makeSessionKey>,
  ReturnType<typeof makeSessionKey>,
  ReturnType<typeof makeSessionKey>,
];

describe('the secret session-keys', () => {
  it('holds the key that signs, and where there are such the next and the previous', () => {
    const { d, ...verifying } = previous;
    expect(d).toHaveLength(43);
    expect(parseSessionKeys(JSON.stringify({ current }))).toEqual({ current });
    const all = { current, next, previous };
    expect(parseSessionKeys(JSON.stringify(all))).toEqual({ current, next, previous: verifying });
  });

  it('may hold a previous key without its private half, which is needed no more', () => {
    const { d, ...verifying } = previous;
    expect(d).toHaveLength(43);
    expect(parseSessionKeys(JSON.stringify({ current, previous: verifying }))).toEqual({
      current,
      previous: verifying,
    });
  });

  it('shows nothing private when it is published, whatever else its keys hold', () => {
    const noted = { ...current, key_ops: ['sign'], ext: true, note: 'made by hand' };
    const published = publicKeysOf(parseSessionKeys(JSON.stringify({ current: noted, next, previous })));
    const names = ['kty', 'crv', 'x', 'y', 'kid', 'alg', 'use'];
    expect(published.map((key) => Object.keys(key))).toEqual([names, names, names]);
    expect(published.map(({ kid }) => kid)).toEqual(['current', 'next', 'previous']);
  });

  it.each<[string, unknown, string]>([
    ['empty', '', 'it is not JSON'],
    ['cut off', JSON.stringify({ current }).slice(0, -9), 'it is not JSON'],
    ['no object', [current], 'is missing or of the wrong kind'],
    ['without a current key', { next }, 'current is missing'],
    ['with a public key to sign with', { current: { ...current, d: undefined } }, 'current.d is missing'],
    [
      'with a public key to sign with next',
      { current, next: { ...next, d: undefined } },
      'next.d is missing',
    ],
    ['with a key for something else', { current: { ...current, use: 'enc' } }, 'current.use'],
    ['with a key of another algorithm', { current: { ...current, alg: 'ES384' } }, 'current.alg'],
    ['with a key of another curve', { current, previous: { ...previous, crv: 'P-384' } }, 'previous.crv'],
    ['with a password', { current: { kty: 'oct', k: 'c2VjcmV0' } }, 'current.kty'],
    [
      'with half a coordinate',
      { current: { ...current, x: current.x.slice(9) } },
      'current.x must be 32 bytes',
    ],
    ['with a key without a name', { current: { ...current, kid: undefined } }, 'current.kid'],
    ['with one name for two keys', { current, next: { ...next, kid: 'current' } }, 'holds a kid twice'],
  ])('that is %s is an error, which says where and quotes nothing', (_, value, complaint) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const error = thrownBy(() => parseSessionKeys(text));
    expect(error.message).toContain('the parameter session-keys is wrong: ');
    expect(error.message).toContain(complaint);
    expectNothingOfKeysIn(error);
  });

  it.each([
    ['halves that do not belong together', { ...current, d: next.d }],
    ['a point beside the curve', { ...current, y: next.y }],
  ])('with a key of %s is an error, which quotes nothing', async (_, odd) => {
    const error = await keyrings()(JSON.stringify({ current: odd })).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toContain('the parameter session-keys is wrong: a key in it');
    expectNothingOfKeysIn(error as Error);
  });
});

function thrownBy(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}

function expectNothingOfKeysIn({ message, stack = '', cause }: Error): void {
  expect(cause).toBeUndefined();
  for (const { d, x, y } of [current, next, previous]) {
    for (const part of [d, x, y]) expect(message + stack).not.toContain(part.slice(0, 6));
  }
}
