/**
 * Whose ID token this is, by its word alone: good enough to look for what this browser has kept of the account.
 * `undefined` for what is no token.
 */
export function accountOf(idToken: string): string | undefined {
  try {
    const [, payload = ''] = idToken.split('.');
    const claims: unknown = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    const sub: unknown = typeof claims === 'object' && claims !== null && 'sub' in claims && claims.sub;
    return typeof sub === 'string' ? sub : undefined;
  } catch {
    return undefined;
  }
}
