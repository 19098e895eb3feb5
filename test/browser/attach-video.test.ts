import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import { bought, concurrencyOf } from '../e2e/session-support.ts';
import { newViewer, startStack, type Viewer } from '../e2e/support.ts';
import { synthesized } from '../support/synthesized.ts';
import { launchChromium } from './chromium.ts';

/* A real <video> in real tabs, attached by the library, against the whole product. */

let stack: LocalStack;
let browser: Browser;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'usher-attached-'));
  [, browser] = await Promise.all([writePage(directory), launchChromium()]);
  stack = await startStack({ playerDir: directory, ports: { player: synthesized().playerPort } });
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
});
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function writePage(outdir: string): Promise<void> {
  const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
  await build({
    entryPoints: {
      main: path('attached-page.ts'),
      'timer-worker': path('../../client/src/timing/timer-worker.ts'),
    },
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2023',
  });
  const page =
    '<!doctype html><link rel="icon" href="data:," /><script type="module" src="/main.js"></script>';
  await writeFile(join(outdir, 'index.html'), page);
}

/** A browser whose viewer may watch on two screens. */
async function newBrowser(): Promise<{ readonly viewer: Viewer; readonly context: BrowserContext }> {
  const viewer = await newViewer(stack);
  await bought(stack, viewer, { productId: 'sports' });
  const context = await browser.newContext();
  await context.addInitScript((idToken) => (globalThis.idToken = idToken), viewer.idToken);
  return { viewer, context };
}

async function openTab(context: BrowserContext, query = ''): Promise<Page> {
  const page = await context.newPage();
  await page.goto(stack.playerUrl + query);
  await page.waitForFunction(
    () => globalThis.attached?.video.readyState === 4 && globalThis.attached.isLive(),
  );
  return page;
}

/** Plays as a viewer does, by the video's own controls; whoever played it by script would see what became of it. */
async function pressPlay(page: Page): Promise<void> {
  await page.evaluate(() => globalThis.attached.video.focus());
  await page.keyboard.press('Space');
}

const stateOf = (page: Page) => page.evaluate(() => globalThis.attached.playback.state);
const kind = (page: Page, wanted: string) =>
  page.waitForFunction((it) => globalThis.attached.playback.state.kind === it, wanted);

/** Resolves when the video moves under a session. */
async function plays(page: Page): Promise<void> {
  await kind(page, 'playing');
  const from = await page.evaluate(() => globalThis.attached.video.currentTime);
  await page.waitForFunction((earlier) => globalThis.attached.video.currentTime > earlier, from);
}

const isPaused = (page: Page) => page.evaluate(() => globalThis.attached.video.paused);
const sessionsOf = async (viewer: Viewer) => (await concurrencyOf(stack, viewer)).sessions;

test('the third of two screens is refused, takes one over, and that one pauses and says why', async () => {
  const { viewer, context } = await newBrowser();
  const [first, second, third] = await Promise.all([openTab(context), openTab(context), openTab(context)]);
  await pressPlay(first);
  await plays(first);
  expect(await sessionsOf(viewer)).toMatchObject([{ contentId: 'city-lights-tour' }]);
  await pressPlay(second);
  await plays(second);

  await pressPlay(third);
  await kind(third, 'choosing');
  expect(await isPaused(third)).toBe(true);
  const [refused] = await third.evaluate(() => globalThis.attached.told.refused);
  const sessions = await sessionsOf(viewer);
  expect(refused!.conflicts.map(({ sessionId }) => sessionId)).toEqual(sessions.map((one) => one.sessionId));

  await third.evaluate((id) => globalThis.attached.playback.takeOver(id), sessions[0]!.sessionId);
  await plays(third);
  await kind(first, 'stopped');
  expect(await isPaused(first)).toBe(true);
  const [why] = await first.evaluate(() => globalThis.attached.told.stopped);
  expect(why).toEqual({ kind: 'over', reason: 'terminated', by: sessions[0]!.deviceId });
  await plays(second);

  await second.close({ runBeforeUnload: true });
  await expect.poll(async () => (await sessionsOf(viewer)).length).toBe(1);
});

test('a tab that crashes takes its own stream back when it is loaded again', async () => {
  const { viewer, context } = await newBrowser();
  const [other, crashing] = await Promise.all([openTab(context), openTab(context, '?autoplay')]);
  await pressPlay(other);
  await Promise.all([plays(other), plays(crashing)]);
  const { sessionId: lost } = (await stateOf(crashing)) as { readonly sessionId: string };

  const devtools = await context.newCDPSession(crashing);
  const crash = crashing.waitForEvent('crash');
  devtools.send('Page.crash').catch(() => {}); // who is asked does not live to answer
  await crash;
  expect((await sessionsOf(viewer)).map(({ sessionId }) => sessionId)).toContain(lost); // nobody has ended it
  await devtools.send('Page.reload');
  await expect
    .poll(async () => (await sessionsOf(viewer)).map(({ sessionId }) => sessionId))
    .not.toContain(lost);
  expect(await sessionsOf(viewer)).toHaveLength(2);
  await plays(other);
});

test('a real video is held and played on without an error, ends its session at its end, and plays again', async () => {
  const { viewer, context } = await newBrowser();
  const page = await openTab(context, '?seconds=1');
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => complaints.push(message.text()));
  await page.mouse.click(1, 1); // a gesture, so that a script may play
  await page.evaluate(() => globalThis.attached.video.play()); // rejects if it is broken
  await kind(page, 'idle');
  expect(await page.evaluate(() => globalThis.attached.video.ended)).toBe(true);
  await expect.poll(() => sessionsOf(viewer)).toEqual([]);

  await page.evaluate(() => {
    globalThis.attached.video.loop = true;
  });
  await pressPlay(page);
  await plays(page);
  const { sessionId } = (await stateOf(page)) as { readonly sessionId: string };
  await page.evaluate(
    () => new Promise((resolve) => globalThis.attached.video.addEventListener('seeked', resolve)),
  ); // once around
  expect(await stateOf(page)).toMatchObject({ kind: 'playing', sessionId });
  expect(complaints).toEqual([]);
});

test('says that it needs a gesture when the browser will not go on without one', async () => {
  const { context } = await newBrowser();
  const page = await context.newPage();
  // Slow enough for the video to be about to move before it is admitted.
  const held = Promise.withResolvers<void>();
  await page.route('**/sessions', async (route) => {
    await held.promise;
    await route.continue();
  });
  const said = page.waitForEvent('console', (message) => message.text() === 'needs a gesture');
  page.on('console', (message) => message.text() === 'held' && held.resolve());
  await page.goto(`${stack.playerUrl}?autoplay=loud`);
  await said;
  expect(await stateOf(page)).toMatchObject({ kind: 'playing', needsGesture: true });
  expect(await isPaused(page)).toBe(true);
  await pressPlay(page);
  await plays(page);
  expect(await stateOf(page)).toMatchObject({ needsGesture: false });
});
