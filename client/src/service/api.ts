import type { Catalog, DeviceType } from '../../../shared/domain/catalog.ts';
import type { Snapshot } from '../../../shared/domain/entitlements.ts';
import { parseCatalog, parseGrant, parseSnapshot, type Grant } from './messages.ts';
import { Refusal, refusalOf, SignInNeeded } from './problems.ts';
import {
  parseConflicts,
  parseNotEntitled,
  parseOver,
  parseRenewed,
  parseStarted,
  parseStreams,
  type BeatAnswer,
  type StartAnswer,
  type Streams,
} from './session-answers.ts';

interface World {
  readonly apiUrl: string;
  /** The viewer's ID token; `renewed` when the last one was refused. @throws SignInNeeded */
  readonly idToken: (options: { renewed: boolean }) => Promise<string>;
  readonly fetch: typeof fetch;
  /** Sends text from a page that goes away. False when the browser will not. */
  readonly sendBeacon: (url: string, text: string) => boolean;
}

/** What somebody wants to watch, and where. */
export interface SessionRequest {
  readonly contentId: string;
  readonly deviceId: string;
  readonly playerId: string;
  readonly deviceType: DeviceType;
  /** A session to end, whose place this one takes. */
  readonly terminate?: string;
}

/** What a session is renewed and ended with. */
export interface SessionHandle {
  readonly sessionToken: string;
  /** The cheaper door, where the stage has one: no sign-in, the token is enough. */
  readonly heartbeatUrl?: string;
}

/** An account's answer. */
export interface Reading {
  readonly snapshot: Snapshot;
  /** Computed for this one answer: it has no version of its own, and comes without an entity tag. */
  readonly provisional: boolean;
}

/** The API as the page uses it. Every call throws Refusal, SignInNeeded, or TypeError when there is no network. */
export interface Api {
  readCatalog(): Promise<Catalog>;
  readGrant(): Promise<Grant>;
  /** `known` itself when nothing newer is there. */
  readEntitlements(asked: { atLeast: number; known: Snapshot | undefined }): Promise<Reading>;
  requestRecompute(): Promise<void>;
  startSession(asked: SessionRequest): Promise<StartAnswer>;
  /** Renews the lease; what it answers takes the place of the handle's token. */
  beat(handle: SessionHandle): Promise<BeatAnswer>;
  /** Ends it. A session that is over already is no error. */
  endSession(handle: SessionHandle): Promise<void>;
  /** Ends it although the page is going away: sent at once, without an answer. */
  endOnLeaving(handle: SessionHandle): void;
  readStreams(): Promise<Streams>;
}

const TIMEOUT_MS = 15_000;
/** A lease outlives two heartbeats and five seconds: one that hangs must leave time for another. */
const BEAT_TIMEOUT_MS = 5000;

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
      if (response.status === 304 && known) return { snapshot: known, provisional: false };
      const snapshot = parseSnapshot(await response.json());
      return { snapshot, provisional: response.headers.get('ETag') === null };
    },

    async requestRecompute() {
      await asViewer(world, '/entitlements/recompute', { method: 'POST' });
    },

    async startSession(asked) {
      try {
        const response = await asViewer(world, '/sessions', { method: 'POST', json: asked });
        return { kind: 'started', session: parseStarted(await response.json()) };
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        const { slug, problem } = error;
        if (slug === 'too-many-streams') return { kind: slug, conflicts: parseConflicts(problem) };
        if (slug === 'not-entitled') return { kind: slug, reason: parseNotEntitled(problem) };
        throw error;
      }
    },

    async beat({ sessionToken, heartbeatUrl }) {
      try {
        const response = await withToken(world, { sessionToken }, heartbeatUrl);
        return { kind: 'renewed', lease: parseRenewed(await response.json()) };
      } catch (error) {
        if (!isOver(error)) throw error;
        return { kind: 'over', reason: parseOver(error.problem) };
      }
    },

    async endSession({ sessionToken, heartbeatUrl }) {
      try {
        await withToken(world, { sessionToken, end: true }, heartbeatUrl);
      } catch (error) {
        if (!isOver(error)) throw error;
      }
    },

    endOnLeaving({ sessionToken, heartbeatUrl }) {
      const body = { sessionToken, end: true } as const;
      const sent = heartbeatUrl !== undefined && world.sendBeacon(heartbeatUrl, JSON.stringify(body));
      if (!sent) void withToken(world, body, heartbeatUrl, { keepalive: true }).catch(() => {});
    },

    async readStreams() {
      return parseStreams(await (await asViewer(world, '/concurrency')).json());
    },
  };
}

/** Says something about a session by its token: through the cheaper door where there is one and it is open. */
async function withToken(
  world: World,
  body: { readonly sessionToken: string; readonly end?: true },
  heartbeatUrl: string | undefined,
  { keepalive = false } = {},
): Promise<Response> {
  const answer =
    heartbeatUrl === undefined ? undefined : await throughDoor(world, heartbeatUrl, body, keepalive);
  if (answer) return answer;
  return asViewer(world, '/heartbeats', {
    method: 'POST',
    json: body,
    keepalive,
    timeoutMs: BEAT_TIMEOUT_MS,
  });
}

/**
 * JSON by a type for which no browser asks the other side beforehand. `undefined` when the door is shut: nobody
 * answers there, or Lambda itself turns us away because strangers crowd it.
 */
async function throughDoor(
  { fetch }: World,
  heartbeatUrl: string,
  body: unknown,
  keepalive: boolean,
): Promise<Response | undefined> {
  let response: Response;
  try {
    response = await fetch(heartbeatUrl, {
      method: 'POST',
      headers: { 'Content-Type': 'text/plain' },
      body: JSON.stringify(body),
      keepalive,
      credentials: 'omit',
      cache: 'no-store',
      signal: AbortSignal.timeout(BEAT_TIMEOUT_MS),
    });
  } catch {
    return undefined;
  }
  if (response.ok) return response;
  const refusal = await refusalOf(response);
  if (refusal.slug === '') return undefined; // not one of ours
  throw refusal;
}

interface ViewerCall {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly keepalive?: boolean;
  readonly timeoutMs?: number;
}

/** An ID token that is refused is renewed once: the clock of this device may be wrong, or the keys may be new. */
async function asViewer(
  { apiUrl, idToken, fetch }: World,
  path: string,
  { method = 'GET', headers = {}, json, keepalive = false, timeoutMs = TIMEOUT_MS }: ViewerCall = {},
): Promise<Response> {
  for (const renewed of [false, true]) {
    const response = await fetch(apiUrl + path, {
      method,
      headers: {
        ...headers,
        ...(json !== undefined && { 'Content-Type': 'application/json' }),
        Authorization: `Bearer ${await inTime(idToken({ renewed }))}`,
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
      keepalive,
      // The browser's own cache goes by address alone, and the next one to sign in here may be someone else.
      cache: 'no-store',
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.ok || response.status === 304) return response;
    const refusal = await refusalOf(response);
    if (refusal.status !== 401 || refusal.slug === 'invalid-session-token') throw refusal;
  }
  throw new SignInNeeded();
}

/** What the page itself is asked for has as long as the API. @throws DOMException `TimeoutError` */
function inTime<T>(coming: Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const late = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => late.reject(signal.reason));
  return Promise.race([coming, late.promise]);
}

function isOver(error: unknown): error is Refusal {
  return error instanceof Refusal && error.slug === 'session-over';
}

function etagOf({ epoch, version, catalogVersion }: Snapshot): string {
  return `W/"${epoch}.${version}.${catalogVersion}"`;
}
