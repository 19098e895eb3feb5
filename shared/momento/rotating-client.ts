import { Throttled, Unavailable } from '../errors.ts';
import type { Secrets } from '../secrets.ts';
import type { MomentoAccess } from './credentials.ts';
import { KeyRefused } from './errors.ts';

interface Connected<Client> {
  readonly client: Client;
  readonly access: MomentoAccess;
  readonly sinceMs: number;
}

/** Runs an operation on a client that was built on the key in force and has a living connection. */
export interface RotatingClient<Client> {
  /** The operation may run twice, so it must be one that does no harm when repeated. */
  use<T>(operation: (client: Client) => Promise<T>): Promise<T>;
}

/** When Momento itself is down, new connections do not help: at most one is tried in this time. */
const SETTLED_MS = 2000;

/**
 * A Momento client that follows key rotation and outlives its connection. It is replaced when the key or the endpoint
 * in SSM changes. When Momento refuses the key, the key is fetched once more and the operation tried once more; when
 * nothing answers, as on a connection that died while Lambda had frozen the function, it is tried once more on a new
 * connection.
 */
export function rotatingClient<Client>(
  secrets: Secrets<keyof MomentoAccess>,
  connect: (access: MomentoAccess) => Client,
  now: () => number = Date.now,
): RotatingClient<Client> {
  let connected: Connected<Client> | undefined;

  // An old client is let go, not closed: other operations may still be under way on it.
  function clientFor(access: MomentoAccess): Connected<Client> {
    if (connected?.access.key !== access.key || connected.access.endpoint !== access.endpoint) {
      connected = { client: connect(access), access, sinceMs: now() };
    }
    return connected;
  }

  return {
    async use(operation) {
      const access = await secrets.get();
      const used = clientFor(access);
      try {
        return await operation(used.client);
      } catch (error) {
        if (error instanceof KeyRefused) return operation(clientFor(await secrets.refresh(access)).client);
        const mayBeDead = error instanceof Unavailable && !(error instanceof Throttled);
        if (!mayBeDead || now() - used.sinceMs < SETTLED_MS) throw error;
        if (connected === used) connected = undefined;
        return operation(clientFor(access).client);
      }
    },
  };
}
