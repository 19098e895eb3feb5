import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import catalog from '../../catalog.json' with { type: 'json' };
import { launchChromium } from './chromium.ts';
import { card, findings, overflows, visit, watch } from './page.ts';
import { serveStage, type Stage } from './stage.ts';

let stage: Stage;
let browser: Browser;

beforeAll(async () => {
  [stage, browser] = await Promise.all([serveStage(), launchChromium()]);
});
afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  stage.answers['/api/catalog'] = catalog;
});

/** A session as Cognito's library keeps it, valid for an hour or as told; nothing here checks its signature. */
async function keepSession(page: Page, lifeSeconds = 3600): Promise<void> {
  await page.evaluate((life) => {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const claims = { sub: 'ada', email: 'ada@example.com', iat: nowSeconds, exp: nowSeconds + life };
    const token = ['{}', JSON.stringify(claims), ''].map((text) => btoa(text)).join('.');
    const prefix = 'CognitoIdentityServiceProvider.web';
    localStorage.setItem(`${prefix}.LastAuthUser`, 'ada');
    for (const name of ['idToken', 'accessToken']) localStorage.setItem(`${prefix}.ada.${name}`, token);
    localStorage.setItem(`${prefix}.ada.refreshToken`, 'r');
    localStorage.setItem(`${prefix}.ada.clockDrift`, '0');
  }, lifeSeconds);
}

/** Signed in to a service that does not answer. */
async function beSignedIn(page: Page): Promise<void> {
  await keepSession(page);
  await page.reload();
  await page.getByRole('heading', { name: 'Your plan' }).waitFor();
}

test('shows the catalogue to someone who has not signed in: what is free, and why the rest is locked', async () => {
  const { page, complaints } = await visit(browser, stage.url);
  await card(page, 'harbour').waitFor();
  const reason = (contentId: string) => card(page, contentId).locator('.card-reason').innerText();
  expect(await page.locator('.card.open').count()).toBe(2);
  expect(await reason('harbour')).toBe('Included in Premium.');
  expect(await reason('premiere')).toBe('Opens on 1 April 2027, with Premium.');
  expect(await reason('big-room')).toBe(
    'Not in a browser, only on a television or on a games console, with Premium.',
  );
  expect(complaints).toEqual([]);
});

test('shows how the catalogue looks from another country and on another device', async () => {
  const { page } = await visit(browser, stage.url);
  const reason = card(page, 'alps').locator('.card-reason');
  await expect.poll(() => reason.innerText()).toMatch(/and we cannot tell where you are/);
  await page.getByLabel('from').selectOption({ label: 'Japan' });
  expect(await reason.innerText()).toMatch(/^Not shown in Japan, only in Switzerland/);
  await page.getByLabel('from').selectOption({ label: 'France' });
  expect(await reason.innerText()).toBe('Included in Premium.');
  await page.getByLabel('Watching').selectOption({ label: 'on a television' });
  expect(await card(page, 'big-room').locator('.card-reason').innerText()).toBe('Included in Premium.');
});

test('says on a deployed stage that purchases come from the payment provider', async () => {
  const { page } = await visit(browser, stage.url);
  await beSignedIn(page);
  await page.getByRole('button', { name: 'Upgrade' }).click();
  const checkout = page.getByRole('dialog', { name: 'Checkout' });
  await checkout.getByText('purchases come from the payment provider').waitFor();
  expect(await checkout.getByRole('button', { name: 'Pay' }).count()).toBe(0);
  expect(await page.getByRole('button', { name: 'Use the demo account' }).count()).toBe(0);
  expect(await findings(page)).toEqual([]);
});

test('says that it is offline while the service is down', async () => {
  const { page } = await visit(browser, stage.url);
  await beSignedIn(page);
  await page.locator('#connection[data-state="offline"]').waitFor();
  expect(await page.locator('#connection').innerText()).toBe('Offline, trying again');
});

test('asks to sign in again when the service takes the session for over', async () => {
  const { page } = await visit(browser, stage.url);
  await page.route('**/api/token*', (route) => route.fulfill({ status: 401, json: {} }));
  await page.route('https://cognito-idp.*/**', (route) =>
    route.fulfill({
      status: 400,
      headers: { 'Access-Control-Allow-Origin': '*' },
      json: { __type: 'NotAuthorizedException', message: 'Refresh Token has been revoked' },
    }),
  );
  await keepSession(page);
  await page.reload();
  const why = page.locator('#sign-in-error:not(:empty)');
  await why.waitFor();
  expect(await why.innerText()).toBe('Your session has ended. Please sign in again.');
});

test('signs out although its tokens have ended and the sign-in service cannot be reached', async () => {
  const { page } = await visit(browser, stage.url);
  await page.route('https://cognito-idp.*/**', (route) => route.abort());
  await beSignedIn(page);
  await keepSession(page, -60);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(await page.evaluate(() => Object.keys(localStorage))).toEqual(['usher.deviceId']);
});

test('loads the catalogue as soon as the service is back', async () => {
  delete stage.answers['/api/catalog'];
  const { page } = await visit(browser, stage.url);
  await page.getByText('The service is busy right now.').waitFor();
  stage.answers['/api/catalog'] = catalog;
  await card(page, 'harbour').waitFor();
  expect(await page.locator('#catalogue-error').innerText()).toBe('');
});

test('can be used by keyboard alone: skip to the titles, ask for an offer, sign in first', async () => {
  const { page } = await visit(browser, stage.url);
  await card(page, 'harbour').waitFor();
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the titles');
  await page.keyboard.press('Enter');
  for (let step = 0; step < 3; step++) await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.ariaLabel)).toBe(
    'Get Premium to watch The Harbour',
  );
  await page.keyboard.press('Enter');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('email');
  await page.getByText('Sign in first, then choose.').waitFor();
});

test('asks to sign in before anything is watched', async () => {
  const { page } = await visit(browser, stage.url);
  await watch(page, 'Morning News');
  await page.getByText('Sign in first, then watch.').waitFor();
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('email');
});

test('gives the focus back to where a dialog or the player was opened from', async () => {
  const { page } = await visit(browser, stage.url);
  await beSignedIn(page);
  const upgrade = page.getByRole('button', { name: 'Upgrade' });
  await upgrade.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Checkout' }).waitFor();
  await page.keyboard.press('Escape');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('upgrade');

  await page.getByRole('button', { name: 'Watch Morning News' }).focus();
  await page.keyboard.press('Enter');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('player-stop');
  await page.keyboard.press('Enter');
  expect(await page.locator('#player').isHidden()).toBe(true);
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('title-morning-news');
});

test('says that it waits, and for how long, when the service is busy', async () => {
  const { page } = await visit(browser, stage.url);
  await beSignedIn(page);
  await watch(page, 'Morning News');
  await page.getByText(/^The service is busy. Starting in \d seconds?\.$/).waitFor();
  expect(await findings(page)).toEqual([]);
});

test('takes no screen when the picture cannot be loaded, and tries again when asked to', async () => {
  const { page } = await visit(browser, stage.url);
  await beSignedIn(page);
  const asked: string[] = [];
  page.on('request', (request) => request.url().endsWith('/sessions') && asked.push(request.method()));
  await page.route('**/clip/main.m3u8', (route) => route.fulfill({ status: 404 }));
  await watch(page, 'Morning News');
  await page.getByRole('alert').getByText('The picture cannot be loaded.').waitFor();
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('player-again');
  expect(asked).toEqual([]);
  expect(await findings(page)).toEqual([]);

  await page.unroute('**/clip/main.m3u8');
  await page.keyboard.press('Enter');
  await page.getByText(/^The service is busy. Starting in \d seconds?\.$/).waitFor();
  expect(asked).toContain('POST');
});

test('opens and closes what was heard by keyboard alone', async () => {
  const { page } = await visit(browser, stage.url, { viewport: { width: 360, height: 640 } });
  await beSignedIn(page);
  const log = page.locator('#log');
  expect(await log.getByText('Nothing has been heard yet').isVisible()).toBe(false);
  await page.getByRole('button', { name: 'Restore purchases' }).focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  expect(await log.getByText('Nothing has been heard yet').isVisible()).toBe(true);
  expect(await overflows(page)).toBe(false);
  expect(await findings(page)).toEqual([]);
  await page.keyboard.press('Enter');
  expect(await log.getByText('Nothing has been heard yet').isVisible()).toBe(false);
});

const REFUSALS = [
  ['region', 'This title is not shown in the country that you seem to be in.'],
  ['device-type', 'This title is not shown on this kind of device.'],
  ['not-held', 'Your plan does not include this title.'],
] as const;

for (const [reason, sentence] of REFUSALS) {
  test(`says in words why a title may not be watched: ${reason}`, async () => {
    const { page } = await visit(browser, stage.url);
    await page.route('**/api/sessions', (route) =>
      route.fulfill({ status: 403, json: { type: 'urn:usher:problem:not-entitled', status: 403, reason } }),
    );
    await beSignedIn(page);
    await watch(page, 'Morning News');
    await page.getByRole('alert').getByText(sentence).waitFor();
    expect(await findings(page)).toEqual([]);
  });
}

test('axe finds nothing wrong, light and dark, wide and narrow, signed in and not', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 360]) {
      const viewport = { width, height: 800 };
      const { page } = await visit(browser, stage.url, { colorScheme, viewport });
      await card(page, 'harbour').waitFor();
      expect(await findings(page)).toEqual([]);
      await beSignedIn(page);
      expect(await findings(page)).toEqual([]);
      await watch(page, 'Morning News');
      expect(await findings(page)).toEqual([]);
      await page.context().close();
    }
  }
});

test('fits a phone of 360 pixels', async () => {
  const { page } = await visit(browser, stage.url, { viewport: { width: 360, height: 640 } });
  await card(page, 'harbour').waitFor();
  expect(await overflows(page)).toBe(false);
  await beSignedIn(page);
  expect(await overflows(page)).toBe(false);
  await page.getByRole('button', { name: 'Upgrade' }).click();
  const box = await page.getByRole('dialog', { name: 'Checkout' }).boundingBox();
  expect(box!.x).toBeGreaterThanOrEqual(0);
  expect(box!.x + box!.width).toBeLessThanOrEqual(360);
});
