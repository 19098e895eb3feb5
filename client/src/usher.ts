import type { Catalog, DeviceType } from '../../shared/domain/catalog.ts';
import type { Snapshot } from '../../shared/domain/entitlements.ts';
import { toMs } from '../../shared/domain/instants.ts';
import type { ConnectionState } from './entitlements/connection.ts';
import { followEntitlements, type LiveEntitlements } from './entitlements/follow-entitlements.ts';
import type { Entitlements } from './entitlements/holding.ts';
import { keptSnapshots } from './entitlements/kept-snapshot.ts';
import { createListeners } from './listeners.ts';
import { connectMomento } from './momento/momento.ts';
import type { VideoPlayback } from './playback/attach-video.ts';
import { createAttachments, type AttachOptions } from './playback/attachments.ts';
import type { Identity } from './playback/identity.ts';
import { page } from './playback/page.ts';
import { followStreams, type LiveStreams } from './playback/streams.ts';
import { accountOf, keepAccountClaim } from './service/account-of.ts';
import { createApi, type Api } from './service/api.ts';
import { readConfig } from './service/config.ts';
import { followCatalog } from './service/follow-catalog.ts';
import { parseCloudEvent } from './service/messages.ts';
import type { SessionEnd, Streams } from './service/session-answers.ts';
import { delayAfter } from './timing/backoff.ts';
import { createServerClock } from './timing/server-clock.ts';
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
  /** Whose last known answer may be shown at once. By default the account that the ID token names. */
  readonly accountId?: string;
  /** What this device is; the service takes its word for it. */
  readonly deviceType?: DeviceType;
  /** How long the last known answer counts without the service confirming it: 3 days unless told otherwise. */
  readonly graceSeconds?: number;
}

const GRACE_SECONDS = 3 * 24 * 3600;

/** What can be listened to, and what each tells. */
export interface UsherEvents {
  /** They are others, or stand otherwise, than before. */
  readonly entitlements: { readonly now: Entitlements; readonly before: Entitlements };
  readonly connection: ConnectionState;
  /** The account's live streams, when they are others. They are read while somebody listens to this. */
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
  /** The catalogue is another one than was read before. */
  readonly catalog: Catalog;
  /** It has stopped by itself: only signing in again helps. */
  readonly stopped: unknown;
}

/** One viewer's account in one tab: follows what it may watch from `start` to `stop`. */
export interface Usher {
  readonly entitlements: Entitlements;
  readonly connection: ConnectionState;
  /** The account's live streams as they were read last, for those who listen to `streams`. */
  readonly streams: Streams | undefined;
  readonly api: Promise<Api>;
  on<Type extends keyof UsherEvents>(type: Type, listener: (event: UsherEvents[Type]) => void): () => void;
  start(): void;
  /** Reads again now: something should have come and has not. */
  refresh(): void;
  /** The server's time, as far as it is known here, in ms since the epoch. */
  now(): number;
  readCatalog(): Promise<Catalog>;
  /** Who this tab is among the account's screens, as their lists name it. */
  identify(): Promise<Identity>;
  /** Has everything computed afresh from the account's purchases ("restore purchases"). */
  restorePurchases(): Promise<void>;
  /**
   * Lets the video run only under a session of the service, from the next time that it is played. One that is
   * attached already is detached from what it was attached to.
   */
  attach(video: HTMLMediaElement, options: AttachOptions): VideoPlayback;
  /**
   * Ends what plays, follows nothing any more, and forgets what was kept when `forget` says so, as on signing out.
   * Resolves when the service knows what has ended, or cannot be told: until then it may ask for an ID token.
   */
  stop(options?: { readonly forget?: boolean }): Promise<void>;
}

/** Follows nothing before `start`. */
export function createUsher(options: UsherOptions): Usher {
  const { on, tell, isHeard } = createListeners<UsherEvents>();
  const { random } = Math;
  const timers = steadyTimers(openTimerWorker);
  const { after } = timers;
  const retry = (error: unknown, failures: number) => delayAfter(error, failures, random);
  const clock = createServerClock({ now: Date.now, steadyNow: () => performance.now() });
  const kept = keptSnapshots(() => localStorage);
  const firstOpened = Promise.withResolvers<Api>();
  const api = firstOpened.promise;
  let opening: Promise<Api> | undefined;
  open().catch(() => {}); // whoever needs it tries again
  const catalogue = followCatalog(
    { read: async () => (await open()).readCatalog(), after, delayAfter: retry },
    (catalog) => tell('catalog', catalog),
  );
  const videos = createAttachments({
    openApi: open,
    page,
    deviceType: options.deviceType,
    now: () => clock.now(),
    elapsedMs: clock.elapsedMs,
    after,
    delayAfter: retry,
    onStreamsChanged: () => liveStreams?.refresh(),
  });
  on('sessionEnd', (end) => videos.hearEnd(end));
  on('entitlements', ({ now }) => now.standing === 'confirmed' && videos.takeAccess(now.snapshot.access));
  on('entitlements', ({ now, before }) => mostStreams(now) !== mostStreams(before) && liveStreams?.refresh());
  let entitlements: Entitlements = { standing: 'unknown' };
  let connection: ConnectionState = 'offline';
  let streams: Streams | undefined;
  let isStarted = false;
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
    on: listen,
    start,
    refresh: () => following?.refresh(),
    now: () => clock.now(),
    readCatalog: () => catalogue.read(),
    identify: () => page.identify(),
    restorePurchases: async () => (await open()).requestRecompute(),
    attach(video, attached) {
      timers.start();
      return videos.attach(video, attached);
    },
    stop,
  };

  function listen<Type extends keyof UsherEvents>(
    type: Type,
    listener: (event: UsherEvents[Type]) => void,
  ): () => void {
    const cancel = on(type, listener);
    if (type === 'streams') liveStreams?.refresh();
    return cancel;
  }

  function start(): void {
    if (isStarted) return;
    isStarted = true;
    timers.start();
    following = followEntitlements(
      {
        readGrant: async () => (await open()).readGrant(),
        readEntitlements: async (asked) => (await open()).readEntitlements(asked),
        connect: connectMomento,
        delayAfter: retry,
        clock,
        after,
        random,
        kept,
        graceMs: (options.graceSeconds ?? GRACE_SECONDS) * 1000,
        accountId: options.accountId ?? accountByToken(options),
        isHidden: () => document.hidden,
        playingProductIds,
      },
      {
        onEntitlements: show,
        onConnection(state) {
          connection = state;
          tell('connection', state);
        },
        onMessage: tellOf,
        onSessionEnd: (end) => tell('sessionEnd', end),
        onWave: ({ catalogVersion }) => catalogue.hear(catalogVersion),
        onStopped(error) {
          void stop();
          tell('stopped', error);
        },
      },
    );
    liveStreams = followStreams(
      {
        read: async () => (await open()).readStreams(),
        after,
        delayAfter: retry,
        // For those alone who show them: reads of every open tab would be more than all its heartbeats.
        isSeen: () => !document.hidden && isHeard('streams'),
      },
      (read) => {
        streams = read;
        tell('streams', read);
      },
    );
    wakers = wakeWithPage((why) => {
      if (why === 'network') following?.reconnect();
      else following?.wake();
      liveStreams?.refresh();
    });
    if (!isStarted) void stop(); // who was told of its first moments has stopped it
  }

  async function stop({ forget = false }: { readonly forget?: boolean } = {}): Promise<void> {
    const ended = videos.detachAll();
    wakers?.abort();
    isStarted = false;
    following?.stop({ forget });
    liveStreams?.stop();
    if (forget) {
      streams = undefined;
      show({ standing: 'unknown' });
    }
    catalogue.stop();
    timers.stop();
    await ended;
  }

  /** The service as its configuration describes it, which is read again after it could not be. */
  function open(): Promise<Api> {
    opening ??= openApi(options);
    opening.then(firstOpened.resolve, () => {
      opening = undefined;
    });
    return opening;
  }

  function show(now: Entitlements): void {
    const before = entitlements;
    entitlements = now;
    tell('entitlements', { now, before });
    if (now.standing === 'confirmed') catalogue.hear(now.snapshot.catalogVersion);
  }

  function tellOf(text: string): void {
    const event = parseCloudEvent(text);
    if (!event) return;
    const { type, id, time } = event;
    const ageMs = time === undefined ? undefined : clock.now() - toMs(time);
    tell('message', { type, id, ageMs, text });
  }

  /** Those that grant what the videos that play require; all, where a video does not say what that is. */
  function playingProductIds({ entitlements: held }: Snapshot): readonly string[] {
    const playing = videos.playing.map(({ requires }) => requires);
    const rests = held.filter(({ grants }) =>
      playing.some((requires) => requires?.some((tag) => grants.includes(tag)) ?? true),
    );
    return rests.map(({ productId }) => productId);
  }
}

/** `undefined` while nobody can say. */
async function accountByToken({ idToken }: UsherOptions): Promise<string | undefined> {
  try {
    return accountOf(await idToken({ renewed: false }));
  } catch {
    return undefined;
  }
}

function mostStreams(entitlements: Entitlements): number | undefined {
  return entitlements.standing === 'unknown' ? undefined : entitlements.snapshot.access.maxStreams;
}

async function openApi({ configUrl, idToken }: UsherOptions): Promise<Api> {
  const { apiUrl, accountClaim } = await readConfig(configUrl);
  keepAccountClaim(accountClaim);
  return createApi({
    apiUrl,
    idToken,
    fetch: (...request) => fetch(...request),
    sendBeacon: (url, text) => navigator.sendBeacon(url, text),
  });
}

/** Without it, as where a page's content policy forbids workers, timers are as steady as the page's own. */
function openTimerWorker(): Worker | undefined {
  try {
    return new Worker(new URL('./timer-worker.js', import.meta.url), { type: 'module' });
  } catch {
    return undefined;
  }
}
