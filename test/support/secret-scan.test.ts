import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
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

test('where a secret belongs it may be, and nowhere else', () => {
  const own: Secret = { ...secret, belongs: ({ name }) => name === 'the answer' };
  const places = ['the answer', 'the log'].map((name) => ({ name, text: value }));
  expect(findSecrets([own], places)).toEqual(found);
});

test('a secret that is too short to be looked for is refused, by its name', () => {
  expect(() => findSecrets([{ name: 'the code', value: '123456' }], [])).toThrow('the code is too short');
});
