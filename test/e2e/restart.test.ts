import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buy, checkoutEvent, newViewer, signIn, snapshotOf, startStack } from './support.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'usher-data-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

test('stopping and starting keeps users, their purchases and the keys', async () => {
  const first = await startStack({ dataDir });
  const { username, password } = first.config.demoUser;
  const viewer = await signIn(first, username, password);
  const other = await newViewer(first);
  await buy(first, checkoutEvent(viewer.accountId, { purchaseId: 'kept' }));
  await expect.poll(async () => (await snapshotOf(first, viewer)).version).toBe(1);
  const secrets = first.ssm.get('/usher/local/checkout-secrets');
  await first.stop();

  const second = await startStack({ dataDir });
  const again = await signIn(second, username, password);
  expect(again.accountId).toBe(viewer.accountId);
  expect(await snapshotOf(second, again)).toMatchObject({ version: 1, access: { maxStreams: 4 } });
  expect(await snapshotOf(second, other)).toMatchObject({ version: 0 }); // her ID token is still good, too
  expect(second.ssm.get('/usher/local/checkout-secrets')).toBe(secrets);
  await second.stop();
});
