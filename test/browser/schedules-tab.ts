import { EventEmitter, once } from 'node:events';
import type { BrowserContext, CDPSession, Page } from 'playwright-core';
import type { Entitlements, Snapshot } from '../../client/src/index.ts';
import { compareSnapshots } from '../../shared/domain/snapshots.ts';
import type { Told } from './schedules-page.ts';

/** One tab, and what it has told of itself. */
export interface Tab {
  readonly page: Page;
  readonly shown: Entitlements;
  readonly connection: string;
  /** The messages that it has heard. */
  readonly messages: readonly string[];
  /** @throws Error with the first breach of a law */
  requireLawful(): void;
  /** Resolves when this holds, which is looked at whenever the tab tells something. @throws Error as `requireLawful` */
  until(holds: () => boolean): Promise<void>;
  /** By DevTools: offline, or so many milliseconds slower. */
  emulateNetwork(how: { readonly offline?: boolean; readonly latency?: number }): Promise<void>;
  /** Nobody looks at it, or somebody does; headless pages are never hidden by themselves. */
  setHidden(hidden: boolean): Promise<void>;
  /** By DevTools: nothing in it runs, as in a tab that Chrome has put aside. */
  setFrozen(frozen: boolean): Promise<void>;
  reload(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the page of the schedules in a tab. `note` hears what happens in it. */
export async function openTab(
  context: BrowserContext,
  playerUrl: string,
  note: (what: string) => void,
): Promise<Tab> {
  const events = new EventEmitter();
  const page = await context.newPage();
  const devtools: CDPSession = await context.newCDPSession(page);
  const messages: string[] = [];
  let shown: Entitlements = { standing: 'unknown' };
  let connection = 'offline';
  let newest: Snapshot | undefined;
  let breach: Error | undefined;
  page.on('pageerror', (error) => fail(`the page has thrown: ${String(error)}`));
  await page.exposeFunction('tell', hear);
  await page.goto(playerUrl);

  return {
    page,
    messages,
    get shown() {
      return shown;
    },
    get connection() {
      return connection;
    },
    requireLawful,
    async until(holds) {
      for (requireLawful(); !holds(); requireLawful()) await once(events, 'told');
    },
    async emulateNetwork({ offline = false, latency = 0 }) {
      const unlimited = { downloadThroughput: -1, uploadThroughput: -1 };
      await devtools.send('Network.emulateNetworkConditions', { offline, latency, ...unlimited });
    },
    setHidden: (hidden) =>
      page.evaluate((isHidden) => {
        Object.defineProperty(document, 'hidden', { configurable: true, value: isHidden });
        document.dispatchEvent(new Event('visibilitychange'));
      }, hidden),
    setFrozen: async (frozen) =>
      void (await devtools.send('Page.setWebLifecycleState', { state: frozen ? 'frozen' : 'active' })),
    reload: async () => void (await page.reload()),
    close: () => page.close(),
  };

  function hear(told: Told): void {
    if (told.what === 'message') messages.push(told.text);
    else if (told.what === 'connection') ({ connection } = told);
    else if (told.what === 'stopped') fail(`it has stopped: ${told.why}`);
    else see((shown = told.entitlements));
    note(told.what === 'entitlements' ? summaryOf(told.entitlements) : JSON.stringify(told));
    events.emit('told');
  }

  /** The law: never an older version after a newer one, whether or not the page was loaded again in between. */
  function see(now: Entitlements): void {
    if (now.standing === 'unknown') return;
    const { snapshot } = now;
    if (newest && compareSnapshots(newest, snapshot) > 0)
      fail(`it shows version ${snapshot.version} after ${newest.version}`);
    newest = snapshot;
  }

  function requireLawful(): void {
    if (breach) throw breach;
  }

  function fail(law: string): void {
    breach ??= new Error(law);
    note(`BREACH: ${law}`);
    events.emit('told');
  }
}

function summaryOf(now: Entitlements): string {
  if (now.standing === 'unknown') return 'shows nothing';
  const { version, access } = now.snapshot;
  return `shows ${version}, ${now.standing}: ${access.grants.join(' ')}`;
}
