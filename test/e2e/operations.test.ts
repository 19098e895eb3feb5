import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import {
  buy,
  call,
  checkoutEvent,
  depthOf,
  listen,
  newViewer,
  signingSecret,
  snapshotOf,
  sqsOf,
  startStack,
  tokensOf,
  type Viewer,
} from './support.ts';

/* The operator's commands as npm runs them, on the whole product. */

let dataDir: string;
let stack: LocalStack;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'usher-data-'));
  stack = await startStack({ dataDir });
});
afterAll(async () => {
  await stack?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

/** The stage `local` is found by what `npm start` leaves; as if in AWS, by the operator's environment. */
const asInAws = () => ({
  AWS_REGION: stack.config.region,
  AWS_ENDPOINT_URL_SSM: stack.endpoints.ssm,
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
});

/** Everything that the command says, on both channels. */
async function command(
  name: string,
  args: readonly string[],
  { input = '', environment = {} }: { readonly input?: string; readonly environment?: object } = {},
): Promise<string> {
  const running = promisify(execFile)(process.execPath, [`tools/${name}.ts`, ...args], {
    env: { PATH: process.env['PATH'], USHER_DATA: dataDir, ...environment },
  });
  running.child.stdin?.end(input);
  const { stdout, stderr } = await running;
  return stdout + stderr;
}

const held = async (viewer: Viewer) =>
  (await snapshotOf(stack, viewer)).entitlements.map(({ entitlementId }) => entitlementId);

test('npm run setup writes an empty account’s parameters, and says none of the secrets', async () => {
  const given = { super: stack.momento.mintKey('super'), data: stack.momento.mintKey('data') };
  const input = `momento-endpoint=${stack.momento.url}\nmomento-super-key=${given.super}\nmomento-data-key=${given.data}\n`;
  const said = await command('setup', ['fresh'], { input, environment: asInAws() });
  expect(said).toContain('Next: npx cdk deploy -c stageName=fresh -c ssmStageName=fresh');
  const secrets = ['momento-super-key', 'momento-data-key', 'checkout-secrets', 'session-keys'].map((name) =>
    stack.ssm.get(`/usher/fresh/${name}`),
  );
  expect(secrets.slice(0, 2)).toEqual([given.super, given.data]);
  for (const secret of secrets) expect(said).not.toContain(secret);
  expect(await command('setup', ['local'])).toContain('All is well');
});

test('npm run rotate changes secrets under traffic, without a request that fails', async () => {
  const viewer = await newViewer(stack);
  await buy(stack, checkoutEvent(viewer.accountId, { purchaseId: 'before' }));
  const old = signingSecret(stack);
  await command('rotate', ['local', 'checkout-secrets']);
  expect(signingSecret(stack)).not.toBe(old);

  const revoked = stack.ssm.get('/usher/local/momento-data-key')!;
  const input = `momento-data-key=${stack.momento.mintKey('data')}`;
  const said = await command('rotate', ['local', 'momento-data-key'], { input });
  expect(said).toContain('Momento accepts the new key, and it is in force.');
  stack.momento.revokeKey(revoked);

  await buy(stack, checkoutEvent(viewer.accountId, { purchaseId: 'after' })); // signed with the new one
  await expect.poll(() => held(viewer)).toEqual(expect.arrayContaining(['before', 'after']));
  expect((await call(stack, '/token', { viewer })).status).toBe(200);
});

test('npm run redrive has what was put aside take effect', async () => {
  const viewer = await newViewer(stack);
  const { catalogVersion } = await snapshotOf(stack, viewer);
  const message = (purchaseId: string) =>
    JSON.stringify({
      kind: 'purchase',
      event: checkoutEvent(viewer.accountId, { purchaseId }),
      catalogVersion,
    });
  const sqs = sqsOf(stack);
  const put = { QueueUrl: stack.outputs['DeadLetterQueueUrl'] };
  const reason = {
    DataType: 'String',
    StringValue: 'UnknownProduct: the catalogue sells no product ‘premium’',
  };
  const Entries = [
    { Id: 'died', MessageBody: message('died') },
    { Id: 'unknown', MessageBody: message('unknown'), MessageAttributes: { reason } },
  ];
  await sqs.send(new SendMessageBatchCommand({ ...put, Entries }));
  sqs.destroy();

  expect(await command('redrive', ['local'])).toContain('Nothing was sent back.');
  expect(await command('redrive', ['local', '--yes'])).toContain('1 message sent back');
  await expect.poll(() => held(viewer)).toContain('died');
  expect(await held(viewer)).not.toContain('unknown');
  await command('redrive', ['local', '--yes', '--only', 'UnknownProduct']);
  await expect.poll(() => held(viewer)).toContain('unknown');
  expect(await depthOf(stack, put.QueueUrl)).toBe(0);
});

test('npm run import brings purchases in, and the players of their accounts hear nothing of it', async () => {
  const viewer = await newViewer(stack);
  const listener = await listen(await tokensOf(stack, viewer));
  const file = join(dataDir, 'purchases.jsonl');
  const event = (purchaseId: string) => checkoutEvent(viewer.accountId, { purchaseId });
  await writeFile(file, ['one', 'two'].map((purchaseId) => JSON.stringify(event(purchaseId))).join('\n'));
  expect(await command('import', ['local', file, '--rate', '1000'])).toContain(
    'All 2 events are in the queue',
  );
  await expect.poll(() => held(viewer)).toEqual(expect.arrayContaining(['one', 'two']));

  await buy(stack, event('three')); // what is announced comes after what is not
  await listener.until(({ data }) => 'entitlementId' in data && data.entitlementId === 'three');
  listener.stop();
  expect(listener.heard).toHaveLength(1);
});
