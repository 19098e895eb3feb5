import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Hls from 'hls.js';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Listening } from '../../local/loopback.ts';
import { startPlayerServer } from '../../local/player-server/server.ts';
import type { ClipPlan } from '../../player/clip/clip-plan.ts';
import { makeClip } from '../../player/clip/make-clip.ts';
import { prepareTestCard } from '../../player/clip/test-card.ts';
import { launchChromium } from './chromium.ts';

const PLAN: ClipPlan = {
  seconds: 6,
  framesPerSecond: 10,
  segmentSeconds: 2,
  renditions: [
    { name: 'small', width: 160, height: 90, quantization: 24 },
    { name: 'large', width: 320, height: 180, quantization: 24 },
  ],
};

/** As strict as the demo player's own, and what a stream needs beside it: media from memory. */
const PAGE = `<!doctype html>
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; script-src 'self'; connect-src 'self'; media-src blob:; img-src data:">
<title>clip</title>
<link rel="icon" href="data:,">
<video muted></video>
<script type="module" src="/start.js"></script>`;
const START = `import Hls from '/hls.js';
const hls = new Hls({ enableWorker: false });
hls.on(Hls.Events.MANIFEST_PARSED, () => { hls.loadLevel = 0; }); // by hand from then on
globalThis.hls = hls;`;

let directory: string;
let server: Listening;
let browser: Browser;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'usher-clip-'));
  const hls = createRequire(import.meta.url).resolve('hls.js/dist/hls.light.min.mjs');
  await copyFile(hls, join(directory, 'hls.js'));
  await writeFile(join(directory, 'index.html'), PAGE);
  await writeFile(join(directory, 'start.js'), START);
  const [clip, listening, launched] = await Promise.all([
    makeClip(PLAN),
    startPlayerServer({ directory, config: {} }),
    launchChromium(),
  ]);
  [server, browser] = [listening, launched];
  for (const [name, contents] of clip) await writeFile(join(directory, name), contents);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  await rm(directory, { recursive: true, force: true });
});

test('plays as an adaptive stream, in the colours that were painted, changes rendition, and loops', async () => {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(server.url);

  const levels = await page.evaluate(async () => {
    const { hls } = globalThis as unknown as { hls: Hls };
    const video = document.querySelector('video')!;
    const playing = new Promise((resolve) => {
      video.addEventListener('playing', resolve, { once: true });
    });
    hls.loadSource('/main.m3u8');
    hls.attachMedia(video);
    await video.play();
    await playing;
    return hls.levels.map(({ width, height, videoCodec }) => ({ width, height, videoCodec }));
  });
  expect(levels).toEqual([
    { width: 160, height: 90, videoCodec: expect.stringMatching(/^avc1\./) },
    { width: 320, height: 180, videoCodec: expect.stringMatching(/^avc1\./) },
  ]);
  await page.waitForFunction(() => document.querySelector('video')!.currentTime > 0.3);

  const shown = await page.evaluate(async () => {
    const { hls } = globalThis as unknown as { hls: Hls };
    const video = document.querySelector('video')!;
    const until = (event: string) =>
      new Promise((resolve) => {
        video.addEventListener(event, resolve, { once: true });
      });
    const widthBefore = video.videoWidth;
    const resized = until('resize');
    hls.currentLevel = 1;
    await resized;
    video.pause();
    // Not until `seeked`, which a busy machine fires before it shows the frame.
    const frameShown = new Promise<void>((resolve) => {
      const look = (_nowMs: number, { mediaTime }: VideoFrameCallbackMetadata) => {
        if (Math.abs(mediaTime - 4) < 0.05) resolve();
        else video.requestVideoFrameCallback(look);
      };
      video.requestVideoFrameCallback(look);
    });
    video.currentTime = 4.05;
    await frameShown;
    const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
    const context = canvas.getContext('2d')!;
    context.drawImage(video, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    return { widths: [widthBefore, canvas.width], duration: video.duration, pixels: [...data] };
  });
  expect(shown).toMatchObject({ widths: [160, 320], duration: 6 });
  expect(meanDifference(shown.pixels, framePainted(40))).toBeLessThan(6);

  await page.evaluate(async () => {
    const video = document.querySelector('video')!;
    video.loop = true;
    video.currentTime = 5.5;
    await video.play();
  });
  await page.waitForFunction(() => {
    const { currentTime } = document.querySelector('video')!;
    return currentTime > 0.2 && currentTime < 4;
  });
  expect(complaints).toEqual([]);
});

function framePainted(frame: number): Uint8ClampedArray {
  const { seconds, framesPerSecond, segmentSeconds } = PLAN;
  const large = { width: 320, height: 180, seconds, framesPerSecond, turnSeconds: segmentSeconds };
  return prepareTestCard(large)(frame).bytes;
}

/** Per colour, of 255. The fourth byte of a pixel is not looked at. */
function meanDifference(one: readonly number[], other: Uint8ClampedArray): number {
  const colours = one.map((value, index) => (index % 4 === 3 ? 0 : Math.abs(value - other[index]!)));
  return colours.reduce((sum, difference) => sum + difference, 0) / (one.length * 0.75);
}
