import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import { signedFetch, type SignedRequest } from '../../tools/signed-request.ts';
import { supportAccount } from '../../tools/support-account.ts';
import { admitted, beat, concurrencyOf, newSubscriber, until } from './session-support.ts';
import { buy, call, checkoutEvent, listen, newViewer, snapshotOf, startStack, tokensOf } from './support.ts';

/* Support's routes and the command that calls them, on the whole product. */

let dataDir: string;
let stack: LocalStack;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'usher-data-'));
  vi.stubEnv('USHER_DATA', dataDir);
  stack = await startStack({ dataDir });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await stack?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const OPERATOR = { accessKeyId: 'local', secretAccessKey: 'local' };

function ask(
  method: SignedRequest['method'],
  path: string,
  { body, as = OPERATOR }: { readonly body?: object; readonly as?: typeof OPERATOR } = {},
): Promise<Response> {
  const url = new URL(`${stack.config.apiUrl}/support/accounts/${path}`);
  return signedFetch({ region: stack.config.region, credentials: as }, { method, url, body });
}

interface View {
  readonly stored: boolean;
  readonly erasedAt: string | null;
  readonly snapshot: { readonly version: number; readonly access: { readonly grants: readonly string[] } };
  readonly purchases: readonly { readonly purchaseId: string; readonly status: string }[];
  readonly sessions: readonly { readonly sessionId: string; readonly deviceId: string }[];
  readonly recentChanges: readonly { readonly version: number; readonly cause: string }[];
}

async function lookUp(accountId: string): Promise<View> {
  const answer = await ask('GET', accountId);
  if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
  return (await answer.json()) as View;
}

/** Everything that the command says. */
async function support(...args: readonly string[]): Promise<string> {
  const said: string[] = [];
  await supportAccount({ saysYes: async () => false })(args, (line) => said.push(line));
  return said.join('\n');
}

/** The same, as npm runs it. */
async function supportByNpm(...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['tools/support.ts', ...args]);
  return stdout + stderr;
}

interface Audit {
  readonly who: { readonly arn: string };
  readonly route: string;
  readonly accountId: string;
  readonly what: object;
  readonly reason?: string;
  readonly result: { readonly status: number };
}

function audited(): readonly Audit[] {
  return stack.logs
    .filter(({ line }) => line.includes('"audit":true'))
    .map(({ line }) => JSON.parse(line) as Audit);
}

test('an account is shown with what it bought, what it has, who watches and what changed', async () => {
  const viewer = await newSubscriber(stack);
  const { accountId } = viewer;
  const { sessionId } = await admitted(stack, viewer);
  const view = await lookUp(accountId);
  expect(view).toMatchObject({
    stored: true,
    snapshot: { accountId, version: 1, access: { maxStreams: 4 } },
    purchases: [{ purchaseId: 'premium', status: 'active' }],
    sessions: [{ sessionId, deviceId: 'tv', slot: 1 }],
    recentChanges: [{ version: 1, cause: expect.stringMatching(/^evt-/) }],
    pending: { announcements: [], reports: 0, sessionsToEnd: false },
    cached: { version: 1 },
  });
  expect(JSON.stringify(view)).not.toContain('nonce');
});

test('nobody comes in without a signature, by a viewer’s token or by a function’s role', async () => {
  const viewer = await newViewer(stack);
  const path = `/support/accounts/${viewer.accountId}`;
  expect((await call(stack, path)).status).toBe(403);
  expect((await call(stack, path, { viewer })).status).toBe(403);
  const wrong = await ask('GET', viewer.accountId, { as: { ...OPERATOR, secretAccessKey: 'guessed' } });
  expect(wrong.status).toBe(403);
  const {
    AWS_ACCESS_KEY_ID = '',
    AWS_SECRET_ACCESS_KEY = '',
    AWS_SESSION_TOKEN,
  } = stack.variables.get('usher-local-erase-account')!;
  const as = {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    sessionToken: AWS_SESSION_TOKEN,
  };
  const denied = await ask('GET', viewer.accountId, { as });
  expect(denied.status).toBe(403);
  expect(denied.headers.get('x-amzn-errortype')).toBe('AccessDeniedException');
  expect(await denied.json()).toMatchObject({ type: 'urn:usher:problem:forbidden' });
});

test('support ends a session, and its player is told', async () => {
  const viewer = await newSubscriber(stack);
  const { accountId } = viewer;
  const listener = await listen(await tokensOf(stack, viewer));
  const { sessionId, sessionToken } = await admitted(stack, viewer);
  expect(await support('local', 'end-session', accountId, sessionId, '--reason', 'T-1')).toContain('ended');
  const message = await listener.until(({ data }) => 'sessionId' in data);
  listener.stop();
  expect(message.data).toMatchObject({ sessionId, reason: 'terminated' });
  expect((await beat(stack, viewer, { sessionToken })).body.reason).toBe('terminated');
  expect((await concurrencyOf(stack, viewer)).sessions).toEqual([]);
  expect((await ask('DELETE', `${accountId}/sessions/${sessionId}?reason=T-1`)).status).toBe(410);
});

test('support gives a promotion, changes it and takes it back; players hear of each', async () => {
  const viewer = await newViewer(stack);
  const { accountId } = viewer;
  const listener = await listen(await tokensOf(stack, viewer));
  const grant = ['local', 'grant', accountId, 'sorry-1', '--product', 'premium', '--reason', 'T-2'];
  expect(await support(...grant, '--until', '2030-01-01')).toContain('premium');
  const created = await listener.until(({ type }) => type === 'entitlement.created');
  expect(created.data).toMatchObject({ entitlementId: 'promotion-sorry-1', productId: 'premium' });
  await support(...grant, '--until', '2031-01-01');
  const updated = await listener.until(({ type }) => type === 'entitlement.updated');
  expect(updated.data).toMatchObject({ validUntil: '2031-01-01T00:00:00.000Z' });
  expect((await snapshotOf(stack, viewer)).access.maxStreams).toBe(4);

  await support('local', 'revoke', accountId, 'sorry-1', '--reason', 'T-2');
  await until(async () => (await snapshotOf(stack, viewer)).access.maxStreams === 1);
  listener.stop();
  const view = await lookUp(accountId);
  expect(view.purchases).toMatchObject([{ purchaseId: 'promotion-sorry-1', status: 'cancelled' }]);
});

test('an account is exported: all of it, and nothing of another', async () => {
  const [viewer, other] = [await newSubscriber(stack), await newSubscriber(stack)];
  const { accountId } = viewer;
  await admitted(stack, viewer);
  const file = join(dataDir, 'export.json');
  await support('local', 'export', accountId, '--out', file, '--reason', 'T-3');
  const text = await readFile(file, 'utf8');
  const told = JSON.parse(text) as { readonly table: readonly object[]; readonly cache: object };
  expect(told).toMatchObject({
    format: 'usher-account',
    formatVersion: 1,
    accountId,
    table: [
      { item: 'account', basis: { premium: {} }, snapshot: { accountId, version: 1 } },
      { item: 'purchase#premium', productId: 'premium' },
    ],
    cache: { snapshot: { version: 1 }, sessions: [{ deviceId: 'tv' }] },
  });
  expect(text).not.toContain(other.accountId);
});

test('an erased account plays nothing, is told so, and leaves nothing but its version', async () => {
  const viewer = await newSubscriber(stack);
  const { accountId } = viewer;
  const event = checkoutEvent(accountId, { purchaseId: 'late' });
  const listener = await listen(await tokensOf(stack, viewer));
  const { sessionId, sessionToken } = await admitted(stack, viewer);
  await admitted(stack, viewer, { deviceId: 'phone', contentId: 'city-lights-tour' });

  expect(await support('local', 'erase', accountId, '--reason', 'T-4')).toContain('Nothing was erased');
  const said = await supportByNpm('local', 'erase', accountId, '--reason', 'T-4', '--yes');
  expect(said).toContain('admin-delete-user');
  await listener.until(({ type }) => type === 'entitlements.replaced');
  await listener.until(({ data }) => 'sessionId' in data && data['sessionId'] === sessionId);
  expect(await snapshotOf(stack, viewer)).toMatchObject({ version: 2, access: { grants: ['free'] } });
  expect((await beat(stack, viewer, { sessionToken })).body.reason).toBe('revoked');
  expect((await concurrencyOf(stack, viewer)).sessions).toEqual([]);
  const view = await lookUp(accountId);
  expect(view).toMatchObject({ erasedAt: expect.any(String), purchases: [], sessions: [] });
  expect(view.recentChanges).toMatchObject([{ version: 2, cause: '@erased' }]);
  const left = (await (await ask('GET', `${accountId}/export`)).json()) as { readonly table: object[] };
  expect(left.table).toMatchObject([{ item: 'account', basis: {}, inbox: {} }]);
  expect(JSON.stringify(left)).not.toMatch(/premium|"tv"|phone/);

  await buy(stack, event); // of before
  await buy(stack, checkoutEvent(accountId, { purchaseId: 'again', productId: 'sports' }));
  await until(async () => (await snapshotOf(stack, viewer)).version === 3);
  listener.stop();
  expect((await lookUp(accountId)).purchases).toMatchObject([{ purchaseId: 'again' }]);
});

test('each call leaves a line that says who did what, to whom, why and how it ended', async () => {
  const viewer = await newViewer(stack);
  const { accountId } = viewer;
  await ask('DELETE', `${accountId}/promotions/none?reason=T-5`);
  await ask('PUT', `${accountId}/promotions/p`, {
    body: { productId: 'yacht', validUntil: '2030-01-01T00:00:00Z', reason: 'T-6', token: viewer.idToken },
  });
  await ask('DELETE', accountId);
  const written = () => audited().filter((line) => line.accountId === accountId);
  await expect.poll(() => written().length).toBe(3); // a line of a log may come after the answer
  const promotion = '/support/accounts/{accountId}/promotions/{promotionId}';
  expect(written()).toMatchObject([
    { route: `DELETE ${promotion}`, what: { promotionId: 'none' }, reason: 'T-5', result: { status: 404 } },
    { route: `PUT ${promotion}`, what: { productId: 'yacht' }, reason: 'T-6', result: { status: 400 } },
    { route: 'DELETE /support/accounts/{accountId}', result: { status: 400 } },
  ]);
  expect(new Set(audited().map(({ who }) => who.arn))).toEqual(
    new Set(['arn:aws:iam::000000000000:user/local']),
  );
  expect(JSON.stringify(audited())).not.toContain(viewer.idToken);
});
