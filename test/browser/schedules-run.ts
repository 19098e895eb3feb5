import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Browser } from 'playwright-core';
import type { Snapshot } from '../../client/src/index.ts';
import type { LocalStack } from '../../local/stack.ts';
import { createTape } from '../client/entitlements/model/tape.ts';
import { newAccount } from './schedules-account.ts';
import { openNetwork } from './schedules-network.ts';
import { openTab, type Tab } from './schedules-tab.ts';

/*
 * One account in one browser of its own, with a tab or two, against the whole product, through a network of its own.
 * What happens to it is drawn from the seed; how soon is up to this machine, so the same seed is the same schedule, but
 * not to the millisecond the same run.
 */

/** What happened in a run, so that a test can say that it happened at all. */
export type Tally = Record<string, number>;

interface World {
  readonly stack: LocalStack;
  readonly browser: Browser;
}

const STEPS = 9;
/** By then whatever failed has been tried again, by the page and by the queue. */
const LONGEST_MS = 40_000;
/** How often it is looked at whether all is well in the end. */
const LOOK_EVERY_MS = 100;
const SLOW_MS = 400;

const WHAT = [
  'buy',
  'buy',
  'buy',
  'buy and wait',
  'buy and wait',
  'offline',
  'offline',
  'streams break',
  'streams end',
  'slow',
  'hide or show',
  'freeze',
  'reload',
  'another tab',
  'new tokens',
  'say again',
  'publish fails',
  'subscribe fails',
  'get fails',
  'cache is lost',
] as const;

/** Runs one schedule. @throws Error at the first breach of a law, with what happened until then */
export async function runSchedule({ stack, browser }: World, seed: string): Promise<Tally> {
  const startedMs = Date.now();
  const tape = createTape(createHash('shake256', { outputLength: 256 }).update(seed).digest());
  const tally: Tally = {};
  const log: string[] = [];
  const tabs: Tab[] = [];
  let isHidden = false;
  let latency = 0;
  /** The SDK opens a stream that has ended in good order again without a word. */
  let isMissed = false;

  const account = await newAccount({ stack, tape, note });
  const network = await openNetwork({ momentoUrl: stack.momento.url });
  const context = await browser.newContext({ proxy: { server: network.proxyUrl } });
  await context.addInitScript((idToken) => (globalThis.idToken = idToken), account.idToken);
  try {
    await addTab();
    await inTime('the first page', isLive(tabs[0]!));
    for (let steps = 0; steps < STEPS; steps++) {
      const what = tape.pick(WHAT);
      count(what);
      await inTime(what, step(what));
    }
    await settle();
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${log.join('\n')}`, { cause: error });
  } finally {
    await context.close();
    await network.stop();
  }
  return tally;

  async function step(what: (typeof WHAT)[number]): Promise<void> {
    const tab = tape.pick(tabs);
    switch (what) {
      case 'buy':
        return account.report();
      case 'buy and wait':
        await account.report();
        await isLive(tab);
        return account.isUnannounced || isMissed ? undefined : heard(tab);
      case 'offline':
        return goOffline();
      case 'streams break':
        return network.endStreams('break');
      case 'streams end':
        isMissed = true;
        return network.endStreams('end');
      case 'slow':
        latency = latency === 0 ? SLOW_MS : 0;
        return emulate({ latency });
      case 'hide or show':
        isHidden = !isHidden;
        return tab.setHidden(isHidden);
      case 'freeze':
        await tab.setFrozen(true);
        await account.report();
        return tab.setFrozen(false);
      case 'reload':
        return tab.reload();
      case 'another tab':
        return tabs.length === 1 ? addTab() : tabs.pop()!.close();
      case 'new tokens':
        return network.nextTokens();
      case 'say again': {
        const text = tab.messages[tape.choose(Math.max(tab.messages.length, 1))];
        return text === undefined ? undefined : account.sayAgain(text);
      }
      case 'publish fails':
        return account.failNext('Publish');
      case 'subscribe fails':
        return account.failNext('Subscribe');
      case 'get fails':
        return account.failNext('Get');
      case 'cache is lost':
        return account.loseCached();
    }
  }

  async function addTab(): Promise<void> {
    const name = `tab ${tabs.length + 1}`;
    const tab = await openTab(context, stack.playerUrl, (what) => note(`${name} ${what}`));
    tabs.push(tab);
    await tab.emulateNetwork({ latency });
  }

  /** DevTools alone leave open what is open, so the network is cut as well; meanwhile something is bought. */
  async function goOffline(): Promise<void> {
    const how = tape.pick(['breaks', 'goes silent']);
    note(how);
    await emulate({ offline: true });
    network.cut(how);
    await account.report();
    await Promise.all(tabs.map((tab) => tab.until(() => tab.connection !== 'live')));
    network.mend();
    await emulate({ latency });
  }

  async function emulate(how: Parameters<Tab['emulateNetwork']>[0]): Promise<void> {
    await Promise.all(tabs.map((tab) => tab.emulateNetwork(how)));
  }

  function isLive(tab: Tab): Promise<void> {
    return tab.until(() => tab.connection === 'live');
  }

  /** Resolves when the tab shows all that has been reported. */
  async function heard(tab: Tab): Promise<void> {
    await tab.until(() => tab.shown.standing === 'confirmed' && account.isEverythingIn(tab.shown.snapshot));
  }

  /** All is well again and somebody looks at the page: then the page shows what the service answers. */
  async function settle(): Promise<void> {
    count('settle');
    await emulate({});
    await look();
    const endMs = Date.now() + LONGEST_MS;
    for (let wrong = await whatIsWrong(); wrong !== undefined; wrong = await whatIsWrong()) {
      if (Date.now() > endMs) throw new Error(`${wrong}, though all has been well for ${LONGEST_MS} ms`);
      await sleep(LOOK_EVERY_MS);
    }
  }

  async function whatIsWrong(): Promise<string | undefined> {
    for (const tab of tabs) {
      tab.requireLawful();
      if (tab.connection !== 'live') return `it is ${tab.connection}`;
    }
    const answer = await account.read();
    if (!account.isEverythingIn(answer)) return 'the service has not taken in what was reported';
    if (isMissed || account.isUnannounced) {
      isMissed = false;
      account.asked();
      await look();
    }
    return tabs.map((tab) => differenceOf(tab, answer)).find((one) => one !== undefined);
  }

  /** A page reads again when somebody comes to see it. */
  async function look(): Promise<void> {
    await Promise.all(tabs.map((tab) => tab.setHidden(false)));
  }

  async function inTime(what: string, done: Promise<void>): Promise<void> {
    const over = new AbortController();
    const late = sleep(LONGEST_MS, undefined, { signal: over.signal }).then(() => {
      throw new Error(`nothing comes of "${what}"`);
    });
    await Promise.race([done, late]).finally(() => over.abort());
  }

  function count(what: string): void {
    tally[what] = (tally[what] ?? 0) + 1;
    note(what);
  }

  function note(what: string): void {
    log.push(`${((Date.now() - startedMs) / 1000).toFixed(2)} ${what}`);
  }
}

/** What counts of an answer; the moment that it was computed at does not. */
function essenceOf({ epoch, version, catalogVersion, entitlements, access }: Snapshot) {
  return { epoch, version, catalogVersion, entitlements, access };
}

function differenceOf({ shown }: Tab, answer: Snapshot): string | undefined {
  if (shown.standing !== 'confirmed') return `what it shows is ${shown.standing}`;
  const [is, should] = [essenceOf(shown.snapshot), essenceOf(answer)];
  if (isDeepStrictEqual(is, should)) return undefined;
  return `it shows ${JSON.stringify(is)}\ninstead of ${JSON.stringify(should)}`;
}
