import type { DeviceType } from '../../../shared/domain/catalog.ts';
import type { Snapshot } from '../../../shared/domain/entitlements.ts';
import type { Api, SessionHandle } from '../service/api.ts';
import type { SessionEnd } from '../service/session-answers.ts';
import type { After } from '../timing/timers.ts';
import {
  attachVideo,
  type AttachedVideo,
  type Media,
  type VideoOptions,
  type VideoPlayback,
} from './attach-video.ts';
import type { Identity } from './identity.ts';
import type { Title } from './playback-state.ts';

/** What is to be watched in a video. A content of the catalogue says all of it. */
export interface AttachOptions extends VideoOptions {
  /**
   * The tags that the content requires. With them, a video stops at once when the account loses one of them;
   * without, when the service says so.
   */
  readonly requires?: readonly string[];
  /** What this device is, if it is another than the account's other videos are on. */
  readonly deviceType?: DeviceType;
}

/** What a video has a session for. */
export type Attached = Pick<AttachOptions, 'contentId' | 'requires'>;

type SessionApi = Pick<Api, 'startSession' | 'beat' | 'endSession' | 'endOnLeaving'>;

interface World {
  /** @throws TypeError where the service cannot be found, as without a network */
  readonly openApi: () => Promise<SessionApi>;
  readonly deviceType: DeviceType | undefined;
  readonly now: () => number;
  readonly elapsedMs: () => number;
  readonly after: After;
  readonly delayAfter: (error: unknown, failures: number) => number | undefined;
  /** The account's live streams are others now. */
  readonly onStreamsChanged: () => void;
  readonly page: Page;
}

/** The page that the videos are on. */
export interface Page {
  /** Which player this tab is; the first to ask has the page claim its name. */
  identify(): Promise<Identity>;
  /** The numbers of the players that are attached. */
  readonly numbers: Set<number>;
  readonly isGesture: () => boolean;
  /** Until the controller aborts: calls `wake` when the page is there again, and `leave` when it goes away. */
  listen(calls: { readonly wake: () => void; readonly leave: () => void }): AbortController;
}

/** The videos of one account on a page. */
export interface Attachments {
  /** A video that is attached already is let go first. */
  attach(video: Media, options: AttachOptions): VideoPlayback;
  /** What plays at the moment, or is paused and keeps its session. */
  readonly playing: readonly Attached[];
  hearEnd(end: SessionEnd): void;
  /** Stops what rests on a tag that was granted and is no longer. Pass only what the service has confirmed. */
  takeAccess(access: Snapshot['access']): void;
  detachAll(): Promise<void>;
}

interface Entry {
  readonly options: AttachOptions;
  readonly playback: AttachedVideo;
}

/**
 * Each video is a player of its own, so two videos on a page take two streams. The first is named as the tab is, the
 * others `{tab}.2`, `{tab}.3` …, always the lowest number that is free: a page that is reloaded attaches its videos
 * in the same order, and each takes its own stream over. A preview that is to take none is not to be attached.
 *
 * Who is admitted is for the service alone to say, also when what is known here says otherwise: it may know more.
 * Only a loss that the page hears of itself is acted on at once, without asking.
 */
export function createAttachments(world: World): Attachments {
  const { page } = world;
  const entries = new Map<Media, Entry>();
  let granted: readonly string[] = [];
  let listening: AbortController | undefined;
  /** By its number what a player asked for last, this video or one that had the number before. */
  const starts = new Map<number, Promise<unknown>>();
  /** What sessions were started with: a page that goes away cannot wait for it. */
  let api: SessionApi | undefined;

  return {
    attach(video, options) {
      void entries.get(video)?.playback.detach();
      const number = takeNumber(page.numbers);
      const playback = attachVideo(
        {
          ...world,
          ...sessionsOf(number, options),
          isGesture: page.isGesture,
          onDetached() {
            if (entries.get(video)?.playback !== playback) return;
            entries.delete(video);
            page.numbers.delete(number);
            if (entries.size === 0) listening?.abort();
          },
        },
        video,
        options,
      );
      if (entries.size === 0) listening = listenToPage();
      entries.set(video, { options, playback });
      return playback;
    },
    get playing() {
      return attached()
        .filter(({ playback }) => playback.state.kind === 'playing')
        .map(({ options }) => options);
    },
    hearEnd(end) {
      for (const { playback } of attached()) playback.hearEnd(end);
    },
    takeAccess({ grants }) {
      const lost = granted.filter((tag) => !grants.includes(tag));
      granted = grants;
      for (const { options, playback } of attached()) {
        if (options.requires?.some((tag) => lost.includes(tag))) playback.revoke();
      }
    },
    async detachAll() {
      await Promise.all(attached().map(({ playback }) => playback.detach()));
    },
  };

  function sessionsOf(number: number, { deviceType = world.deviceType ?? 'web' }: AttachOptions) {
    return {
      start({ contentId }: Title, terminate: string | undefined) {
        const started = ask(starts.get(number), contentId, terminate);
        starts.set(
          number,
          started.catch(() => {}),
        );
        return started;
      },
      beat: async (handle: SessionHandle) => (await world.openApi()).beat(handle),
      end: async (handle: SessionHandle) => (await world.openApi()).endSession(handle),
      endOnLeaving: (handle: SessionHandle) => api?.endOnLeaving(handle),
    };

    /** One at a time: the service takes the one that arrives last, not the one that was meant last. */
    async function ask(earlier: Promise<unknown> | undefined, contentId: string, terminate?: string) {
      const [opened, { deviceId, playerId }] = await Promise.all([world.openApi(), page.identify(), earlier]);
      api = opened;
      return opened.startSession({
        contentId,
        deviceId,
        playerId: number === 1 ? playerId : `${playerId}.${number}`,
        deviceType,
        ...(terminate !== undefined && { terminate }),
      });
    }
  }

  function listenToPage(): AbortController {
    return page.listen({
      wake: () => attached().forEach(({ playback }) => playback.wake()),
      leave: () => attached().forEach(({ playback }) => playback.leave()),
    });
  }

  /** A copy: what one of them does may detach another. */
  function attached(): readonly Entry[] {
    return [...entries.values()];
  }
}

function takeNumber(taken: Set<number>): number {
  let number = 1;
  while (taken.has(number)) number++;
  taken.add(number);
  return number;
}
