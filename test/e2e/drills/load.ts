import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Snapshot } from '../../../shared/domain/entitlements.ts';
import type { LocalStack } from '../../../local/stack.ts';
import { checkoutEvent, newViewer, type Viewer } from '../support.ts';
import type { Drill } from './drills.ts';
import { createLedger } from './ledger.ts';
import { createNotes, type Noticed } from './notes.ts';
import { createScreen, notedFetch, type Screen } from './screen.ts';
import type { StageTime } from './stage-time.ts';

interface Account {
  readonly viewer: Viewer;
  readonly screens: readonly Screen[];
  /** The last answer that somebody got who knows of no version. */
  lastRead?: Snapshot;
}

const SCREENS = 2;

/** How often something of an account happens, in seconds of the stage's time. */
const EVERY = { purchase: 10, read: 5, visit: 20, play: 5 };

/** Rentals are bought, and then reported again and again with another end. */
const RENTALS = 4;

/** Whoever has bought something looks for it; what has not come by then comes when it can. */
const LOOKS_FOR_MS = 400;

/**
 * What happens on a stage all day: each account watches on two screens, buys and has its purchases changed, is read by
 * somebody without the library, and visited by a third device, which signs in, watches for a moment and goes.
 */
export async function createLoad(stack: LocalStack, time: StageTime, accountsTotal: number) {
  const ledger = createLedger();
  let notes = createNotes();
  let bought = 0;
  let buying: readonly (() => void)[] = [];
  let others: readonly (() => void)[] = [];
  const { apiUrl, storeUrl } = stack.config;
  const world = { apiUrl, time, notes: () => notes, ledger };

  const viewers = await Promise.all(Array.from({ length: accountsTotal }, () => newViewer(stack)));
  const accounts: readonly Account[] = viewers.map((viewer, n) => ({
    viewer,
    screens: Array.from({ length: SCREENS }, (_, m) => createScreen(world, viewer, `screen-${n}-${m}`)),
  }));
  const screens = accounts.flatMap((account) => account.screens);
  await renewPremium();

  async function purchase(accountId: string, changes: Readonly<Record<string, unknown>>): Promise<void> {
    const event = checkoutEvent(accountId, changes);
    const acceptedAtMs = Date.now();
    const { status } = await notedFetch(world, accountId)(`${storeUrl}/events`, {
      method: 'POST',
      body: JSON.stringify(event),
    });
    if (status !== 202) return;
    notes.count('bought');
    ledger.accepted(accountId, event.purchaseId, event.validUntil, acceptedAtMs);
    const looked = Date.now() + LOOKS_FOR_MS;
    const isShown = () =>
      screensOf(accountId).every(({ snapshot }) => snapshot && lacksNothing(accountId, snapshot));
    await time.during(
      (async () => {
        while (!isShown() && Date.now() < looked) await sleep(10);
      })(),
    );
  }

  function screensOf(accountId: string): readonly Screen[] {
    return accounts.find(({ viewer }) => viewer.accountId === accountId)?.screens ?? [];
  }

  function lacksNothing(accountId: string, snapshot: Snapshot): boolean {
    return ledger.missingIn(accountId, snapshot).length === 0;
  }

  function rental() {
    const hours = 24 + bought;
    return {
      purchaseId: `rental-${bought++ % RENTALS}`,
      productId: 'nightfall-48h',
      validUntil: new Date(Date.now() + hours * 3_600_000).toISOString(),
    };
  }

  /** Everybody's plan is reported, as every month. */
  async function renewPremium(): Promise<void> {
    const validUntil = new Date(Date.now() + 31 * 86_400_000).toISOString();
    for (const { accountId } of viewers) await purchase(accountId, { purchaseId: 'premium', validUntil });
  }

  const headers = ({ idToken }: Viewer) => ({ authorization: `Bearer ${idToken}` });

  async function read(account: Account): Promise<void> {
    const { accountId } = account.viewer;
    const response = await notedFetch(world, accountId)(`${apiUrl}/entitlements`, {
      headers: headers(account.viewer),
    });
    if (!response.ok) return;
    const snapshot = (await response.json()) as Snapshot;
    notes.readBehind(ledger.behindMs(accountId, snapshot));
    if (account.lastRead && account.lastRead.version > snapshot.version) notes.count('readsWentBack');
    account.lastRead = snapshot;
  }

  /** A device that nobody knows yet. */
  async function visit({ viewer }: Account): Promise<void> {
    const ask = notedFetch(world, `visitor of ${viewer.accountId}`);
    await ask(`${apiUrl}/token?cache=true`, { headers: headers(viewer) });
    const started = await ask(`${apiUrl}/sessions`, {
      method: 'POST',
      headers: headers(viewer),
      body: JSON.stringify({ deviceId: 'visitor', playerId: randomUUID(), contentId: 'harbour' }),
    });
    if (!started.ok) return;
    const { sessionToken } = (await started.json()) as { readonly sessionToken: string };
    await ask(`${apiUrl}/heartbeats`, {
      method: 'POST',
      headers: headers(viewer),
      body: JSON.stringify({ sessionToken, end: true }),
    });
  }

  /** Starts at different times for different accounts; whatever it throws has been noted. */
  function repeat(seconds: number, act: (account: Account) => Promise<void>): readonly (() => void)[] {
    const ms = seconds * 1000;
    return accounts.flatMap((account, n) => {
      const quietly = () => void time.during(act(account)).catch(() => {});
      let again = () => {};
      const first = time.after(((n + 0.5) / accounts.length) * ms, () => {
        quietly();
        again = time.every(ms, quietly);
      });
      return [first, () => again()];
    });
  }

  function startBuying(slowly = 1): void {
    buying = repeat(EVERY.purchase * slowly, ({ viewer }) => purchase(viewer.accountId, rental()));
  }

  /** Who wants to go on watching, and may, presses play. */
  const pressPlay = () => screens.forEach((screen) => screen.play());
  const playing = time.every(EVERY.play * 1000, pressPlay);

  return {
    accounts,
    ledger,
    renewPremium,
    /** Everybody shows what was bought, and plays. */
    isLevel: (): boolean =>
      accounts.every(({ viewer, screens: own }) =>
        own.every(
          ({ snapshot, isLive, sessionId }) =>
            isLive && sessionId !== undefined && snapshot && lacksNothing(viewer.accountId, snapshot),
        ),
      ),
    startBuying,
    /** Everybody does what they do, at their own times; `slowly`, that many times as rarely. */
    run({ slowly = 1 } = {}): void {
      startBuying(slowly);
      others = [...repeat(EVERY.read * slowly, read), ...repeat(EVERY.visit * slowly, visit)];
    },
    /** Nobody buys anything any more. */
    stopBuying(): void {
      for (const stop of buying) stop();
    },
    /** Nobody does anything but go on watching. */
    pause(): void {
      for (const stop of [...buying, ...others]) stop();
    },
    notes: () => notes,
    /** What was noticed until now; from now on it is another drill's. */
    takeNotes(drill: Drill): Noticed {
      const taken = notes.result(drill);
      notes = createNotes();
      return taken;
    },
    async stop(): Promise<void> {
      for (const stop of [...buying, ...others, playing]) stop();
      await Promise.all(screens.map((screen) => screen.stop()));
    },
  };
}

export type Load = Awaited<ReturnType<typeof createLoad>>;
