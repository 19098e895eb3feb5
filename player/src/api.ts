import type { Catalog } from '../../shared/domain/catalog.ts';
import type { Snapshot } from '../../shared/domain/entitlements.ts';
import { parseCatalog, parseGrant, parseSnapshot, type Grant } from './messages.ts';
import { refusalOf, SignInNeeded } from './problems.ts';

interface World {
  readonly apiUrl: string;
  /** The viewer's ID token; `renewed` when the last one was refused. @throws SignInNeeded */
  readonly idToken: (options?: { renewed: boolean }) => Promise<string>;
  readonly fetch: typeof fetch;
}

/** The API as the page uses it. Every call throws Refusal, SignInNeeded, or TypeError when there is no network. */
export interface Api {
  readCatalog(): Promise<Catalog>;
  readGrant(): Promise<Grant>;
  /** `known` itself when nothing newer is there. */
  readEntitlements(asked: { atLeast: number; known: Snapshot | undefined }): Promise<Snapshot>;
  requestRecompute(): Promise<void>;
}

const TIMEOUT_MS = 15_000;

export function createApi(world: World): Api {
  return {
    async readCatalog() {
      const response = await world.fetch(`${world.apiUrl}/catalog`, {
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (!response.ok) throw await refusalOf(response);
      return parseCatalog(await response.json());
    },

    async readGrant() {
      return parseGrant(await (await asViewer(world, '/token?cache=true')).json());
    },

    async readEntitlements({ atLeast, known }) {
      const headers = known && { 'If-None-Match': etagOf(known) };
      const response = await asViewer(world, `/entitlements?atLeast=${atLeast}`, headers && { headers });
      return response.status === 304 && known ? known : parseSnapshot(await response.json());
    },

    async requestRecompute() {
      await asViewer(world, '/entitlements/recompute', { method: 'POST' });
    },
  };
}

/** An ID token that is refused is renewed once: the clock of this device may be wrong, or the keys may be new. */
async function asViewer(
  { apiUrl, idToken, fetch }: World,
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  for (const renewed of [false, true]) {
    const response = await fetch(apiUrl + path, {
      method,
      headers: { ...headers, Authorization: `Bearer ${await idToken({ renewed })}` },
      // The browser's own cache goes by address alone, and the next one to sign in here may be someone else.
      cache: 'no-store',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.ok || response.status === 304) return response;
    if (response.status !== 401) throw await refusalOf(response);
  }
  throw new SignInNeeded();
}

function etagOf({ epoch, version, catalogVersion }: Snapshot): string {
  return `W/"${epoch}.${version}.${catalogVersion}"`;
}
