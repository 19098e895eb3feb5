import { clipFiles } from '../../player/clip/clip-files.ts';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { freePort, synthesize } from '../setup.ts';
import { launchChromium, unpackChromium } from './chromium.ts';
import { startLocalPlayer, type LocalPlayer } from './local-player.ts';
import { buy, card, moves, plays, signInAsDemo, visit, watch } from './page.ts';
import { signUp } from './viewers.ts';

/**
 * Takes the picture of the demo player for the documentation: `node test/browser/screenshot.ts` writes
 * docs/player.png, a title that plays on one of two screens in use, just after some purchases and what was heard of
 * them. With a directory as argument it writes every view there instead: wide and narrow, light and dark, before and
 * after signing in, the checkout, the third of two screens, what was heard, and without a network.
 */
const documentation = fileURLToPath(new URL('../../docs', import.meta.url));

const SIZES = { wide: { width: 1280, height: 860 }, narrow: { width: 360, height: 740 } } as const;

async function everyView(browser: Browser, player: LocalPlayer, directory: string): Promise<void> {
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const shot = (name: string) => join(directory, `${size}-${colorScheme}-${name}.png`);
      const { page } = await visit(browser, player.stack.playerUrl, { viewport, colorScheme });
      await card(page, 'harbour').waitFor();
      await page.screenshot({ path: shot('1-signed-out') });
      await signUp(page, player);
      await page.screenshot({ path: shot('2-signed-in'), fullPage: true });
      await page.getByRole('button', { name: 'Upgrade' }).click();
      await page.screenshot({ path: shot('3-checkout') });
      await page.getByRole('button', { name: 'Close the checkout' }).click();
      await buy(page, /Sports/);
      await page.locator('.toast.good').waitFor();
      await page.screenshot({ path: shot('4-bought'), animations: 'disabled' });
      await threeTabs(page, shot);
      await page.context().close();
    }
  }
}

/** Somebody with two screens opens a third. */
async function threeTabs(first: Page, shot: (name: string) => string): Promise<void> {
  const context = first.context();
  const [second, third] = [await context.newPage(), await context.newPage()];
  for (const page of [second, third]) await page.goto(first.url());
  await watch(first, 'City Lights Tour');
  await plays(first);
  await watch(second, 'Derby of the Year');
  await moves(second);
  await second.getByText('2 of 2 screens in use').waitFor();
  await second.screenshot({ path: shot('5-playing'), animations: 'disabled', fullPage: true });
  await watch(third, 'City Lights Tour');
  const choices = third.getByRole('button', { name: /^End this one/ });
  await choices.first().waitFor();
  await third.screenshot({ path: shot('6-choosing'), animations: 'disabled' });
  await choices.first().click();
  await plays(third);
  await first.locator('#player[data-state="stopped"]').waitFor();
  await first.screenshot({ path: shot('7-stopped'), animations: 'disabled' });
  const log = first.locator('#log-details');
  await log.evaluate((details) => details.setAttribute('open', ''));
  await log.screenshot({ path: shot('8-events') });
  await context.setOffline(true);
  await first.locator('#connection[data-state="offline"]').waitFor();
  await first.screenshot({ path: shot('9-offline'), animations: 'disabled', fullPage: true });
}

async function documentationView(browser: Browser, player: LocalPlayer, directory: string): Promise<void> {
  const options = { viewport: { width: 1280, height: 1160 }, colorScheme: 'dark' } as const;
  const warming = await visit(browser, player.stack.playerUrl);
  await signUp(warming.page, player);
  await buy(warming.page, /Premium/); // the functions' first starts are over with this one
  await warming.page.locator('.toast.good').waitFor();
  await warming.page.context().close();
  const { page } = await visit(browser, player.stack.playerUrl, options);
  await signInAsDemo(page);
  await buy(page, /Sports/);
  await page.getByRole('button', { name: 'Refund Sports' }).click();
  await page
    .locator('.toast')
    .getByText(/^Sports has ended/)
    .waitFor();
  await buy(page, /Premium/);
  await page
    .locator('.toast')
    .getByText(/^Premium is yours/)
    .waitFor();
  await page.locator('.toast').last().hover(); // so that it stays
  await dismissOldest(page);
  await dismissOldest(page);
  const other = await page.context().newPage();
  await other.goto(page.url());
  await watch(other, 'The Harbour');
  await plays(other);
  await watch(page, 'City Lights Tour');
  await moves(page);
  await page.locator('#player-rendition').getByText('540p,').waitFor();
  await page.getByText('2 of 4 screens in use').waitFor();
  await page.screenshot({ path: join(directory, 'player.png'), animations: 'disabled' });
}

async function dismissOldest(page: Page): Promise<void> {
  // Not by a click: the pointer stays where it is.
  await page
    .getByRole('button', { name: 'Dismiss' })
    .first()
    .evaluate((button: HTMLButtonElement) => button.click());
}

const [directory] = process.argv.slice(2);
const assembly = await mkdtemp(join(tmpdir(), 'usher-assembly-'));
const playerPort = await freePort();
await unpackChromium();
await synthesize(assembly, { origins: `http://localhost:${playerPort}` });
const player = await startLocalPlayer({ assembly, playerPort, clip: clipFiles });
const browser = await launchChromium();
try {
  await mkdir(directory ?? documentation, { recursive: true });
  if (directory === undefined) await documentationView(browser, player, documentation);
  else await everyView(browser, player, directory);
} finally {
  await browser.close();
  await player.stop();
  await rm(assembly, { recursive: true, force: true });
}
