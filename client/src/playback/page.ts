import { ifPossible } from '../entitlements/kept-snapshot.ts';
import { wakeWithPage } from '../timing/wake-with-page.ts';
import type { Page } from './attachments.ts';
import { identify, type Identity } from './identity.ts';

/** The page before a reload lets go of its name within this time. */
const PATIENCE_MS = 1000;

let identity: Promise<Identity> | undefined;

/**
 * The page itself. A name is claimed once for as long as it lives, and players are numbered page-wide: an account
 * that is followed anew, as after signing in again, is the same player still.
 */
export const page: Page = {
  identify: () => (identity ??= identifyPage()),
  numbers: new Set(),
  // A browser that does not tell is given the benefit of the doubt.
  isGesture: () => (navigator.userActivation as UserActivation | undefined)?.isActive ?? true,
  listen({ wake, leave }) {
    const listening = wakeWithPage(wake);
    addEventListener('pagehide', leave, { signal: listening.signal });
    return listening;
  },
};

function identifyPage(): Promise<Identity> {
  return identify({
    browserStorage: storageOf('localStorage'),
    tabStorage: storageOf('sessionStorage'),
    locks: navigator.locks,
    userAgent: navigator.userAgent,
    // Unlike randomUUID it is there on an insecure origin too, as in a device's debugger.
    newId: () => crypto.getRandomValues(new Uint32Array(1))[0]!.toString(16).padStart(8, '0'),
    patience: () => AbortSignal.timeout(PATIENCE_MS),
  });
}

/**
 * Where the browser keeps nothing, because cookies are blocked, say, every load is a device of its own. A storage that
 * is full still gives what it has.
 */
function storageOf(name: 'localStorage' | 'sessionStorage') {
  return {
    getItem: (key: string) => ifPossible(() => globalThis[name].getItem(key)) ?? null,
    setItem: (key: string, value: string) => ifPossible(() => globalThis[name].setItem(key, value)),
  };
}
