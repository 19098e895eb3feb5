import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parseSessionKeys } from '../../shared/session-tokens/session-keys.ts';
import type { Ask } from '../../tools/ask.ts';
import { setUpStage } from '../../tools/set-up-stage.ts';
import { standIns } from './stand-ins.ts';

const world = standIns();

/** Lambda, as far as it says how many functions may run at once; `undefined` = not to you. */
let lambda: Server;
let concurrency: number | undefined = 1000;
beforeAll(async () => {
  lambda = createServer((_, response) => {
    if (concurrency === undefined) response.writeHead(403, { 'x-amzn-errortype': 'AccessDeniedException' });
    const answer = { AccountLimit: { ConcurrentExecutions: concurrency } };
    response.end(JSON.stringify(concurrency === undefined ? { Message: 'no' } : answer));
  }).listen(0, '127.0.0.1');
  await once(lambda, 'listening');
  vi.stubEnv('AWS_ENDPOINT_URL_LAMBDA', `http://127.0.0.1:${(lambda.address() as AddressInfo).port}`);
});
afterAll(() => {
  lambda?.close();
  lambda?.closeAllConnections();
});

const parameter = (stage: string, name: string) => world.ssm.get(`/usher/${stage}/${name}`);

/** Answers what the command asks, and fails for anything else. */
function answers(given: Readonly<Record<string, string>>): Ask {
  return async ({ name }) => given[name] ?? Promise.reject(new Error(`it asked for ${name}`));
}

const everything = () => ({
  'momento-endpoint': world.momento.url,
  'momento-super-key': world.momento.mintKey('super'),
  'momento-data-key': world.momento.mintKey('data'),
});

/** Everything that the command says. */
async function setUp(line: string, given: Readonly<Record<string, string>>): Promise<string> {
  const said: string[] = [];
  await setUpStage({ ask: answers(given) })(line.split(' '), (text) => said.push(text));
  return said.join('\n');
}

test('an empty account gets all five parameters, and the operator what to run next', async () => {
  const given = everything();
  const said = await setUp('dev', given);
  expect(said).toContain('AWS account 000000000000, region eu-west-1; parameters under /usher/dev/');
  expect(said).toContain('usher-dev will be made with the stack');
  expect(said).toContain('Next: npx cdk deploy -c stageName=dev -c ssmStageName=dev');
  for (const [name, value] of Object.entries(given)) expect(parameter('dev', name)).toBe(value);
  expect(parameter('dev', 'checkout-secrets')).toMatch(/^whsec_[\w+/]{43}=$/);
  expect(parseSessionKeys(parameter('dev', 'session-keys')!)).toMatchObject({ current: { alg: 'ES256' } });
  expect(said).not.toContain(given['momento-super-key']);
  expect(said).not.toContain(given['momento-data-key']);
  expect(said).not.toContain(parameter('dev', 'checkout-secrets'));
});

test('what is there is kept and told, and tried anew; nothing is asked', async () => {
  await setUp('again', everything());
  const [secret, keys] = [parameter('again', 'checkout-secrets'), parameter('again', 'session-keys')];
  world.momento.createCache('usher-again');
  const said = await setUp('again', {});
  expect(said.match(/is there, kept/g)).toHaveLength(5);
  expect(said).toContain('momento-data-key reads, writes and publishes, and mints nothing');
  expect(said).toContain('usher-again among them');
  expect([parameter('again', 'checkout-secrets'), parameter('again', 'session-keys')]).toEqual([
    secret,
    keys,
  ]);
});

test('a branch that shares another stage’s parameters is deployed by its own name', async () => {
  const given = everything();
  await setUp('dev2', given);
  const said = await setUp('feature/ABC-123_x --ssm-stage dev2', {});
  expect(said).toContain('Next: npx cdk deploy -c stageName=feature/ABC-123_x -c ssmStageName=dev2');
  expect(said).toMatch(/usher-feature-abc-123-[0-9a-f]{8} will be made/);
});

test('a stage that takes Stripe’s webhooks gets the secret that Stripe has told, and no other', async () => {
  await setUp('shop', everything());
  for (const wrong of ['sk_live_s3cret', 'whsec_a b']) {
    const refusal = await setUp('shop --stripe', { 'stripe-secrets': wrong }).catch(String);
    expect(refusal).toContain('no signing secret of an endpoint');
    expect(refusal).not.toContain(wrong);
  }
  expect(await setUp('shop --stripe', { 'stripe-secrets': 'whsec_abc' })).toContain('stripe-secrets created');
  expect(parameter('shop', 'stripe-secrets')).toBe('whsec_abc');
  expect(await setUp('shop --stripe', {})).toContain('stripe-secrets is there, kept');
});

test.each([
  ['a data key that can mint', { 'momento-data-key': 'super' }, /momento-data-key can mint tokens/],
  ['a super key that cannot', { 'momento-super-key': 'data' }, /momento-super-key may not mint tokens/],
] as const)('%s is refused, and nothing is written', async (_, scopes, complaint) => {
  const wrong = Object.entries(scopes).map(([name, scope]) => [name, world.momento.mintKey(scope)]);
  const given = { ...everything(), ...Object.fromEntries(wrong) };
  await expect(setUp('swapped', given)).rejects.toThrow(complaint);
  expect(parameter('swapped', 'checkout-secrets')).toBeUndefined();
  expect(parameter('swapped', 'momento-endpoint')).toBeUndefined();
});

test('a key that Momento does not know is refused, and not told', async () => {
  const given = { ...everything(), 'momento-data-key': 'forged-key' };
  const refusal = await setUp('forged', given).catch(String);
  expect(refusal).toContain('Momento does not accept the key for momento-data-key');
  expect(refusal).not.toContain('forged-key');
});

test('an endpoint that is no host name is refused before a key is sent there', async () => {
  const given = { ...everything(), 'momento-endpoint': 'https://cell-1.momentohq.com/' };
  await expect(setUp('nowhere', given)).rejects.toThrow('momento-endpoint is not a host name');
});

test('an account that may have no further cache is told so', async () => {
  for (const name of ['a', 'b', 'c']) world.momento.createCache(name);
  expect(await setUp('one-more', everything())).toContain('an account has 3 at first');
});

test('an account that may run few functions at once is told so, and whoever may not see it is not stopped', async () => {
  expect(await setUp('many', everything())).toContain('Lambda runs 1000 functions at once in this account');
  concurrency = 10;
  expect(await setUp('few', everything())).toMatch(/Lambda runs 10 functions at once .*: have it raised/);
  concurrency = undefined;
  const said = await setUp('unseen', everything());
  expect(said).toContain('is not known. AWS does not let you see how many functions may run at once');
  expect(said).toContain('Next: npx cdk deploy -c stageName=unseen');
});

test('a secret that lies in clear, or is no such secret, stops it', async () => {
  world.ssm.put({ name: '/usher/clear/momento-super-key', value: 'in-clear', type: 'String' });
  await expect(setUp('clear', everything())).rejects.toThrow('lies there in clear');
  world.ssm.put({ name: '/usher/wrong/session-keys', value: '{"current":"secret"}', type: 'SecureString' });
  const refusal = await setUp('wrong', everything()).catch(String);
  expect(refusal).toMatch(/\/usher\/wrong\/session-keys: .* is wrong: current.*Correct it, or delete it/);
  expect(refusal).not.toContain('"secret"');
});

test('AWS that cannot be reached is told as that', async () => {
  world.ssm.block();
  await expect(setUp('dev', {})).rejects.toThrow('AWS cannot be reached to use Parameter Store');
  world.ssm.unblock();
});
