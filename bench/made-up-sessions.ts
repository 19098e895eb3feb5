import { randomUUID } from 'node:crypto';
import type { CacheClient } from '@gomomento/sdk';
import { urlEvent } from '../local/function-url/event.ts';
import { proxyEvent } from '../local/api-gateway/proxy-event.ts';
import { dictionaryOf, intervalAt } from '../shared/domain/heartbeat-intervals.ts';
import { fromMs } from '../shared/domain/instants.ts';
import { textOfSession, type Session } from '../shared/domain/sessions.ts';
import { answered } from '../shared/momento/errors.ts';
import type { SessionTokens } from '../shared/ports.ts';
import type { BareBeat } from './loop-process.ts';

/** A session that stands in the first slot of an account of its own. */
export interface MadeUpSession {
  readonly accountId: string;
  readonly session: Session;
  readonly sessionToken: string;
}

/** As long as a slot lives: the lease of 40 s and the 5 s by which it outlives the token. */
const SLOT_TTL_SECONDS = 45;
const LEASE_MS = 40_000;
const DAY_MS = 86_400_000;

/**
 * Puts sessions where `POST /sessions` puts them, each of another account: of one device nobody takes 2,000 beats a
 * minute. Ids are as long as those of Cognito and of the demo player.
 */
export async function makeSessions(
  { cache, cacheName, tokens }: { cache: CacheClient; cacheName: string; tokens: SessionTokens },
  count: number,
): Promise<readonly MadeUpSession[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const accountId = randomUUID();
      const nowMs = Date.now();
      const session: Session = {
        sessionId: randomUUID(),
        deviceId: randomUUID(),
        playerId: randomUUID(),
        contentId: 'harbour',
        deviceType: 'web',
        region: 'US',
        startedAt: fromMs(nowMs),
        nonce: randomUUID(),
        instead: null,
      };
      const stored = await cache.setIfAbsent(cacheName, slotOf(accountId), textOfSession(session), {
        ttl: SLOT_TTL_SECONDS,
      });
      answered(stored, 'setIfAbsent');
      const sessionToken = await tokens.sign({
        accountId,
        session,
        slot: 1,
        expiresAtMs: nowMs + LEASE_MS,
        recheckAtMs: nowMs + DAY_MS, // when the subscription ends
        degradedUntilMs: null,
      });
      return { accountId, session, sessionToken };
    }),
  );
}

/** The two calls that a heartbeat of this session makes. */
export function bareBeatOf({ accountId, session }: MadeUpSession): BareBeat {
  return {
    slot: slotOf(accountId),
    text: textOfSession(session),
    dictionary: dictionaryOf(accountId, intervalAt(Date.now(), 60_000)),
    deviceId: session.deviceId,
    ttlSeconds: SLOT_TTL_SECONDS,
  };
}

function slotOf(accountId: string): string {
  return `${accountId}:slot:1`;
}

/** What a browser sends along. */
const BROWSER: readonly (readonly [string, string])[] = [
  ['accept', '*/*'],
  ['accept-encoding', 'gzip, deflate, br, zstd'],
  ['accept-language', 'en-GB,en;q=0.9,ja;q=0.8'],
  ['content-type', 'application/json'],
  ['host', 'api.example'],
  ['origin', 'https://tv.example'],
  ['referer', 'https://tv.example/'],
  ['sec-fetch-dest', 'empty'],
  ['sec-fetch-mode', 'cors'],
  ['sec-fetch-site', 'cross-site'],
  ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0'],
  ['x-forwarded-for', '203.0.113.7'],
  ['x-forwarded-port', '443'],
  ['x-forwarded-proto', 'https'],
];

function requestOf(path: string, body: object) {
  const headers = new Map(BROWSER);
  return {
    path,
    target: path,
    method: 'POST',
    queryString: '',
    query: new URLSearchParams(),
    requestId: randomUUID(),
    receivedAtMs: Date.now(),
    sourceIp: '203.0.113.7',
    headers: BROWSER,
    header: (name: string) => headers.get(name),
    body: Buffer.from(JSON.stringify(body)),
  };
}

/** The event of the function URL, as JSON. */
export function urlEventOf(body: object): string {
  const request = requestOf('/', body);
  return JSON.stringify(urlEvent({ ...request, headers: Object.fromEntries(BROWSER) }));
}

/** The event of a route for viewers, as JSON. */
export function routeEventOf(path: string, accountId: string, body: object): string {
  return JSON.stringify(
    proxyEvent(requestOf(path, body), {
      apiId: 'bench',
      stageName: 'local',
      stageVariables: undefined,
      binaryMediaTypes: [],
      resourceId: 'bench',
      resourcePath: path,
      pathParameters: {},
      claims: {
        sub: accountId,
        token_use: 'id',
        email: 'viewer@example.com',
        aud: randomUUID(),
        event_id: randomUUID(),
      },
    }),
  );
}
