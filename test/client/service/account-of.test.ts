import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { accountOf, keepAccountClaim } from '../../../client/src/service/account-of.ts';

const stored = new Map<string, string>();
const storage = {
  getItem: (key: string) => stored.get(key) ?? null,
  setItem: (key: string, value: string) => void stored.set(key, value),
  removeItem: (key: string) => void stored.delete(key),
};

function tokenOf(claims: unknown): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`;
}

beforeEach(() => {
  stored.clear();
  vi.stubGlobal('localStorage', storage);
});
afterEach(() => vi.unstubAllGlobals());

test('the account is the token’s `sub`', () => {
  expect(accountOf(tokenOf({ sub: 'ada', 'custom:household': 'lovelace' }))).toBe('ada');
});

test('the account is the claim that the stage named when it could last be asked, and never `sub` instead', () => {
  keepAccountClaim('custom:household');
  expect(accountOf(tokenOf({ sub: 'ada', 'custom:household': 'lovelace' }))).toBe('lovelace');
  expect(accountOf(tokenOf({ sub: 'ada' }))).toBeUndefined();
  keepAccountClaim(undefined);
  expect(accountOf(tokenOf({ sub: 'ada', 'custom:household': 'lovelace' }))).toBe('ada');
  expect(stored.size).toBe(0);
});

test.for([
  ['null', null],
  ['a text', 'ada'],
  ['no text', { sub: 7 }],
] as const)('what claims %s is nobody’s', ([, claims]) => {
  expect(accountOf(tokenOf(claims))).toBeUndefined();
  expect(accountOf('no token')).toBeUndefined();
});

test('a browser that keeps nothing is asked for nothing, and that is no error', () => {
  vi.stubGlobal('localStorage', undefined);
  keepAccountClaim('custom:household');
  expect(accountOf(tokenOf({ sub: 'ada' }))).toBeUndefined();
});
