import type { Catalog, Content, Product } from '../../shared/domain/catalog.ts';
import { entitlementsOf, isHeld, type Entitlement } from '../../shared/domain/entitlements.ts';
import { createAccount, type Viewer } from './account.ts';
import { createApi } from '../../client/src/service/api.ts';
import { showCatalogue } from './catalogue-view.ts';
import { createCheckout } from './checkout.ts';
import { askForCircumstances, type Place } from './circumstances-view.ts';
import { readConfig, type Config } from './config.ts';
import { part } from './element.ts';
import { showConnection, showViewer } from './header-view.ts';
import { identify, type Identity } from '../../client/src/playback/identity.ts';
import { loadCatalogue } from './load-catalogue.ts';
import { noticesOf } from './notices.ts';
import { showPlan } from './plan-view.ts';
import { SignInNeeded } from '../../client/src/service/problems.ts';
import { sentenceOf } from './problem-words.ts';
import { createPurchases, type AwaitedPurchase } from './purchases.ts';
import { createSignInView } from './sign-in-view.ts';
import { cancellationOf, deliver, refundOf, type CheckoutEvent } from './store.ts';
import { steadyTimers } from '../../client/src/timing/timers.ts';
import { productsOnSale, type Outlook } from './titles.ts';
import { toast } from './toasts.ts';
import { startViewing, type Shown, type Viewing } from './viewing.ts';
import { createWatching } from './watching.ts';

/** Puts the parts together: what a part reports changes one of these few variables, and the page is drawn anew. */
function startPage(config: Config, identity: Identity): void {
  const { storeUrl } = config;
  const account = createAccount(config);
  const api = createApi({
    apiUrl: config.apiUrl,
    idToken: (options) => account.idToken(options),
    fetch: (...request) => fetch(...request),
    sendBeacon: (url, text) => navigator.sendBeacon(url, text), // as text/plain,
  });
  const signIn = createSignInView({ account, config, onSignedIn: enter });
  const checkout = createCheckout();
  const watching = createWatching({
    api,
    identity,
    tabStorage: sessionStorage,
    after: steadyTimers(new Worker('/timer-worker.js', { type: 'module' })),
    onChange: drawPlayer,
  });
  const purchases =
    storeUrl === undefined
      ? undefined
      : createPurchases({ storeUrl, moment, onChange: draw, onLate: () => viewing?.live.refresh() });
  // The runner's API takes callers to be in Japan; what a deployed one takes them for, the page does not know.
  let place: Place = { deviceType: 'web', region: config.cognitoEndpoint === undefined ? undefined : 'JP' };
  let catalog: Catalog | undefined;
  let viewing: Viewing | undefined;

  part('upgrade', HTMLButtonElement).addEventListener('click', () => checkOut());
  part('restore', HTMLButtonElement).addEventListener('click', () => void restorePurchases());
  part('sign-out', HTMLButtonElement).addEventListener('click', () => void leave());
  addEventListener('storage', ({ key }) => {
    // Someone signed in or out in another tab.
    if (key === null || key.endsWith('.LastAuthUser')) location.reload();
  });
  void offerCatalogue();
  void resume();

  async function offerCatalogue(): Promise<void> {
    catalog = await loadCatalogue(api);
    askForCircumstances(catalog, place, (chosen) => {
      place = chosen;
      draw();
    });
    draw();
  }

  async function resume(): Promise<void> {
    try {
      const viewer = await account.restore();
      if (viewer) enter(viewer);
      else showSignedOut();
    } catch (error) {
      showSignedOut(sentenceOf(error));
    }
  }

  function enter(viewer: Viewer): void {
    showViewer(viewer);
    watching.enter(viewer.accountId);
    viewing = startViewing(api, viewer, {
      onShown: takeAnswer,
      onConnection: showConnection,
      onSessionEnd: (over) => watching.hearEnd(over),
      onOver: end,
    });
    draw();
  }

  /** Signing in again has to wait until the old session is gone from here, or it would go with it. */
  async function leave(): Promise<void> {
    const signOut = part('sign-out', HTMLButtonElement);
    signOut.disabled = true;
    await forget();
    await account.signOut();
    signOut.disabled = false;
    showSignedOut();
  }

  function end(error: unknown): void {
    void forget();
    showSignedOut(sentenceOf(error));
  }

  /** Resolves when the service knows what is over with it, for as long as there are tokens to tell it with. */
  async function forget(): Promise<void> {
    viewing?.live.stop();
    viewing = undefined;
    purchases?.forget();
    const left = watching.leave();
    draw();
    await left;
  }

  function showSignedOut(why?: string): void {
    showViewer(undefined);
    signIn.ask(why);
  }

  function takeAnswer(before: Shown | undefined, now: Shown): void {
    const arrived = purchases?.settle(now.snapshot) ?? new Map<string, AwaitedPurchase>();
    draw();
    watching.takePlan();
    if (before) whenOnScreen(() => announce(before, now, arrived));
  }

  function announce(before: Shown, now: Shown, arrived: ReadonlyMap<string, AwaitedPurchase>): void {
    if (!catalog) return;
    const then = outlookAt(catalog, before.snapshot.entitlements, before.atMs);
    for (const { entitlementId, text } of noticesOf(
      then,
      outlookAt(catalog, now.snapshot.entitlements, now.atMs),
    )) {
      const purchase = arrived.get(entitlementId);
      const detail =
        purchase && `${Math.round(performance.now() - purchase.pressedAtMs)} ms from Pay to screen`;
      toast({ text, detail, tone: purchase ? 'good' : 'plain' });
    }
  }

  function outlookAt(known: Catalog, entitlements: readonly Entitlement[], nowMs: number): Outlook {
    return { catalog: known, entitlements, circumstances: { ...place, nowMs } };
  }

  function draw(): void {
    const nowMs = Date.now();
    const snapshot = viewing?.shown?.snapshot;
    const awaited = [...(purchases?.awaited.values() ?? [])].map(({ title }) => title);
    showPlan(
      { snapshot, catalog, awaited, nowMs },
      {
        onCancel: purchases && ((held) => void report(cancellationOf(held, moment()))),
        onRefund: purchases && ((held) => void report(refundOf(held, moment()))),
      },
    );
    const outlook = currentOutlook();
    if (!outlook) return;
    showCatalogue(outlook, { onWatch: watch, onOffer: checkOut });
    watching.draw(outlook);
    const resumed = snapshot && watching.takeResumable(outlook);
    if (resumed) watch(resumed);
  }

  /** What plays changes more often than the titles do. */
  function drawPlayer(): void {
    const outlook = currentOutlook();
    if (outlook) watching.draw(outlook);
  }

  function currentOutlook(): Outlook | undefined {
    const nowMs = Date.now();
    const entitlements = viewing?.shown?.snapshot.entitlements;
    return catalog && outlookAt(catalog, entitlements ?? entitlementsOf('', [], catalog, nowMs), nowMs);
  }

  function watch(content: Content): void {
    if (viewing) watching.play(content, place);
    else signIn.ask('Sign in first, then watch.', { focus: true });
  }

  function checkOut(offered?: Product): void {
    if (!viewing) return signIn.ask('Sign in first, then choose.', { focus: true });
    if (!catalog) return;
    const { viewer, shown } = viewing;
    const held = (shown?.snapshot.entitlements ?? []).filter((entitlement) =>
      isHeld(entitlement, Date.now()),
    );
    checkout.open({
      products: productsOnSale(catalog),
      held: new Set(held.map(({ productId }) => productId)),
      chosen: offered?.productId,
      pay: purchases && ((product) => purchases.pay(product, viewer.accountId)),
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
      await api.requestRecompute();
      toast({ text: 'Your purchases are being looked through again' });
    } catch (error) {
      if (error instanceof SignInNeeded) end(error);
      else toast({ text: sentenceOf(error), tone: 'alarm' });
    }
  }
}

function moment(): { readonly nowMs: number; readonly newId: () => string } {
  return { nowMs: Date.now(), newId: () => crypto.randomUUID() };
}

/** The page before a reload lets go of its name within this time. */
const PATIENCE_MS = 1000;

function identifyTab(): Promise<Identity> {
  return identify({
    browserStorage: localStorage,
    tabStorage: sessionStorage,
    locks: navigator.locks,
    userAgent: navigator.userAgent,
    newId: () => crypto.randomUUID(),
    patience: () => AbortSignal.timeout(PATIENCE_MS),
  });
}

/** After the next frame; at once in a tab that nobody sees, which draws none. */
function whenOnScreen(act: () => void): void {
  if (document.hidden) act();
  else requestAnimationFrame(() => setTimeout(act));
}

try {
  startPage(...(await Promise.all([readConfig(), identifyTab()])));
} catch (error) {
  part('catalogue-summary', HTMLElement).textContent = '';
  part('catalogue-error', HTMLElement).textContent =
    'The page does not know where the service is. Reload it later.';
  throw error;
}
