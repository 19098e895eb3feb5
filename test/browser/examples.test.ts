import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import { admitted, bought, concurrencyOf } from '../e2e/session-support.ts';
import { buy, checkoutEvent, signIn, startStack, type Viewer } from '../e2e/support.ts';
import { synthesized } from '../support/synthesized.ts';
import { launchChromium } from './chromium.ts';
import {
  builtPages,
  runProgram,
  withShortIntervals,
  type Directory,
  type Program,
} from './examples-support.ts';
import { overflows, visit, type OpenedPage } from './page.ts';

let assembly: Directory;
let pages: Directory;
let browser: Browser;
let stack: LocalStack;
let viewer: Viewer;
let refreshToken = '';
const programs: Program[] = [];

beforeAll(async () => {
  const { assembly: shared, playerPort } = synthesized();
  [assembly, pages, browser] = await Promise.all([
    withShortIntervals(shared),
    builtPages(),
    launchChromium(),
  ]);
  stack = await startStack({
    assembly: assembly.path,
    playerDir: pages.path,
    ports: { player: playerPort },
  });
  const { username, password } = stack.config.demoUser;
  viewer = await signIn(stack, username, password);
  refreshToken = (await run('pair.ts').prints(/^\S+$/m))[0];
});
afterEach(async () => {
  for (const program of programs.splice(0)) program.kill();
  await Promise.all(browser.contexts().map((context) => context.close()));
});
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
  await Promise.all([assembly?.remove(), pages?.remove()]);
});

/** Runs a program of the device that is paired with the account for trying out. */
function run(file: string, args: readonly string[] = [], deviceId = 'device'): Program {
  const program = runProgram(file, [`${stack.playerUrl}/config.json`, ...args], {
    REFRESH_TOKEN: refreshToken,
    DEVICE_ID: deviceId,
  });
  programs.push(program);
  return program;
}

/** Opens a page and signs in with the account for trying out, which is filled in already. */
async function signedIn(path: string): Promise<OpenedPage> {
  const viewport = { width: 360, height: 640 };
  const opened = await visit(browser, `${stack.playerUrl}/examples/${path}`, { viewport });
  await opened.page.getByRole('button', { name: 'Sign in' }).click();
  return opened;
}

const lineOf = (page: Page, text: string) => page.getByRole('listitem').filter({ hasText: text });
const isFollowing = (page: Page) => page.getByText(`Live as ${viewer.accountId}`).waitFor();

/** Publishes to the account's topic, as the service does. */
async function announce(message: object): Promise<void> {
  const topic = `${stack.outputs['MomentoCacheName']}/${viewer.accountId}`;
  const response = await fetch(`${stack.momento.url}/topics/${topic}`, {
    method: 'POST',
    headers: { authorization: stack.momento.mintKey('data') },
    body: JSON.stringify({ subject: viewer.accountId, epoch: '0', ...message }),
  });
  if (!response.ok) throw new Error(`not published: ${response.status}`);
}

test('the page subscribes before it reads, and a purchase unlocks titles by its message alone', async () => {
  const { page, complaints } = await signedIn('login-page/');
  await isFollowing(page);
  const calls = stack.momento.calls.filter(({ key }) => key === viewer.accountId).map(({ rpc }) => rpc);
  expect(calls.filter((rpc) => rpc === 'Subscribe' || rpc === 'Get')).toEqual(['Subscribe', 'Get']);

  await lineOf(page, 'free, active').waitFor();
  await lineOf(page, 'City Lights Tour').waitFor();
  expect(await lineOf(page, 'The Harbour').count()).toBe(0);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));

  const purchase = checkoutEvent(viewer.accountId, { purchaseId: 'sub-1' });
  await buy(stack, purchase);
  await lineOf(page, 'premium, active').waitFor();
  await lineOf(page, 'The Harbour').waitFor();
  await buy(stack, { ...purchase, id: 'evt-refund', revision: 2, status: 'refunded' });
  await lineOf(page, 'The Harbour').waitFor({ state: 'detached' });
  expect(await lineOf(page, 'premium').count()).toBe(0);
  expect(asked).toEqual([]); // no reload and no read: a message carries what it takes
  expect(await overflows(page)).toBe(false);
  expect(complaints).toEqual([]);
});

test('the page reads again when a message was missed: once, however many tell of it', async () => {
  const { page } = await signedIn('login-page/');
  await isFollowing(page);
  const reads: string[] = [];
  const answer = Promise.withResolvers<void>();
  await page.route('**/entitlements?*', async (route) => {
    reads.push(new URL(route.request().url()).search);
    await answer.promise;
    const entitlements = [
      { productId: 'sports', status: 'active', validUntil: null, held: true, grants: [] },
    ];
    const json = { epoch: '0', version: 1002, entitlements };
    return route.fulfill({ json, headers: { 'Access-Control-Allow-Origin': '*' } });
  });

  await announce({ type: 'entitlements.replaced', version: 1001 });
  await expect.poll(() => reads).toEqual(['?atLeast=1001']);
  await announce({ type: 'entitlements.replaced', version: 1002 });
  answer.resolve();
  await lineOf(page, 'sports, active').waitFor();
  expect(reads).toHaveLength(1);
});

test('devices are counted by Momento’s HTTP API, by the route, and by its SDK in React', async () => {
  const byTopic = run('heartbeats.ts', ['harbour'], 'by-topic');
  const byRoute = run('heartbeats.ts', ['harbour', 'by-route'], 'by-route');
  const { page, complaints } = await signedIn('react-device/?id=harbour');
  await page.getByRole('heading', { name: /^Device \S+: Connected$/ }).waitFor();
  await page.getByText('3 devices in the last full interval').waitFor();
  await byTopic.prints(/^3 devices in the last full interval$/m);

  expect(await Promise.all([byTopic.interrupt(), byRoute.interrupt()])).toEqual([0, 0]);
  expect(await overflows(page)).toBe(false);
  expect(complaints).toEqual([]);
});

test('a session beats for its stream, gives way to one that takes its place, and that gives it back on Ctrl-C', async () => {
  await bought(stack, viewer, { purchaseId: 'sub-2' });
  const first = run('session.ts', ['harbour'], 'first');
  const [, firstId = ''] = await first.prints(/as session (\S+)/);
  await stack.momento.nextCall('SetIf'); // its heartbeat: nothing else sets a slot now
  for (const deviceId of ['b', 'c', 'd']) await admitted(stack, viewer, { deviceId });

  const refused = run('session.ts', ['harbour'], 'second');
  expect(await refused.ended).toBe(1);
  expect(refused.printed()).toContain(`${firstId} on first: harbour`);
  expect((await concurrencyOf(stack, viewer)).sessions.map(({ sessionId }) => sessionId)).toContain(firstId);

  const second = run('session.ts', ['harbour', firstId], 'second');
  await second.prints(/as session/);
  await first.prints(/^Stopped: terminated$/m);
  expect(await second.interrupt()).toBe(0);
  const { sessions } = await concurrencyOf(stack, viewer);
  expect(sessions.map(({ deviceId }) => deviceId).toSorted()).toEqual(['b', 'c', 'd']);
});

test('a session for a title that the account does not hold says why', async () => {
  const device = run('session.ts', ['derby-2026']);
  expect(await device.ended).toBe(1);
  expect(device.printed()).toContain('May not be played: not-held');
});
