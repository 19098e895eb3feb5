import type { Browser, BrowserContext, Page, Request } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { synthesized } from '../support/synthesized.ts';
import { launchChromium } from './chromium.ts';
import { startLocalPlayer, type LocalPlayer } from './local-player.ts';
import { buy, card, findings, moves, overflows, plays, visit, watch } from './page.ts';
import { isLive, signUp } from './viewers.ts';

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

/** A tab of somebody whose plan allows two screens, signed in. */
async function viewerOfTwoScreens(): Promise<Page> {
  const { page } = await visit(browser, player.stack.playerUrl);
  await signUp(page, player);
  await buy(page, /Sports/);
  await card(page, 'derby-2026').and(page.locator('.open')).waitFor();
  await page.getByText('0 of 2 screens in use').waitFor();
  return page;
}

/** One more tab of the same browser. */
async function anotherTab(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto(player.stack.playerUrl);
  await isLive(page);
  return page;
}

/** The JSON that a request carries, if it does. */
function bodyOf(request: Request): Readonly<Record<string, unknown>> | undefined {
  const text = request.postData();
  return text?.startsWith('{') === true ? (JSON.parse(text) as Record<string, unknown>) : undefined;
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
  expect(await first.locator('video').evaluate((video: HTMLVideoElement) => video.paused)).toBe(true);
  expect(await first.evaluate(() => document.activeElement?.id)).toBe('player-again');
  expect(found).not.toContain(410); // by push: no heartbeat has found it out
  expect(await findings(first)).toEqual([]);
  await plays(second);
  for (const page of [first, second, third]) {
    await expect.poll(() => screens(page).innerText()).toBe('2 of 2 screens in use');
  }
}, 60_000); // three pages, and every function's first start

test('leaves everything as it is when nobody is chosen', async () => {
  const first = await viewerOfTwoScreens();
  const second = await anotherTab(first.context());
  const third = await anotherTab(first.context());
  await watch(first, 'City Lights Tour');
  await plays(first);
  await watch(second, 'Derby of the Year');
  await plays(second);
  await watch(third, 'Derby of the Year');
  await choice(third).waitFor();
  await third.keyboard.press('Escape');
  expect(await third.locator('#player').isHidden()).toBe(true);
  expect(await third.evaluate(() => document.activeElement?.id)).toBe('title-derby-2026');
  await watch(third, 'Morning News'); // takes none of the screens
  await plays(third);
  await Promise.all([plays(first), plays(second)]);
  expect(await screens(third).innerText()).toBe('2 of 2 screens in use');
});

test('a reload takes its own stream over, and a duplicate of the tab takes another', async () => {
  const page = await viewerOfTwoScreens();
  await watch(page, 'City Lights Tour');
  await moves(page);
  const device = page.locator('#this-device');
  const before = await device.innerText();
  await page.reload();
  await moves(page);
  expect(await device.innerText()).toBe(before);
  await expect.poll(() => screens(page).innerText()).toBe('1 of 2 screens in use');

  const opening = page.context().waitForEvent('page');
  await page.evaluate(() => void open(location.href)); // with a copy of sessionStorage, as a duplicated tab has it
  const duplicate = await opening;
  await isLive(duplicate);
  expect(await duplicate.locator('#player').isHidden()).toBe(true);
  await watch(duplicate, 'City Lights Tour');
  await plays(duplicate);
  expect(await duplicate.locator('#this-device').innerText()).not.toBe(before);
  await expect.poll(() => screens(duplicate).innerText()).toBe('2 of 2 screens in use');
  await plays(page);
});

test('plays an adaptive stream under its session, also on a phone: pauses by keyboard, and keeps its screen', async () => {
  const page = await viewerOfTwoScreens();
  await page.setViewportSize({ width: 360, height: 740 });
  await watch(page, 'City Lights Tour');
  await moves(page);
  expect(await page.locator('#stage-title').innerText()).toBe('City Lights Tour');
  expect(await page.locator('#player-rendition').innerText()).toMatch(
    /^\d{2,3}p, adapting between 90p and 180p$/,
  );
  expect(await overflows(page)).toBe(false);
  expect(await findings(page)).toEqual([]);

  expect(await page.evaluate(() => document.activeElement?.id)).toBe('player-stop');
  await page.locator('#video').focus();
  await page.keyboard.press('Space');
  await page.getByText('Paused. Your screen is kept for five minutes.').waitFor();
  await page.keyboard.press('Space');
  await moves(page);
  expect(await screens(page).innerText()).toBe('1 of 2 screens in use');
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect.poll(() => screens(page).innerText()).toBe('0 of 2 screens in use');
});

test('counts by the service’s time where the device’s own clock is wrong', async () => {
  const { page } = await visit(browser, player.stack.playerUrl);
  await signUp(page, player);
  await page.addInitScript(() => {
    const { now } = Date;
    Date.now = () => now() + 40 * 60_000;
  });
  await page.reload();
  await isLive(page);
  await buy(page, /Sports/); // what is reported from the future is refused
  await card(page, 'derby-2026').and(page.locator('.open')).waitFor();
  await watch(page, 'Derby of the Year');
  await plays(page);
  expect(await page.locator('#player-elapsed').innerText()).toMatch(/^0:0\d$/);
});

test('a tab that is closed, and one that signs out, give their streams back at once', async () => {
  const first = await viewerOfTwoScreens();
  const second = await anotherTab(first.context());
  await watch(first, 'City Lights Tour');
  await plays(first);
  await watch(second, 'Derby of the Year');
  await plays(second);
  await second.close({ runBeforeUnload: true });
  const third = await anotherTab(first.context());
  await expect.poll(() => screens(third).innerText()).toBe('1 of 2 screens in use');

  const ended = first.waitForRequest((request) => bodyOf(request)?.['end'] === true);
  await first.getByRole('button', { name: 'Sign out' }).click();
  expect((await (await ended).response())?.status()).toBe(204);
});

test('a plan that allows one screen less ends the newer of two, and says why', async () => {
  const first = await viewerOfTwoScreens();
  const second = await anotherTab(first.context());
  await watch(first, 'City Lights Tour');
  await plays(first);
  await watch(second, 'City Lights Tour');
  await plays(second);
  await first.getByRole('button', { name: 'Refund Sports' }).click();
  await second.locator('#player[data-state="stopped"]').waitFor();
  await expect
    .poll(() => why(second).innerText())
    .toBe('Stopped: your plan has changed to 1 screen at a time.');
  await expect.poll(() => screens(second).innerText()).toBe('1 of 1 screen in use');
  await plays(first);
});

test('beats through the cheaper door, asks nobody beforehand, and goes on from token to token', async () => {
  const page = await viewerOfTwoScreens();
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  const renewals: { token: unknown; type: unknown; authorization: unknown; origin: string }[] = [];
  page.on('request', (request) => {
    const token = bodyOf(request)?.['sessionToken'];
    if (token === undefined) return;
    const { 'content-type': type, authorization } = request.headers();
    renewals.push({ token, type, authorization, origin: new URL(request.url()).origin });
  });
  await page.clock.install();
  await watch(page, 'City Lights Tour');
  await plays(page);
  for (const beats of [1, 2]) {
    const answered = page.waitForResponse(
      (response) => bodyOf(response.request())?.['sessionToken'] !== undefined,
    );
    await page.clock.fastForward(15_000);
    expect((await answered).status()).toBe(200);
    expect(renewals).toHaveLength(beats);
  }
  expect(renewals[0]).toMatchObject({ type: 'text/plain', authorization: undefined });
  expect(renewals[0]!.origin).not.toBe(new URL(player.stack.config.apiUrl).origin);
  expect(renewals[0]!.token).not.toBe(renewals[1]!.token);
  await plays(page);
  expect(complaints).toEqual([]);
});
