import {
  createUsher,
  SignInNeeded,
  type Catalog,
  type ConnectionState,
  type Content,
  type Entitlement,
  type Product,
  type Usher,
  type UsherEvents,
} from '../../client/src/index.ts';
import { entitlementsOf, isHeld } from '../../shared/domain/entitlements.ts';
import { createAccount, type Account, type Viewer } from './account.ts';
import { announceCatalogue, announceChanges, announceWave, type Shown } from './announcing.ts';
import { showCatalogue } from './catalogue-view.ts';
import { createCheckout } from './checkout.ts';
import { hearCircumstances, offerCircumstances, type Place } from './circumstances-view.ts';
import { readConfig, type Config } from './config.ts';
import { deliver } from './deliver.ts';
import { part } from './element.ts';
import { withEntry, type LogEntry } from './event-log.ts';
import { showConnection, showViewer } from './header-view.ts';
import { loadCatalogue } from './load-catalogue.ts';
import { showLog } from './log-view.ts';
import { waveIn, wordsOf } from './message-words.ts';
import { showPlan } from './plan-view.ts';
import { sentenceOf } from './problem-words.ts';
import { createPurchases } from './purchases.ts';
import { createSignInView } from './sign-in-view.ts';
import { showStanding } from './standing-view.ts';
import { GRACE_SECONDS } from './standing-words.ts';
import { cancellationOf, refundOf, type CheckoutEvent } from './store.ts';
import { productsOnSale, type Outlook } from './titles.ts';
import { toast } from './toasts.ts';
import { createWatching } from './watching.ts';

interface World {
  readonly config: Config;
  readonly account: Account;
  /** One that follows nothing yet: an account's own, from signing in to signing out. */
  readonly newUsher: () => Usher;
}

/** Puts the parts together: what a part reports changes one of these few variables, and the page is drawn anew. */
async function startPage({ config, account, newUsher }: World): Promise<void> {
  const { storeUrl } = config;
  let usher = newUsher();
  const identity = await usher.identify();
  const signIn = createSignInView({ account, config, onSignedIn: enter });
  const checkout = createCheckout();
  const watching = createWatching({
    identity,
    tabStorage: sessionStorage,
    now: () => usher.now(),
    onChange: drawPlayer,
  });
  const purchases =
    storeUrl === undefined
      ? undefined
      : createPurchases({ storeUrl, moment, onChange: draw, onLate: () => usher.refresh() });
  // The runner's API takes callers to be in Japan; what a deployed one takes them for, the page does not know.
  let place: Place = { deviceType: 'web', region: config.cognitoEndpoint === undefined ? undefined : 'JP' };
  let catalog: Catalog | undefined;
  let viewer: Viewer | undefined;
  let shown: Shown | undefined;
  let isCutOff = false;
  let log: readonly LogEntry[] = [];

  part('upgrade', HTMLButtonElement).addEventListener('click', () => checkOut());
  part('restore', HTMLButtonElement).addEventListener('click', () => void restorePurchases());
  part('sign-out', HTMLButtonElement).addEventListener('click', () => void leave());
  part('log-details', HTMLDetailsElement).open = matchMedia('(min-width: 60rem)').matches;
  hearCircumstances((chosen) => {
    place = chosen;
    draw();
  });
  addEventListener('storage', ({ key }) => {
    // Someone signed in or out in another tab.
    if (key === null || key.endsWith('.LastAuthUser')) location.reload();
  });
  listen();
  void resume();

  /** To the usher of now: to its catalogue at once, and to the rest when it is started. */
  function listen(): void {
    const mine = usher;
    const isCurrent = () => mine === usher;
    void loadCatalogue(mine, isCurrent).then((read) => read && isCurrent() && takeCatalogue(read));
    mine.on('catalog', (read) => {
      if (catalog) announceCatalogue(catalog, read);
      takeCatalogue(read);
    });
    mine.on('entitlements', takeEntitlements);
    mine.on('connection', takeConnection);
    mine.on('streams', drawPlayer);
    mine.on('message', takeMessage);
    mine.on('stopped', end);
  }

  function takeCatalogue(read: Catalog): void {
    catalog = read;
    offerCircumstances(read, place);
    draw();
  }

  async function resume(): Promise<void> {
    try {
      const restored = await account.restore();
      if (restored) enter(restored);
      else showSignedOut();
    } catch (error) {
      showSignedOut(sentenceOf(error));
    }
  }

  function enter(entered: Viewer): void {
    viewer = entered;
    showViewer(viewer);
    showLog(log);
    usher.start();
    draw();
  }

  /** Signing in again has to wait until the old session is gone from here, or it would go with it. */
  async function leave(): Promise<void> {
    const signOut = part('sign-out', HTMLButtonElement);
    signOut.disabled = true;
    await forget({ forget: true });
    await account.signOut();
    signOut.disabled = false;
    showSignedOut();
  }

  function end(error: unknown): void {
    void forget({ forget: false });
    showSignedOut(sentenceOf(error));
  }

  /** Resolves when the service knows what is over with it, for as long as there are tokens to tell it with. */
  async function forget(options: { readonly forget: boolean }): Promise<void> {
    viewer = undefined;
    shown = undefined;
    log = [];
    purchases?.forget();
    watching.forget();
    const ended = usher.stop(options);
    isCutOff = false; // of what it says of itself at its end
    usher = newUsher();
    listen();
    draw();
    await ended;
  }

  function showSignedOut(why?: string): void {
    showViewer(undefined);
    signIn.ask(why);
  }

  function takeConnection(state: ConnectionState): void {
    if (state !== 'catching-up') isCutOff = state === 'offline';
    showConnection(state);
    showStanding(usher, isCutOff);
  }

  function takeEntitlements({ now }: UsherEvents['entitlements']): void {
    if (!viewer) return;
    const before = shown;
    const snapshot = now.standing === 'unknown' ? undefined : now.snapshot;
    if (snapshot !== before?.snapshot) shown = snapshot && { snapshot, atMs: usher.now() };
    const arrived = snapshot && purchases?.settle(snapshot);
    draw();
    if (!catalog || !before || !shown || before === shown) return;
    const outlooks = [outlookOf(catalog, before), outlookOf(catalog, shown)] as const;
    whenOnScreen(() => {
      for (const { text, ms } of announceChanges(...outlooks, arrived)) {
        note({ type: 'purchase on screen', text, latency: { kind: 'purchase', ms } });
      }
    });
  }

  /** Before it takes effect: what it says goes by what was. */
  function takeMessage(message: UsherEvents['message']): void {
    const { type, ageMs } = message;
    const entitlements = shown?.snapshot.entitlements ?? [];
    const words = wordsOf(message.text, { catalog, entitlements, deviceId: identity.deviceId });
    note({ type, ...words, latency: ageMs === undefined ? undefined : { kind: 'message', ms: ageMs } });
    const wave = waveIn(message.text);
    if (wave !== undefined) announceWave(wave);
  }

  function note(entry: Omit<LogEntry, 'atMs'>): void {
    log = withEntry(log, { ...entry, atMs: usher.now() });
    showLog(log);
  }

  function outlookOf(known: Catalog, { snapshot, atMs }: Shown): Outlook {
    const { entitlements } = snapshot;
    return { catalog: known, entitlements, circumstances: { ...place, nowMs: atMs } };
  }

  function draw(): void {
    const nowMs = usher.now();
    const snapshot = shown?.snapshot;
    const awaited = [...(purchases?.awaited.values() ?? [])].map(({ title }) => title);
    showPlan(
      { snapshot, catalog, awaited, nowMs },
      {
        onCancel: purchases && ((held) => void report(cancellationOf(held, moment()))),
        onRefund: purchases && ((held) => void report(refundOf(held, moment()))),
      },
    );
    showStanding(usher, isCutOff);
    const outlook = currentOutlook();
    if (!outlook) return;
    showCatalogue(outlook, { onWatch: watch, onOffer: checkOut });
    watching.draw(outlook, usher.streams);
    const resumed = viewer && shown && watching.takeResumable(viewer.accountId, outlook);
    if (resumed) watch(resumed);
  }

  /** What plays changes more often than the titles do. */
  function drawPlayer(): void {
    const outlook = currentOutlook();
    if (outlook) watching.draw(outlook, usher.streams);
  }

  /** As things stand now; to somebody of whom nothing is known, what is everyone's is open. */
  function currentOutlook(): Outlook | undefined {
    if (!catalog) return undefined;
    const nowMs = usher.now();
    const entitlements = shown?.snapshot.entitlements ?? entitlementsOf('', [], catalog, nowMs);
    return { catalog, entitlements, circumstances: { ...place, nowMs } };
  }

  function watch(content: Content): void {
    if (!viewer) return signIn.ask('Sign in first, then watch.', { focus: true });
    watching.watch(usher, { accountId: viewer.accountId, content, deviceType: place.deviceType });
  }

  function checkOut(offered?: Product): void {
    if (!viewer) return signIn.ask('Sign in first, then choose.', { focus: true });
    if (!catalog) return;
    const { accountId } = viewer;
    const nowMs = usher.now();
    const held = (shown?.snapshot.entitlements ?? []).filter((entitlement: Entitlement) =>
      isHeld(entitlement, nowMs),
    );
    checkout.open({
      products: productsOnSale(catalog),
      held: new Set(held.map(({ productId }) => productId)),
      chosen: offered?.productId,
      pay: purchases && ((product) => purchases.pay(product, accountId)),
    });
  }

  async function report(event: CheckoutEvent): Promise<void> {
    try {
      await deliver(event, storeUrl!);
    } catch (error) {
      toast({ text: sentenceOf(error), tone: 'alarm' });
    }
  }

  async function restorePurchases(): Promise<void> {
    try {
      await usher.restorePurchases();
      toast({ text: 'Your purchases are being looked through again' });
    } catch (error) {
      if (error instanceof SignInNeeded) end(error);
      else toast({ text: sentenceOf(error), tone: 'alarm' });
    }
  }

  function moment(): { readonly nowMs: number; readonly newId: () => string } {
    return { nowMs: usher.now(), newId: () => crypto.randomUUID() };
  }
}

/** After the next frame; at once in a tab that nobody sees, which draws none. */
function whenOnScreen(act: () => void): void {
  if (document.hidden) act();
  else requestAnimationFrame(() => setTimeout(act));
}

try {
  const config = await readConfig();
  const account = createAccount(config);
  await startPage({
    config,
    account,
    newUsher: () =>
      createUsher({
        configUrl: '/config.json',
        idToken: (asked) => account.idToken(asked),
        graceSeconds: GRACE_SECONDS,
      }),
  });
} catch (error) {
  part('catalogue-summary', HTMLElement).textContent = '';
  part('catalogue-error', HTMLElement).textContent =
    'The page does not know where the service is. Reload it later.';
  throw error;
}
