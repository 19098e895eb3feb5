import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import { scratch, withShortIntervals, type Directory } from '../e2e/examples-support.ts';
import { buy, checkoutEvent, startStack } from '../e2e/support.ts';
import { synthesized } from '../support/synthesized.ts';
import { launchChromium } from './chromium.ts';
import { findings, overflows, visit, type OpenedPage } from './page.ts';

const configFile = fileURLToPath(new URL('../../examples/vite.config.ts', import.meta.url));

let assembly: Directory;
let pages: Directory;
let stack: LocalStack;
let browser: Browser;

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
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
});
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
  await Promise.all([assembly?.remove(), pages?.remove()]);
});

/** As `npx vite build examples` leaves them where the player is served from. */
async function builtPages(): Promise<Directory> {
  const directory = await scratch();
  await build({ configFile, logLevel: 'error', build: { outDir: join(directory.path, 'examples') } });
  return directory;
}

/** Opens an example and signs in with the account for trying out, which is filled in already. */
async function signedIn(path: string): Promise<OpenedPage> {
  const opened = await visit(browser, `${stack.playerUrl}/examples/${path}`, {
    viewport: { width: 360, height: 640 },
  });
  await opened.page.getByRole('button', { name: 'Sign in' }).click();
  return opened;
}

/** The account, as soon as the page follows it. */
async function signedInAs(page: Page): Promise<string> {
  const status = page.getByRole('status').filter({ hasText: /^Live as / });
  return (await status.innerText()).slice('Live as '.length);
}

/** Publishes to the topic of the account that is the message's subject, as the service does. */
async function announce(message: Readonly<Record<string, unknown>>): Promise<void> {
  const topic = `${stack.outputs['MomentoCacheName']}/${String(message['subject'])}`;
  const response = await fetch(`${stack.momento.url}/topics/${topic}`, {
    method: 'POST',
    headers: { authorization: stack.momento.mintKey('data') },
    body: JSON.stringify(message),
  });
  if (!response.ok) throw new Error(`not published: ${response.status}`);
}

test('the page subscribes before it reads, and a purchase unlocks titles by its message alone', async () => {
  const { page, complaints } = await signedIn('login-page/');
  const accountId = await signedInAs(page);
  const calls = stack.momento.calls.filter(({ key }) => key === accountId).map(({ rpc }) => rpc);
  expect(calls.filter((rpc) => rpc === 'Subscribe' || rpc === 'Get')).toEqual(['Subscribe', 'Get']);

  const line = (text: string) => page.getByRole('listitem').filter({ hasText: text });
  await line('free, active').waitFor();
  await line('City Lights Tour').waitFor();
  expect(await line('The Harbour').count()).toBe(0);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));

  const purchase = checkoutEvent(accountId, { purchaseId: 'sub-1' });
  await buy(stack, purchase);
  await line('premium, active').waitFor();
  await line('The Harbour').waitFor();
  await buy(stack, { ...purchase, id: 'evt-refund', revision: 2, status: 'refunded' });
  await line('The Harbour').waitFor({ state: 'detached' });
  expect(await line('premium').count()).toBe(0);
  expect(asked).toEqual([]); // no reload, and no read: a message carries what it takes

  expect(await findings(page)).toEqual([]);
  expect(await overflows(page)).toBe(false);
  expect(complaints).toEqual([]);
});

test('the page reads again when a message was missed: once, however many tell of it', async () => {
  const { page } = await signedIn('login-page/');
  const accountId = await signedInAs(page);
  const missed = { type: 'entitlements.replaced', epoch: '0', subject: accountId };
  const reads: string[] = [];
  const read = Promise.withResolvers<void>();
  await page.route('**/entitlements?*', async (route) => {
    reads.push(new URL(route.request().url()).search);
    await read.promise;
    const entitlements = [
      { productId: 'sports', status: 'active', validUntil: null, held: true, grants: [] },
    ];
    const json = { epoch: '0', version: 1002, entitlements };
    return route.fulfill({ json, headers: { 'Access-Control-Allow-Origin': '*' } });
  });
  await announce({ ...missed, version: 1001 });
  await expect.poll(() => reads).toEqual(['?atLeast=1001']);
  await announce({ ...missed, version: 1002 });
  read.resolve();
  await page.getByText('sports, active').waitFor();
  expect(reads).toHaveLength(1);
});

test('the device in React is counted for as long as it is open', async () => {
  const { page, complaints } = await signedIn('react-device/?id=harbour');
  await page.getByRole('heading', { name: /^Device \S+: Connected$/ }).waitFor();
  await page.getByText(/^1 devices in the last full interval, 0 of \d streams$/).waitFor();
  await page.getByText(/^([2-9]|\d\d+) heartbeats sent$/).waitFor();
  expect(await findings(page)).toEqual([]);
  expect(await overflows(page)).toBe(false);
  expect(complaints).toEqual([]);
});
