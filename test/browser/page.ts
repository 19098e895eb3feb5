import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

/** A page of its own browser context, and all it complained of: errors, warnings, breaches of its content policy. */
export interface OpenedPage {
  readonly page: Page;
  readonly complaints: readonly string[];
}

/** Opens an address as a new visitor would, with nothing remembered. */
export async function visit(
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
): Promise<OpenedPage> {
  const context = await browser.newContext({ reducedMotion: 'reduce', timezoneId: 'UTC', ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  await page.goto(address);
  return { page, complaints };
}

/** The card of a title in the catalogue. */
export function card(page: Page, contentId: string) {
  return page.locator(`[data-content="${contentId}"]`);
}

/** Signs in with the account that the page offers for trying out. */
export async function signInAsDemo(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Use the demo account' }).click();
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.locator('#connection[data-state="live"]').waitFor();
}

/** Buys a product: opens the checkout, chooses, pays. */
export async function buy(page: Page, title: RegExp): Promise<void> {
  await page.getByRole('button', { name: 'Upgrade' }).click();
  await page.getByRole('radio', { name: title }).check();
  await page.getByRole('button', { name: 'Pay' }).click();
}

/** Watches a title from the catalogue. */
export async function watch(page: Page, title: string): Promise<void> {
  await page.getByRole('button', { name: `Watch ${title}`, exact: true }).click();
}

/** Resolves when something plays on the page. */
export const plays = (page: Page) => page.locator('#player[data-state="playing"]').waitFor();

/** Resolves when the frames of something that plays are to be seen, and follow one another. */
export async function moves(page: Page): Promise<void> {
  await plays(page);
  await page.locator('#cover').waitFor({ state: 'hidden' });
  await page.waitForFunction(() => {
    const video = document.querySelector('video')!;
    return !video.paused && video.currentTime > 0 && video.getVideoPlaybackQuality().totalVideoFrames > 1;
  });
}

/** What axe finds wrong with the page as it is now: rule and place. */
export async function findings(page: Page): Promise<readonly string[]> {
  // Not by a script element, which the page's content policy refuses.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

/** Whether the page is wider than its window, so that one would have to scroll sideways. */
export function overflows(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
}
