import type { Catalog, DeviceType } from '../../shared/domain/catalog.ts';
import type { Snapshot } from '../../shared/domain/entitlements.ts';
import {
  followEntitlements,
  type ConnectionState,
  type LiveEntitlements,
} from './entitlements/follow-entitlements.ts';
import { createListeners } from './listeners.ts';
import { connectMomento } from './momento/momento.ts';
import type { VideoPlayback } from './playback/attach-video.ts';
import { createAttachments, type AttachOptions } from './playback/attachments.ts';
import { page } from './playback/page.ts';
import { followStreams, type LiveStreams } from './playback/streams.ts';
import { createApi, type Api } from './service/api.ts';
import { readConfig } from './service/config.ts';
import type { SessionEnd, Streams } from './service/session-answers.ts';
import { delayAfter } from './timing/backoff.ts';
import { steadyTimers } from './timing/timers.ts';
import { wakeWithPage } from './timing/wake-with-page.ts';

export interface UsherOptions {
  /** The address of the stage's `/config.json`. */
  readonly configUrl: string | URL;
  /**
   * The host application's ID token; with `renewed`, another than the last, which was refused. Throw `SignInNeeded`
   * when only signing in again helps: then everything stops. Anything else that it throws is tried again.
   */
  readonly idToken: (options: { readonly renewed: boolean }) => Promise<string>;
  /** Whose last known answer may be shown at once. By default the `sub` of the ID token. */
  readonly accountId?: string;
  /** What this device is; the service takes its word for it. */
  readonly deviceType?: DeviceType;
  /** How long the last known answer counts without the service confirming it: 3 days unless told otherwise. */
  readonly graceSeconds?: number;
}

/** What is known of the account's entitlements. */
export type Entitlements =
  /** Nothing yet, or nothing any more. */
  | { readonly standing: 'unknown' }
  /** The last known answer, which the service has not confirmed since the start or while it cannot be reached. */
  | { readonly standing: 'stale'; readonly snapshot: Snapshot; readonly graceEndsAtMs: number }
  | { readonly standing: 'confirmed'; readonly snapshot: Snapshot };

/** What can be listened to, and what each tells. */
export interface UsherEvents {
  /** They are others, or stand otherwise, than before. */
  readonly entitlements: { readonly now: Entitlements; readonly before: Entitlements };
  readonly connection: ConnectionState;
  /** The account's live streams, when they are others. */
  readonly streams: Streams;
  /** Any message on one of the topics, for logs: `ageMs` is from the server's clock to this device's hearing it. */
  readonly message: {
    readonly type: string;
    readonly id: string | undefined;
    readonly ageMs: number | undefined;
    readonly text: string;
  };
  /** One of the account's sessions was ended, here or elsewhere. */
  readonly sessionEnd: SessionEnd;
  /** The catalogue is another one. */
  readonly catalog: Catalog;
  /** It has stopped by itself: only signing in again helps. */
  readonly stopped: unknown;
}

/** One viewer's account in one tab: follows what it may watch from `start` to `stop`. */
export interface Usher {
  readonly entitlements: Entitlements;
  readonly connection: ConnectionState;
  /** The account's live streams; `undefined` until they are read. */
  readonly streams: Streams | undefined;
  readonly api: Promise<Api>;
  on<Type extends keyof UsherEvents>(type: Type, listener: (event: UsherEvents[Type]) => void): () => void;
  start(): void;
  /** Reads again now: something should have come and has not. */
  refresh(): void;
  /** The server's time, as far as it is known here, in ms since the epoch. */
  now(): number;
  readCatalog(): Promise<Catalog>;
  /** Has everything computed afresh from the account's purchases ("restore purchases"). */
  restorePurchases(): Promise<void>;
  /**
   * Lets the video run only under a session of the service, from the next time that it is played. One that is
   * attached already is detached from what it was attached to.
   */
  attach(video: HTMLMediaElement, options: AttachOptions): VideoPlayback;
  /** Ends what plays, follows nothing any more, and forgets what was kept when `forget` says so, as on signing out. */
  stop(options?: { readonly forget?: boolean }): void;
}

/** Nothing happens before `start`. */
export function createUsher(options: UsherOptions): Usher {
  const { on, tell } = createListeners<UsherEvents>();
  const { random } = Math;
  const after = steadyTimers(startTimerWorker());
  const retry = (error: unknown, failures: number) => delayAfter(error, failures, random);
  const api = readConfig(options.configUrl).then(({ apiUrl }) =>
    createApi({
      apiUrl,
      idToken: (asked) => options.idToken(asked ?? { renewed: false }),
      fetch: (...request) => fetch(...request),
      sendBeacon: (url, text) => navigator.sendBeacon(url, text),
    }),
  );
  const videos = createAttachments({
    api,
    page,
    deviceType: options.deviceType,
    now: Date.now,
    after,
    delayAfter: retry,
    onStreamsChanged: () => liveStreams?.refresh(),
  });
  on('sessionEnd', (end) => videos.hearEnd(end));
  on('entitlements', ({ now }) => now.standing === 'confirmed' && videos.takeAccess(now.snapshot.access));
  let entitlements: Entitlements = { standing: 'unknown' };
  let connection: ConnectionState = 'offline';
  let streams: Streams | undefined;
  let following: LiveEntitlements | undefined;
  let liveStreams: LiveStreams | undefined;
  let wakers: AbortController | undefined;

  return {
    get entitlements() {
      return entitlements;
    },
    get connection() {
      return connection;
    },
    get streams() {
      return streams;
    },
    api,
    on,
    start,
    refresh: () => following?.refresh(),
    now: Date.now,
    readCatalog: async () => (await api).readCatalog(),
    restorePurchases: async () => (await api).requestRecompute(),
    attach: (video, attached) => videos.attach(video, attached),
    stop,
  };

  function start(): void {
    following = followEntitlements(
      {
        readGrant: async () => (await api).readGrant(),
        readEntitlements: async (asked) => (await api).readEntitlements(asked),
        connect: connectMomento,
        delayAfter: retry,
        now: Date.now,
      },
      {
        onSnapshot: (snapshot) => show({ standing: 'confirmed', snapshot }),
        onConnection(state) {
          connection = state;
          tell('connection', state);
        },
        onSessionEnd: (end) => tell('sessionEnd', end),
        onStopped(error) {
          stop();
          tell('stopped', error);
        },
      },
    );
    liveStreams = followStreams(
      {
        read: async () => (await api).readStreams(),
        after,
        delayAfter: retry,
        isSeen: () => !document.hidden,
      },
      (read) => {
        streams = read;
        tell('streams', read);
      },
    );
    wakers = wakeWithPage(() => {
      following?.reconnect();
      liveStreams?.refresh();
    });
  }

  function stop(): void {
    videos.detachAll();
    wakers?.abort();
    following?.stop();
    liveStreams?.stop();
  }

  function show(now: Entitlements): void {
    const before = entitlements;
    entitlements = now;
    tell('entitlements', { now, before });
  }
}

/** Without it, as where a page's content policy forbids workers, timers are as steady as the page's own. */
function startTimerWorker(): Worker | undefined {
  try {
    return new Worker(new URL('./timer-worker.js', import.meta.url), { type: 'module' });
  } catch {
    return undefined;
  }
}
