import { ifPossible } from '../entitlements/kept-snapshot.ts';

const CLAIM = 'usher.accountClaim';

/** Keeps which claim names the account, which `/config.json` says of a stage where it is not `sub`. */
export function keepAccountClaim(claim: string | undefined): void {
  ifPossible(() => (claim ? localStorage.setItem(CLAIM, claim) : localStorage.removeItem(CLAIM)));
}

/**
 * Whose ID token this is, by its word alone: good enough to look for what this browser has kept of the account. By the
 * claim that was kept, since `/config.json` may be out of reach; whoever has kept an answer has kept that, too.
 * `undefined` for what is no token, and where the browser keeps nothing.
 */
export function accountOf(idToken: string): string | undefined {
  return ifPossible(() => {
    const [, payload = ''] = idToken.split('.');
    const claims: unknown = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    const account: unknown = Reflect.get(Object(claims), localStorage.getItem(CLAIM) ?? 'sub');
    return typeof account === 'string' ? account : undefined;
  });
}
