import { randomUUID } from 'node:crypto';
import { TopicClient, TopicConfigurations } from '@gomomento/sdk';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import catalog from '../../catalog.json' with { type: 'json' };
import { catalogChanged } from '../../shared/domain/catalog-messages.ts';
import { CATALOG_TOPIC } from '../../shared/domain/token-scope.ts';
import { credentialsFor, SILENT } from '../../shared/momento/credentials.ts';
import { synthesized } from '../support/synthesized.ts';
import { launchChromium } from './chromium.ts';
import { startLocalPlayer, type LocalPlayer } from './local-player.ts';
import { buy, card, findings, plays, visit } from './page.ts';
import { fillIn, isLive, newCredentials, signIn, signUp } from './viewers.ts';

let player: LocalPlayer;
let browser: Browser;

beforeAll(async () => {
  [player, browser] = await Promise.all([startLocalPlayer(synthesized()), launchChromium()]);
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
});
afterAll(async () => {
  await browser?.close();
  await player?.stop();
});

const isOpen = (page: Page, contentId: string) => card(page, contentId).and(page.locator('.open')).waitFor();
const isLocked = (page: Page, contentId: string) =>
  card(page, contentId).and(page.locator('.locked')).waitFor();

test('from signing up to unlocked titles, on every screen of the account at once', async () => {
  const credentials = newCredentials();
  const first = await visit(browser, player.stack.playerUrl);
  await signUp(first.page, player, credentials);
  const second = await visit(browser, player.stack.playerUrl);
  await signIn(second.page, credentials);
  await isLocked(first.page, 'harbour');
  await isLocked(second.page, 'harbour');

  await buy(first.page, /Premium/);
  await Promise.all([isOpen(first.page, 'harbour'), isOpen(second.page, 'harbour')]);

  const toast = first.page.locator('.toast.good');
  await toast.getByText('Premium is yours: 3 titles unlocked').waitFor();
  await toast.getByText(/^\d+ ms from Pay to screen$/).waitFor();
  await second.page.locator('.toast').getByText('Premium is yours: 3 titles unlocked').waitFor();
  await isLocked(first.page, 'derby-2026');

  const [log, elsewhere] = [first.page, second.page].map((page) => page.locator('#log'));
  const told = log!.getByRole('listitem').filter({ hasText: 'entitlement.created · version 1' });
  expect(await told.innerText()).toMatch(/^Premium is active, until .+\n+\d+ ms\n/);
  expect(await log!.getByRole('listitem').filter({ hasText: 'purchase on screen' }).innerText()).toMatch(
    /^Premium is yours: 3 titles unlocked\n+\d+ ms\n/,
  );
  await log!.getByText(/^Service to here: median \d+ ms, longest \d+ ms, of 1$/).waitFor();
  await log!.getByText(/^Pay to screen: median \d+ ms, longest \d+ ms, of 1$/).waitFor();
  expect(await log!.locator('.plot .dot').count()).toBe(2);
  await elsewhere!.getByText('entitlement.created · version 1').waitFor();
  await elsewhere!.getByText('Pay to screen: none yet').waitFor();
  expect(await findings(first.page)).toEqual([]);
  expect([...first.complaints, ...second.complaints]).toEqual([]);
});

test('stays signed in over a reload, and signs out for good', async () => {
  const { page } = await visit(browser, player.stack.playerUrl);
  await signUp(page, player);
  await page.reload();
  await isLive(page);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(await page.evaluate(() => Object.keys(localStorage))).toEqual(['usher.deviceId']);
  await page.reload();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
});

test('a refund locks the title that is being watched, and says so', async () => {
  const { page } = await visit(browser, player.stack.playerUrl);
  const credentials = newCredentials();
  await signUp(page, player, credentials);
  await buy(page, /Nightfall/);
  await isOpen(page, 'nightfall');
  const elsewhere = await visit(browser, player.stack.playerUrl);
  await signIn(elsewhere.page, credentials);
  await elsewhere.page.getByRole('button', { name: 'Watch Nightfall' }).click();
  await plays(elsewhere.page);

  await page.getByRole('button', { name: 'Refund Nightfall' }).click();
  await elsewhere.page.getByText('This title has been locked. Included in Nightfall, 48 hours.').waitFor();
  await elsewhere.page.locator('#player[data-state="stopped"]').waitFor();
  expect(await elsewhere.page.getByRole('button', { name: 'Watch again' }).count()).toBe(0);
  await isLocked(page, 'nightfall');
});

test('a cancelled add-on stays open until its end', async () => {
  const { page } = await visit(browser, player.stack.playerUrl);
  await signUp(page, player);
  await buy(page, /Sports/);
  await isOpen(page, 'derby-2026');
  await page.getByRole('button', { name: 'Cancel Sports' }).click();
  await page.getByText(/^Cancelled, yours until /).waitFor();
  await isOpen(page, 'derby-2026');
  expect(await page.getByRole('button', { name: 'Cancel Sports' }).count()).toBe(0);
});

test('restores purchases, and says how long to wait when that is asked for again at once', async () => {
  const { page } = await visit(browser, player.stack.playerUrl);
  await signUp(page, player);
  const restore = page.getByRole('button', { name: 'Restore purchases' });
  await restore.click();
  await page.getByText('Your purchases are being looked through again').waitFor();
  await restore.click();
  const refusal = page.locator('.toast.alarm');
  await refusal.waitFor();
  expect(await refusal.innerText()).toMatch(/a little too often. Try again in \d+ seconds/);
});

test('says in words why a sign-in is refused', async () => {
  const { page } = await visit(browser, player.stack.playerUrl);
  await fillIn(page, newCredentials());
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  const alert = page.locator('#sign-in-error:not(:empty)');
  expect(await alert.innerText()).toBe('That address and password do not match.');
});

test('reads again when its tab is looked at again, and subscribes anew first when the network is back', async () => {
  const { page } = await visit(browser, player.stack.playerUrl);
  await signUp(page, player);
  const subscriptions = () => player.stack.momento.countCalls('Subscribe');
  const before = subscriptions();
  const readAgain = () => page.waitForResponse(/\/entitlements\?/);
  const seen = readAgain();
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  expect([200, 304]).toContain((await seen).status());
  expect(subscriptions()).toBe(before);

  const back = readAgain();
  await page.evaluate(() => dispatchEvent(new Event('online')));
  expect([200, 304]).toContain((await back).status());
  expect(subscriptions()).toBe(before + 2); // the account's topic and the stage's
  await isLive(page);
});

test('catches up with what was bought while Momento could not be reached', async () => {
  const credentials = newCredentials();
  const { page } = await visit(browser, player.stack.playerUrl);
  await signUp(page, player, credentials);
  const accountId = await page.evaluate(() => {
    const token = Object.entries(localStorage).find(([key]) => key.endsWith('.idToken'))![1] as string;
    return (
      JSON.parse(atob(token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/'))) as { sub: string }
    ).sub;
  });

  player.stack.momento.block();
  await page.locator('#connection:not([data-state="live"])').waitFor();
  const now = new Date().toISOString();
  const response = await fetch(`${player.stack.config.storeUrl}/events`, {
    method: 'POST',
    body: JSON.stringify({
      id: randomUUID(),
      occurredAt: now,
      accountId,
      purchaseId: randomUUID(),
      productId: 'premium',
      status: 'active',
      validFrom: now,
      validUntil: null,
    }),
  });
  expect(response.status).toBe(202);
  player.stack.momento.unblock();
  await isOpen(page, 'harbour');
  await isLive(page);
});

test('keeps what is known last without a network, says since when and until when, and catches up after', async () => {
  const { page } = await visit(browser, player.stack.playerUrl);
  await signUp(page, player);
  await buy(page, /Sports/);
  await isOpen(page, 'derby-2026');
  await page.context().setOffline(true);
  await page.locator('#connection').getByText('Offline, trying again').waitFor();
  const standing = page.locator('#catalogue-standing');
  expect(await standing.innerText()).toMatch(/last known, from \d\d:\d\d/);
  await page.getByText(/^The service cannot be reached. What is yours stays open until /).waitFor();
  await isOpen(page, 'derby-2026');
  expect(await findings(page)).toEqual([]);

  await page.context().setOffline(false);
  await isLive(page);
  await expect.poll(() => standing.innerText()).toBe('');
  await page.locator('#offline-note').waitFor({ state: 'hidden' });
});

test('says that the catalogue will be refreshed when it hears of it, and then shows the other titles', async () => {
  const { page } = await visit(browser, player.stack.playerUrl);
  await signUp(page, player);
  const catalogVersion = '2099-01-01.1';
  const contents = catalog.contents.map((content) =>
    content.contentId === 'harbour' ? { ...content, title: 'The Harbour, restored' } : content,
  );
  await page.route('**/catalog', (route) =>
    route.fulfill({ json: { ...catalog, catalogVersion, contents } }),
  );
  await announceToAll(catalogVersion);
  await page.getByText('The catalogue is about to be refreshed').waitFor();
  await expect.poll(() => card(page, 'harbour').locator('h2').innerText()).toBe('The Harbour, restored');
  await page.getByText('The catalogue is refreshed').waitFor();
  await page.getByText('1 title changed').waitFor();
  await page.locator('#log').getByText(`Catalogue ${catalogVersion}, within 0 seconds`).waitFor();
});

/** A wave in which every player refreshes at once. */
async function announceToAll(catalogVersion: string): Promise<void> {
  const { ssm, outputs } = player.stack;
  const key = ssm.get('/usher/local/momento-data-key')!;
  const client = new TopicClient({
    credentialProvider: credentialsFor({ key, endpoint: ssm.get('/usher/local/momento-endpoint')! }),
    configuration: TopicConfigurations.Default.latest(SILENT),
  });
  const wave = { waveId: randomUUID(), state: 'start', priority: 'normal' } as const;
  const message = catalogChanged(
    { ...wave, catalogVersion, productIds: [], refreshWithinSeconds: 0 },
    Date.now(),
  );
  const { type } = await client.publish(outputs['MomentoCacheName']!, CATALOG_TOPIC, JSON.stringify(message));
  expect(type).toBe('Success');
}
