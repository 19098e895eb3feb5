/** What `/config.json` says: all that a client has to be told. */
export interface Config {
  readonly apiUrl: string;
  readonly region: string;
  readonly userPoolId: string;
  readonly userPoolClientId: string;
  /** Only of a stage that runs on this machine, as is the account for trying out. */
  readonly cognitoEndpoint?: string;
  readonly demoUser?: { readonly username: string; readonly password: string };
}

/** What `GET /token` gives: the way to Momento. */
export interface Grant {
  /** The account, which is also the name of its topic and the key of its entitlements in the cache. */
  readonly userId: string;
  readonly cacheName: string;
  /** A host name; `http://…` on this machine. */
  readonly endpoint: string;
  /** By the service's clock, as is the end: how long the tokens live, whatever this device's clock says. */
  readonly issuedAt: string;
  readonly expiresAt: string;
  /** Hears the account's topic, and may publish heartbeats where the stage follows them. */
  readonly token: string;
  /** Reads the account's entitlements; given on `?cache=true`. */
  readonly cacheToken: string;
}

/** What `GET /concurrency` gives. */
export interface Concurrency {
  /** How many streams the account may have, and those it has. */
  readonly limit: number;
  readonly sessions: readonly { readonly sessionId: string; readonly deviceId: string }[];
  /** How many devices have sent a heartbeat in the last full interval, a minute by default. */
  readonly deviceCount: number;
}

/** Reads `/config.json` at this address. @throws Error when it is not there. */
export async function readConfig(address: string): Promise<Config> {
  const response = await fetch(address, { cache: 'no-store' });
  if (!response.ok) throw new Error(`${address} is answered with ${response.status}`);
  return (await response.json()) as Config;
}

/** After how many seconds to ask for the next: at half the tokens' life, so that one that fails can be repeated. */
export function renewAfterSeconds({ issuedAt, expiresAt }: Grant): number {
  return (Date.parse(expiresAt) - Date.parse(issuedAt)) / 2000;
}

interface Question {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Ends the wait before a question is repeated: the answer is then that there was too much to do. */
  readonly signal?: AbortSignal;
  /** How long to wait for an answer; 10 seconds unless told otherwise. */
  readonly timeoutMs?: number;
}

/** Asks the API as the viewer. Throws when it cannot be reached; what it answers is left to the caller. */
export type Ask = (path: string, question?: Question) => Promise<Response>;

interface World {
  readonly apiUrl: string;
  /** The viewer's ID token, as it is now: it lives for an hour. */
  readonly idToken: () => Promise<string>;
}

/** A way to ask the API that waits for as long as `Retry-After` says when there is too much to do (429, 503). */
export function askAs({ apiUrl, idToken }: World): Ask {
  return async (path, { method = 'GET', body, signal, timeoutMs = 10_000 } = {}) => {
    for (;;) {
      const response = await fetch(apiUrl.replace(/\/$/, '') + path, {
        method,
        headers: { Authorization: `Bearer ${await idToken()}`, 'Content-Type': 'application/json' },
        signal: AbortSignal.timeout(timeoutMs),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      if ((response.status !== 429 && response.status !== 503) || signal?.aborted) return response;
      await pause(Number(response.headers.get('Retry-After')) || 1, signal);
    }
  };
}

/** The answer's body, of the shape that the API promises. @throws Error with what the API refused. */
export async function answered<T>(response: Response): Promise<T> {
  if (!response.ok) throw new Error(await refusalOf(response));
  return (await response.json()) as T;
}

/** Why the API refused, in a line: every refusal is a problem document (RFC 9457). */
export async function refusalOf(response: Response): Promise<string> {
  const problem = (await response.json().catch(() => ({}))) as Readonly<Record<string, unknown>>;
  return [response.status, problem['title'], problem['reason'] ?? problem['detail']]
    .filter(Boolean)
    .join(', ');
}

/** Waits, and is done at once when the signal is given. */
export function pause(seconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, seconds * 1000);
    signal?.addEventListener('abort', done);
    if (signal?.aborted) done();
  });
}
