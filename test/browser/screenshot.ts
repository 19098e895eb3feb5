import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { freePort, synthesize } from '../setup.ts';
import { launchChromium, unpackChromium } from './chromium.ts';
import { startLocalPlayer } from './local-player.ts';
import { buy, card, signInAsDemo, visit } from './page.ts';

/**
 * Takes the picture of the demo player for the documentation: `node test/browser/screenshot.ts` writes
 * docs/player.png, a purchase just after it arrived. With a directory as argument it writes every view there
 * instead: wide and narrow, light and dark, before and after signing in, the checkout.
 */
const documentation = fileURLToPath(new URL('../../docs', import.meta.url));

const SIZES = { wide: { width: 1280, height: 860 }, narrow: { width: 390, height: 844 } } as const;

async function everyView(browser: Browser, address: string, directory: string): Promise<void> {
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const shot = (name: string) => join(directory, `${size}-${colorScheme}-${name}.png`);
      const { page } = await visit(browser, address, { viewport, colorScheme });
      await card(page, 'harbour').waitFor();
      await page.screenshot({ path: shot('1-signed-out') });
      await signInAsDemo(page);
      await page.screenshot({ path: shot('2-signed-in'), fullPage: true });
      await page.getByRole('button', { name: 'Upgrade' }).click();
      await page.screenshot({ path: shot('3-checkout') });
      await page.getByRole('button', { name: 'Close the checkout' }).click();
      await buy(page, colorScheme === 'light' ? (size === 'wide' ? /Premium/ : /Sports/) : /Nightfall/);
      await page.locator('.toast.good').waitFor();
      await page.screenshot({ path: shot('4-bought'), animations: 'disabled' });
      await page.getByRole('button', { name: 'Watch City Lights Tour' }).click();
      await page.screenshot({ path: shot('5-watching') });
      await page.getByRole('button', { name: 'Close the player' }).click();
      if (colorScheme === 'dark') await page.screenshot({ path: shot('6-whole'), fullPage: true });
      const refund = page.getByRole('button', { name: 'Refund Nightfall' });
      if (await refund.count()) await refund.click();
      await page.context().close();
    }
  }
}

async function documentationView(browser: Browser, address: string, directory: string): Promise<void> {
  const { page } = await visit(browser, address, { viewport: SIZES.wide, colorScheme: 'dark' });
  await signInAsDemo(page);
  await buy(page, /Premium/);
  await page.locator('.toast.good').waitFor();
  await page.screenshot({ path: join(directory, 'player.png'), animations: 'disabled' });
}

const [directory] = process.argv.slice(2);
const assembly = await mkdtemp(join(tmpdir(), 'usher-assembly-'));
const playerPort = await freePort();
await unpackChromium();
await synthesize(assembly, { origins: `http://localhost:${playerPort}` });
const player = await startLocalPlayer({ assembly, playerPort });
const browser = await launchChromium();
try {
  await mkdir(directory ?? documentation, { recursive: true });
  if (directory === undefined) await documentationView(browser, player.stack.playerUrl, documentation);
  else await everyView(browser, player.stack.playerUrl, directory);
} finally {
  await browser.close();
  await player.stop();
  await rm(assembly, { recursive: true, force: true });
}
