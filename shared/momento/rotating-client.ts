import type { Secrets } from '../secrets.ts';
import type { MomentoAccess } from './credentials.ts';
import { KeyRefused } from './errors.ts';

interface Connected<Client> {
  readonly client: Client;
  readonly key: string;
  readonly endpoint: string;
}

/** Runs an operation on a client that was built on the key in force. */
export interface RotatingClient<Client> {
  use<T>(operation: (client: Client) => Promise<T>): Promise<T>;
}

/**
 * A Momento client that follows key rotation: it is replaced when the key or the endpoint in SSM changes, and
 * when Momento refuses the key, the key is fetched once more and the operation tried once more.
 */
export function rotatingClient<Client>(
  secrets: Secrets<keyof MomentoAccess>,
  connect: (access: MomentoAccess) => Client,
): RotatingClient<Client> {
  let connected: Connected<Client> | undefined;

  function clientFor({ key, endpoint }: MomentoAccess): Client {
    if (connected?.key !== key || connected.endpoint !== endpoint) {
      // The old client is let go, not closed: other operations may still be under way on it.
      connected = { client: connect({ key, endpoint }), key, endpoint };
    }
    return connected.client;
  }

  return {
    async use(operation) {
      const used = await secrets.get();
      try {
        return await operation(clientFor(used));
      } catch (refused) {
        if (!(refused instanceof KeyRefused)) throw refused;
        const fetched = await secrets.refresh(used);
        return operation(clientFor(fetched));
      }
    },
  };
}
