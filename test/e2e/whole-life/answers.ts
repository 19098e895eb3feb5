import { decodeJwt } from 'jose';
import { vi } from 'vitest';
import type { Place } from '../../support/secret-scan.ts';

/** What was answered to a player, with all of its headers. */
export interface RecordedAnswer extends Place {
  /** `GET /token`; the function URL is `POST heartbeat URL`. */
  readonly route: string;
  /** Whose request it was, as far as it said. */
  readonly accountId: string | undefined;
  readonly body: string;
}

/** What Cognito gives to who signs in. */
export interface SignedIn {
  readonly IdToken: string;
  readonly AccessToken: string;
  readonly RefreshToken: string;
}

/** The servers whose answers are recorded, by what stands before their paths in a route. */
type Doors = Readonly<Record<string, string>>;

/** Records what every `fetch` from now on is answered by the product's doors, and by Cognito to who signs in. */
export function recordAnswers() {
  const pending: Promise<void>[] = [];
  const answers: RecordedAnswer[] = [];
  const signIns: SignedIn[] = [];
  let doors: Doors = {};
  let cognito = '';
  const { fetch } = globalThis;

  async function keep(url: string, init: RequestInit, response: Response): Promise<void> {
    const body = await response.text();
    if (url.startsWith(cognito)) {
      const { AuthenticationResult: tokens } = JSON.parse(body) as { AuthenticationResult?: SignedIn };
      if (tokens) signIns.push(tokens);
      return;
    }
    const [door, address] = Object.entries(doors).find(([, each]) => url.startsWith(each)) ?? [];
    if (door === undefined || address === undefined) return;
    const route = `${init.method ?? 'GET'} ${door}${url.slice(address.length)}`;
    const name = `the answer ${response.status} to ${route}`;
    const headers = JSON.stringify([...response.headers]);
    answers.push({ name, route, accountId: accountOf(init), body, text: `${headers}\n${body}` });
  }

  vi.stubGlobal('fetch', async (url: string | URL, init: RequestInit = {}) => {
    const response = await fetch(url, init);
    pending.push(keep(String(url), init, response.clone()));
    return response;
  });

  return {
    listenAt(of: Doors, cognitoEndpoint: string) {
      doors = of;
      cognito = cognitoEndpoint;
    },
    /** All that was answered until now. */
    async recorded() {
      await Promise.all(pending);
      return { answers: answers as readonly RecordedAnswer[], signIns: signIns as readonly SignedIn[] };
    },
    stop: () => vi.unstubAllGlobals(),
  };
}

/** The account of the ID token, or of the session token that takes its place at the function URL. Support has none. */
function accountOf({ headers, body }: RequestInit): string | undefined {
  const [, bearer] = /^Bearer (.+)$/.exec(new Headers(headers).get('authorization') ?? '') ?? [];
  const [, sessionToken] = /"sessionToken":"([^"]+)"/.exec(typeof body === 'string' ? body : '') ?? [];
  const token = bearer ?? sessionToken;
  return token === undefined ? undefined : decodeJwt(token).sub;
}
