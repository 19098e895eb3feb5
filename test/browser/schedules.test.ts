import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import { newViewer, startStack } from '../e2e/support.ts';
import { synthesized } from '../support/synthesized.ts';
import { launchChromium } from './chromium.ts';
import { withTokensOf, writePage } from './schedules-files.ts';
import { runSchedule, type Tally } from './schedules-run.ts';
import { openTab } from './schedules-tab.ts';

/** 20 schedules; another seed or number to look further, or to see a failure again. */
const SCHEDULES = Number(process.env['BROWSER_SCHEDULES'] ?? 20);
const SEED = Number(process.env['BROWSER_SEED'] ?? Date.now() % 1_000_000_000);
/** Each has a browser context of its own; more at once only wait for each other. */
const AT_ONCE = 5;
/** Some renewals happen in every schedule, and a token that is not renewed ends in the middle of it. */
const TOKEN_SECONDS = 12;

let stack: LocalStack;
let browser: Browser;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'usher-schedules-'));
  const { assembly, playerPort } = synthesized();
  const [page, shortLived] = [join(directory, 'page'), join(directory, 'assembly')];
  [browser] = await Promise.all([
    launchChromium(),
    writePage(page),
    withTokensOf(TOKEN_SECONDS, assembly, shortLived),
  ]);
  stack = await startStack({ assembly: shortLived, playerDir: page, ports: { player: playerPort } });
});
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
  await rm(directory, { recursive: true, force: true });
});

test(
  'in real tabs, too, whatever happens to a page, it ends with the service’s answer and never shows an older one',
  async () => {
    const sum: Tally = {};
    let next = 0;
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        while (next < SCHEDULES) {
          const seed = SEED + next++;
          const tally = await runSchedule({ stack, browser }, String(seed)).catch((error: unknown) => {
            next = SCHEDULES;
            throw new Error(`BROWSER_SEED=${seed} BROWSER_SCHEDULES=1: ${String(error)}`, { cause: error });
          });
          for (const [what, times] of Object.entries(tally)) sum[what] = (sum[what] ?? 0) + times;
        }
      }),
    );
    console.info(`schedules in Chromium: ${SCHEDULES} from seed ${SEED}: ${JSON.stringify(sum)}`);
    expect(sum['settle']).toBe(SCHEDULES);
  },
  60_000 + SCHEDULES * 6000,
);

test('a page whose network fails while Momento’s SDK is loaded is live when it is back, without a reload', async () => {
  const viewer = await newViewer(stack);
  const context = await browser.newContext();
  await context.addInitScript((idToken) => (globalThis.idToken = idToken), viewer.idToken);
  let failures = 0;
  await context.route(/\/momento-sdk-[^/]*$/, (route) =>
    failures++ < 2 ? route.abort('internetdisconnected') : route.continue(),
  );
  const tab = await openTab(context, stack.playerUrl, () => {});
  await tab.until(() => tab.connection === 'live');
  expect(failures).toBe(3);
  await context.close();
});
