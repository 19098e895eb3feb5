import type { ConnectionState } from '../../../client/src/entitlements/connection.ts';
import { followEntitlements } from '../../../client/src/entitlements/follow-entitlements.ts';
import type { Entitlements } from '../../../client/src/entitlements/holding.ts';
import { createPlayback } from '../../../client/src/playback/playback.ts';
import { createApi } from '../../../client/src/service/api.ts';
import { parseMessage } from '../../../client/src/service/messages.ts';
import { delayAfter } from '../../../client/src/timing/backoff.ts';
import { createServerClock } from '../../../client/src/timing/server-clock.ts';
import type { Snapshot } from '../../../shared/domain/entitlements.ts';
import type { Viewer } from '../support.ts';
import type { Ledger } from './ledger.ts';
import { connect } from './momento-connection.ts';
import type { Ask, Notes } from './notes.ts';
import type { StageTime } from './stage-time.ts';

interface World {
  readonly apiUrl: string;
  readonly time: StageTime;
  readonly notes: () => Notes;
  readonly ledger: Ledger;
}

/** The Harbour, which is Premium's. */
const TITLE = { contentId: 'harbour', counted: true };
const REQUIRES = 'movies';

/** A device of a viewer: the library, as a page runs it, with somebody before it who wants to watch. */
export interface Screen {
  readonly snapshot: Snapshot | undefined;
  readonly isLive: boolean;
  readonly sessionId: string | undefined;
  /** The viewer presses play, unless it plays or is about to, or the title is shown as locked. */
  play(): void;
  stop(): Promise<void>;
}

export function createScreen(
  { apiUrl, time, notes, ledger }: World,
  viewer: Viewer,
  deviceId: string,
): Screen {
  const { accountId } = viewer;
  const clock = createServerClock({ now: Date.now, steadyNow: Date.now });
  const retry = (error: unknown, failures: number) => delayAfter(error, failures, Math.random);
  const api = createApi({
    apiUrl,
    idToken: async () => viewer.idToken,
    fetch: notedFetch({ time, notes }, deviceId),
    sendBeacon: () => false,
  });
  let entitlements: Entitlements = { standing: 'unknown' };
  let connection: ConnectionState = 'offline';
  let heardVersion = 0;

  const playback = createPlayback(
    {
      start: ({ contentId }, terminate) =>
        api.startSession({
          contentId,
          deviceId,
          playerId: deviceId,
          deviceType: 'web',
          ...(terminate !== undefined && { terminate }),
        }),
      beat: (handle) => api.beat(handle),
      end: (handle) => api.endSession(handle),
      endOnLeaving: (handle) => api.endOnLeaving(handle),
      now: () => clock.now(),
      after: time.after,
      delayAfter: retry,
    },
    {
      onChange(state) {
        notes().playing(deviceId, state.kind === 'playing');
        if (state.kind === 'stopped') {
          const { why } = state;
          notes().stopped('reason' in why ? `${why.kind}: ${why.reason}` : why.kind);
        }
        if (state.kind === 'choosing') notes().stopped('all screens taken');
      },
      onStreamsChanged: () => {},
    },
  );

  const following = followEntitlements(
    {
      readGrant: () => api.readGrant(),
      async readEntitlements(asked) {
        const reading = await api.readEntitlements(asked);
        const { version } = reading.snapshot;
        if (version > heardVersion) notes().count('madeUp', version - heardVersion);
        heardVersion = Math.max(heardVersion, version);
        return reading;
      },
      async connect(grant) {
        const connected = await connect(grant);
        return { ...connected, hear: (...topic) => time.during(connected.hear(...topic)) };
      },
      delayAfter: retry,
      clock,
      after: time.after,
      random: Math.random,
      kept: { read: () => undefined, write: () => {}, forget: () => {} },
      graceMs: 3 * 86_400_000,
      accountId,
      isHidden: () => false,
      playingProductIds: () => [],
    },
    {
      onEntitlements(now) {
        const before = snapshotIn(entitlements);
        entitlements = now;
        const snapshot = snapshotIn(now);
        if (!snapshot) return;
        if (before && snapshot.version < before.version) notes().count('screensWentBack');
        const tookMs = ledger.show(deviceId, accountId, snapshot);
        if (tookMs !== undefined) notes().shownAfter(tookMs);
        const had = before?.access.grants.includes(REQUIRES);
        if (had && !snapshot.access.grants.includes(REQUIRES)) playback.revoke();
      },
      onConnection(state) {
        connection = state;
        notes().live(deviceId, state === 'live');
      },
      onMessage(text) {
        const message = parseMessage(text);
        if (!message || message.version <= heardVersion) return;
        notes().count('heard');
        heardVersion = message.version;
      },
      onSessionEnd: (end) => playback.hearEnd(end),
      onWave: () => {},
      onStopped: (error) => {
        throw error;
      },
    },
  );

  return {
    get snapshot() {
      return snapshotIn(entitlements);
    },
    get isLive() {
      return connection === 'live' && entitlements.standing === 'confirmed';
    },
    get sessionId() {
      return playback.state.kind === 'playing' ? playback.state.sessionId : undefined;
    },
    play() {
      const { kind } = playback.state;
      const may = snapshotIn(entitlements)?.access.grants.includes(REQUIRES) ?? false;
      if (may && !['playing', 'starting', 'waiting'].includes(kind)) playback.play(TITLE);
    },
    async stop() {
      await playback.stop();
      following.stop();
    },
  };
}

function snapshotIn(entitlements: Entitlements): Snapshot | undefined {
  return entitlements.standing === 'unknown' ? undefined : entitlements.snapshot;
}

/** Takes down what each request was answered, and lets no time pass meanwhile. */
export function notedFetch({ time, notes }: Pick<World, 'time' | 'notes'>, whose: string): typeof fetch {
  return async (input, init) => {
    const ask = askOf(new Request(input).url, init);
    try {
      const response = await time.during(fetch(input, init));
      const { reason, degraded } = await saidIn(response.clone());
      notes().answered(ask, whose, response.status, reason);
      if (degraded) notes().count('degraded');
      return response;
    } catch (error) {
      notes().answered(ask, whose, 0);
      throw error;
    }
  };
}

async function saidIn(
  response: Response,
): Promise<{ readonly reason?: string; readonly degraded?: boolean }> {
  const text = await response.text();
  try {
    return Object(JSON.parse(text)) as object;
  } catch {
    return {};
  }
}

function askOf(address: string, { method = 'GET', body }: RequestInit = {}): Ask {
  const { pathname } = new URL(address);
  if (pathname.endsWith('/token')) return 'token';
  if (pathname.endsWith('/entitlements')) return 'read';
  if (pathname.endsWith('/concurrency')) return 'streams';
  if (pathname.endsWith('/sessions')) return 'start';
  if (pathname.endsWith('/events')) return 'purchase';
  return method === 'DELETE' || (typeof body === 'string' && body.includes('"end":true'))
    ? 'end'
    : 'heartbeat';
}
