import { expect, test } from 'vitest';
import type { SessionKeys } from '../../shared/session-tokens/session-keys.ts';
import { WrongUsage } from '../../tools/command.ts';
import { makeSessionKey } from '../../tools/made-secrets.ts';
import { rotateSecret } from '../../tools/rotate-secret.ts';
import { standIns } from './stand-ins.ts';

const world = standIns();
const MINUTE = 60_000;

const put = (name: string, value: string) =>
  world.ssm.put({ name: `/usher/dev/${name}`, value, type: 'SecureString' });
const inForce = (name: string) => world.ssm.get(`/usher/dev/${name}`)!;
const keys = () => JSON.parse(inForce('session-keys')) as SessionKeys;

/** Runs it so many minutes after what was put last; everything that it says. */
async function rotate(line: string, minutesLater = 0, key = 'none'): Promise<string> {
  const said: string[] = [];
  const now = () => Date.now() + minutesLater * MINUTE;
  await rotateSecret({ ask: async () => key, now })(line.split(' '), (text) => said.push(text));
  return said.join('\n');
}

test('checkout secrets overlap: the new one first, and the old one until it is let go', async () => {
  put('checkout-secrets', 'whsec_old');
  const said = await rotate('dev checkout-secrets');
  const [fresh = '', old] = inForce('checkout-secrets').split(' ');
  expect([fresh, old]).toEqual([expect.stringMatching(/^whsec_[\w+/]{43}=$/), 'whsec_old']);
  expect(said).toMatch(/--finish, not before \d{4}-\d\d-\d\dT/);
  expect(said).not.toContain(fresh);

  await expect(rotate('dev checkout-secrets', 10)).rejects.toThrow('There are 2 secrets already');
  await expect(rotate('dev checkout-secrets --finish', 4)).rejects.toThrow(/Too early: .* run this after/);
  expect(inForce('checkout-secrets')).toBe(`${fresh} whsec_old`);
  await rotate('dev checkout-secrets --finish', 6);
  expect(inForce('checkout-secrets')).toBe(fresh);
  await expect(rotate('dev checkout-secrets --finish', 10)).rejects.toThrow('nothing is to be finished');
});

test('Stripe’s secret is asked for, as Stripe has told it, and overlaps as well', async () => {
  put('stripe-secrets', 'whsec_old');
  const given = (secret: string) => rotate('dev stripe-secrets', 0, secret);
  await expect(given('whsec_old')).rejects.toThrow('in force already');
  await expect(given('sk_live_x')).rejects.toThrow('those begin with whsec_');
  expect(await given('whsec_new')).toContain('when the old one has expired at Stripe');
  expect(inForce('stripe-secrets')).toBe('whsec_new whsec_old');
  await rotate('dev stripe-secrets --finish', 6);
  expect(inForce('stripe-secrets')).toBe('whsec_new');
});

test('session keys are rotated in three steps, each in its time', async () => {
  const old = makeSessionKey();
  put('session-keys', JSON.stringify({ current: old }));
  await expect(rotate('dev session-keys --finish')).rejects.toThrow('nothing is to be finished');
  await rotate('dev session-keys');
  const { current, next: young } = keys();
  expect(current).toEqual(old);

  await expect(rotate('dev session-keys', 9)).rejects.toThrow('may not know the next key yet');
  await expect(rotate('dev session-keys --finish', 99)).rejects.toThrow('does not sign yet');
  const said = await rotate('dev session-keys', 11);
  const { d, ...publicHalf } = old;
  expect(keys()).toEqual({ current: young, previous: publicHalf });
  expect(said).not.toContain(d);

  await expect(rotate('dev session-keys', 99)).rejects.toThrow('let it go first, with --finish');
  await expect(rotate('dev session-keys --finish', 64)).rejects.toThrow('may still be valid');
  await rotate('dev session-keys --finish', 66);
  expect(keys()).toEqual({ current: young });
});

test('a secret that has leaked is replaced at once, without an overlap', async () => {
  put('checkout-secrets', 'whsec_known whsec_to-all');
  expect(await rotate('dev checkout-secrets --leaked')).toContain('answered with 401');
  expect(inForce('checkout-secrets')).toMatch(/^whsec_[\w+/]{43}=$/);
  const known = makeSessionKey();
  put('session-keys', JSON.stringify({ current: known, next: makeSessionKey() }));
  await rotate('dev session-keys --leaked');
  expect(keys()).toEqual({ current: expect.not.objectContaining({ kid: known.kid }) });
});

test('a key of Momento’s is tried before it is put in force, and the old one may be revoked later', async () => {
  const old = world.momento.mintKey('data');
  put('momento-data-key', old);
  world.ssm.put({ name: '/usher/dev/momento-endpoint', value: world.momento.url, type: 'String' });
  const refused = async (key: string) => rotate('dev momento-data-key', 0, key);
  await expect(refused(old)).rejects.toThrow('This is the key that is in force');
  await expect(refused(world.momento.mintKey('super'))).rejects.toThrow('can mint tokens');
  await expect(refused('forged-key')).rejects.toThrow('does not accept');
  expect(inForce('momento-data-key')).toBe(old);

  const fresh = world.momento.mintKey('data');
  const said = await rotate('dev momento-data-key', 0, fresh);
  expect(inForce('momento-data-key')).toBe(fresh);
  expect(said).toMatch(/revoke the old key in Momento's console, best after \d{4}/);
  expect(said).not.toContain(fresh);
  await expect(rotate('dev momento-data-key --finish')).rejects.toThrow(WrongUsage);

  put('momento-super-key', world.momento.mintKey('super'));
  await rotate('dev momento-super-key --leaked', 0, world.momento.mintKey('super'));
  await expect(rotate('dev momento-super-key', 0, fresh)).rejects.toThrow('may not mint tokens');
});

test('of two that rotate at the same moment one is told', async () => {
  put('momento-data-key', world.momento.mintKey('data'));
  const key = world.momento.mintKey('data');
  const ask = async () => {
    put('momento-data-key', world.momento.mintKey('data'));
    return key;
  };
  const second = rotateSecret({ ask, now: Date.now })(['dev', 'momento-data-key'], () => {});
  await expect(second).rejects.toThrow('was changed by someone else at the same moment');
});

test.each([
  ['dev', 'Say which secret'],
  ['', 'Say which stage'],
  ['dev momento-endpoint', 'The secret is one of checkout-secrets'],
  ['dev session-keys too', "'too' is one argument too many"],
  ['dev session-keys --finish --leaked', 'one of --finish and --leaked'],
  ['dev session-keys --now', '--now'],
  ['dev session-keys --ssm-stage a/b', '--ssm-stage takes'],
])('%s is refused, saying what it should be', async (line, complaint) => {
  await expect(rotate(line)).rejects.toThrow(WrongUsage);
  await expect(rotate(line)).rejects.toThrow(complaint);
});

test('a secret that is not there yet, or no such secret, is named', async () => {
  await expect(rotate('nowhere session-keys')).rejects.toThrow('holds no /usher/nowhere/session-keys');
  put('session-keys', '{"current":"s3cret"}');
  const refusal = await rotate('dev session-keys').catch(String);
  expect(refusal).toContain('session-keys is wrong: current');
  expect(refusal).not.toContain('s3cret');
});
