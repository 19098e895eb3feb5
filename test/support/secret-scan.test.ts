import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { findSecrets, halvesOf, type Secret } from './secret-scan.ts';

const value = `key+/${randomBytes(24).toString('hex')}=ü`;
const secret: Secret = { name: 'the key', value };
const within = (text: string) => findSecrets([secret], [{ name: 'the log', text }]);
const found = [{ secret: 'the key', place: 'the log' }];

test.each([
  ['as it is', value],
  ['by its first half', halvesOf(value)[0]!],
  ['by its second half', halvesOf(value)[1]!],
  ['in an address', encodeURIComponent(value)],
  ['in hex', Buffer.from(value).toString('hex')],
  ['in capital hex', Buffer.from(value).toString('hex').toUpperCase()],
  ...['base64' as const, 'base64url' as const].flatMap((encoding) =>
    ['', 'a', 'ab', 'abc'].map((before) => [
      `in ${encoding}, ${before.length} bytes after the beginning`,
      Buffer.from(`${before}${value} and so on`).toString(encoding),
    ]),
  ),
])('a secret is found %s, at either end of the text and in its midst', (_, spelling) => {
  for (const text of [spelling, `before ${spelling}`, `${spelling} after`, `before ${spelling} after`])
    expect(within(text)).toEqual(found);
});

test('what is no secret is not found', () => {
  expect(within('')).toEqual([]);
  expect(within(value.slice(0, 19))).toEqual([]);
  expect(within(randomBytes(10_000).toString('base64'))).toEqual([]);
});

describe('a secret that is cut off', () => {
  const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const tokenOf = (sub: string) =>
    [
      encoded({ alg: 'RS256', kid: 'a-key' }),
      encoded({
        sub,
        event_id: randomBytes(18).toString('hex'),
        'cognito:username': sub,
        scope: 'x'.repeat(400),
      }),
      randomBytes(256).toString('base64url'),
    ].join('.');
  const viewer = randomBytes(18).toString('hex');
  const token: Secret = { name: 'the token', value: tokenOf(viewer) };
  const ofToken = [{ secret: 'the token', place: 'the log' }];
  const logged = (text: string, secrets = [token]) => findSecrets(secrets, [{ name: 'the log', text }]);

  test('is found by what is left of it, in any encoding', () => {
    for (const left of [value.slice(0, 24), value.slice(-24), value.slice(10, 57)]) {
      expect(within(`before ${left} after`)).toEqual(found);
      expect(within(Buffer.from(`before ${left} after`).toString('base64'))).toEqual(found);
    }
  });

  test('is found by the beginning of a token’s claims, and by its signature’s end', () => {
    expect(logged(`Authorization: ${token.value.slice(0, 200)}…`)).toEqual(ofToken);
    expect(logged(`…${token.value.slice(-30)}`)).toEqual(ofToken);
  });

  test('is not found by what is no secret: a token’s header, a key’s public half', () => {
    expect(logged(token.value.slice(0, token.value.indexOf('.') + 20))).toEqual([]);
    const [shown, hidden] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')];
    const key: Secret = { name: 'the key', value: JSON.stringify({ kid: shown, d: hidden }) };
    expect(logged(`the key ${shown}`, [key])).toEqual([]);
  });

  test('may be where another one belongs that says the same there, and is found elsewhere', () => {
    const renewed: Secret = {
      name: 'the newer token',
      value: tokenOf(viewer),
      belongs: ({ name }) => name === 'the log',
    };
    expect(logged(renewed.value.slice(0, 80), [token, renewed])).toEqual([]);
    const elsewhere = [{ name: 'the table', text: renewed.value.slice(0, 80) }];
    expect(findSecrets([token, renewed], elsewhere)).toEqual([{ secret: 'the token', place: 'the table' }]);
  });
});

test('where a secret belongs it may be, and nowhere else', () => {
  const own: Secret = { ...secret, belongs: ({ name }) => name === 'the answer' };
  const places = ['the answer', 'the log'].map((name) => ({ name, text: value }));
  expect(findSecrets([own], places)).toEqual(found);
});

test('a secret that is too short to be looked for is refused, by its name', () => {
  expect(() => findSecrets([{ name: 'the code', value: '123456' }], [])).toThrow('the code is too short');
});
