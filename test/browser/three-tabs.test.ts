import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { launchChromium } from './chromium.ts';
import { startLocalPlayer, type LocalPlayer } from './local-player.ts';
import { buy, card, findings, overflows, plays, visit, watch } from './page.ts';
import { isLive, signUp } from './viewers.ts';

let player: LocalPlayer;
let browser: Browser;

beforeAll(async () => {
  const where = { assembly: inject('assembly'), playerPort: inject('playerPort') };
  [player, browser] = await Promise.all([startLocalPlayer(where), launchChromium()]);
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
});
afterAll(async () => {
  await browser?.close();
  await player?.stop();
});

/** A tab of somebody whose plan allows two screens, signed in. */
async function viewerOfTwoScreens(): Promise<Page> {
  const { page } = await visit(browser, player.stack.playerUrl);
  await signUp(page, player);
  await buy(page, /Sports/);
  await card(page, 'derby-2026').and(page.locator('.open')).waitFor();
  return page;
}

/** One more tab of the same browser. */
async function anotherTab(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto(player.stack.playerUrl);
  await isLive(page);
  return page;
}

const screens = (page: Page) => page.locator('#streams-summary');
const why = (page: Page) => page.locator('#player-why');
const choice = (page: Page) => page.getByRole('dialog', { name: 'Both your screens are in use' });

test('the third of two streams is refused, chooses whom to end, and plays; that one stops at once', async () => {
  const first = await viewerOfTwoScreens();
  const second = await anotherTab(first.context());
  const third = await anotherTab(first.context());
  await watch(first, 'City Lights Tour');
  await plays(first);
  await watch(second, 'Derby of the Year');
  await plays(second);
  await expect.poll(() => screens(second).innerText()).toBe('2 of 2 screens in use');
  expect(await findings(second)).toEqual([]);

  await watch(third, 'City Lights Tour');
  await choice(third).waitFor();
  expect(await choice(third).getByRole('listitem').count()).toBe(2);
  expect(await third.evaluate(() => document.activeElement?.textContent)).toBe('Not now');
  expect(await findings(third)).toEqual([]);

  const found: number[] = [];
  first.on('response', (response) => found.push(response.status()));
  await choice(third)
    .getByRole('button', { name: /^End this one and watch here: City Lights Tour/ })
    .click();
  await plays(third);
  await first.locator('#player[data-state="stopped"]').waitFor();
  expect(await why(first).innerText()).toBe('Stopped: another tab of this browser took its place.');
  expect(found).not.toContain(410); // by push: no heartbeat has found it out
  expect(await findings(first)).toEqual([]);
  await plays(second);
  for (const page of [first, second, third]) {
    await expect.poll(() => screens(page).innerText()).toBe('2 of 2 screens in use');
  }
});
