import { createListeners } from '../listeners.ts';
import type { Conflict, SessionEnd } from '../service/session-answers.ts';
import type { PlaybackState, Playing, StopReason, Title } from './playback-state.ts';
import { createPlayback, type PlaybackWorld } from './playback.ts';
import { LONGEST_TIMER_MS } from '../timing/timers.ts';

/** The part of a `<video>` or `<audio>` that is needed. */
export interface Media {
  readonly paused: boolean;
  readonly readyState: number;
  play(): Promise<void>;
  pause(): void;
  addEventListener(type: string, listener: () => void, options: { readonly signal: AbortSignal }): void;
}

interface World extends PlaybackWorld {
  /** Ms since some moment, however the clock is set meanwhile. */
  readonly elapsedMs: () => number;
  /** The account's live streams are others now. */
  readonly onStreamsChanged: () => void;
  /** Whether the viewer has just pressed something, as far as the browser tells. */
  readonly isGesture: () => boolean;
  readonly onDetached: () => void;
}

export interface VideoOptions {
  readonly contentId: string;
  /** Whether it takes one of the account's streams, as the catalogue says: yes, unless told otherwise. */
  readonly counted?: boolean;
  /** How long a paused video keeps its session: 300 unless told otherwise; `Infinity` = until it is left. */
  readonly pauseLimitSeconds?: number;
}

/**
 * What becomes of one video's playback. While it is `playing` the video may be played and paused at will;
 * `needsGesture` says that the browser refuses to go on by itself until the viewer presses something.
 */
export type VideoState = Exclude<PlaybackState, Playing> | (Playing & { readonly needsGesture: boolean });

export interface VideoEvents {
  readonly change: VideoState;
  /** Every stream is taken: the viewer chooses one to take over, or lets it be. */
  readonly refused: { readonly conflicts: readonly Conflict[] };
  /** It was paused and has no session any more, for this reason. */
  readonly stopped: StopReason;
}

/** The playback of one video under sessions of the service. */
export interface VideoPlayback {
  readonly state: VideoState;
  /** Returns what takes the listener away again. */
  on<Type extends keyof VideoEvents>(type: Type, listener: (event: VideoEvents[Type]) => void): () => void;
  /** Ends that session and plays in its place; only after a refusal. */
  takeOver(sessionId: string): void;
  /** Asks again, and plays when admitted: after a refusal, a stop, or when the browser wants a gesture. */
  retry(): void;
  /** Pauses, and ends the session or lets go of the choice. Resolves when the service knows. */
  stop(): Promise<void>;
  /** As `stop`, and the video is nobody's business any more. */
  detach(): Promise<void>;
}

/** What the page, the topic and the account's entitlements have to tell it. */
export interface AttachedVideo extends VideoPlayback {
  hearEnd(end: SessionEnd): void;
  /** The account may watch it no more. */
  revoke(): void;
  /** The page was asleep or cut off. */
  wake(): void;
  /** The page goes away. Should it come back, the video is paused and asks again when it is played. */
  leave(): void;
}

const PAUSE_LIMIT_SECONDS = 300;
/** `HTMLMediaElement.HAVE_FUTURE_DATA`: enough is loaded to play. */
const HAVE_FUTURE_DATA = 3;

/**
 * Lets a video run only under a session. Whoever plays it, by whatever means, the session is asked for; until it is
 * there the video is held, that is paused, and then goes on by itself. A viewer's pause keeps the session for a
 * while; the end of the video ends it at once, and the next play starts another.
 *
 * A video is held when it is about to move (`playing`) and not when it is asked to (`play`): so it loads meanwhile,
 * and a promise that `play()` gave is kept by then, where pausing would have broken it with an AbortError.
 */
export function attachVideo(
  world: World,
  video: Media,
  { contentId, counted = true, pauseLimitSeconds = PAUSE_LIMIT_SECONDS }: VideoOptions,
): AttachedVideo {
  const title: Title = { contentId, counted };
  const { on, tell } = createListeners<VideoEvents>();
  const listening = new AbortController();
  const playback = createPlayback(world, {
    onChange: follow,
    onStreamsChanged: world.onStreamsChanged,
  });
  /** It is paused by us, and plays as soon as it may. */
  let isHeld = false;
  let needsGesture = false;
  /** Since when it rests although it may play, and what keeps it from resting for ever. */
  let rest: { readonly sinceMs: number; readonly cancel: () => void } | undefined;

  listen('play', () => ask());
  listen('playing', () => {
    ask();
    if (!isAdmitted()) hold();
  });
  // A source that is replaced pauses the video without a word, and one that fails does not even pause it.
  for (const type of ['pause', 'emptied', 'error']) listen(type, restNow);
  listen('ended', () => void stop());
  ask();
  holdIfMoving();

  return {
    get state() {
      return stateOf(playback.state);
    },
    on,
    takeOver(sessionId) {
      if (playback.state.kind === 'choosing') request(sessionId);
    },
    retry() {
      if (!isUnderWay()) return request();
      if (!needsGesture) return;
      isHeld = true;
      goOn();
    },
    stop,
    detach() {
      listening.abort();
      world.onDetached();
      return stop();
    },
    hearEnd: (end) => playback.hearEnd(end),
    revoke: () => playback.revoke(),
    wake() {
      // A laptop that slept through the limit would take a stream anew for a video that nobody watches.
      if (rest && world.elapsedMs() - rest.sinceMs >= pauseLimitSeconds * 1000) void stop();
      else playback.wake();
    },
    leave() {
      playback.leave();
      void stop();
    },
  };

  function listen(type: string, act: () => void): void {
    video.addEventListener(type, act, { signal: listening.signal });
  }

  /** Events come late: what counts is whether it plays by now. */
  function ask(): void {
    if (video.paused) return;
    endRest();
    if (isUnderWay()) return;
    // What was taken away is not asked for again and again by a page that plays whatever has loaded.
    if (isRevoked(playback.state) && !world.isGesture()) return video.pause();
    playback.play(title);
  }

  function request(terminate?: string): void {
    if (listening.signal.aborted) return;
    isHeld = video.paused;
    playback.play(title, terminate);
  }

  /** What still loads is held when it is about to move. */
  function holdIfMoving(): void {
    if (video.readyState >= HAVE_FUTURE_DATA) hold();
  }

  function hold(): void {
    if (video.paused) return;
    isHeld = true;
    video.pause();
  }

  function follow(state: PlaybackState): void {
    if (state.kind === 'playing') goOn();
    else if (state.kind !== 'starting') halt(state.kind);
    show();
    if (state.kind === 'choosing') tell('refused', state);
    if (state.kind === 'stopped') tell('stopped', state.why);
  }

  /** Nothing may move now; but what waits for its turn goes on then. */
  function halt(kind: PlaybackState['kind']): void {
    if (kind === 'waiting') return holdIfMoving();
    isHeld = false;
    endRest();
    if (!video.paused) video.pause();
  }

  /** Not when it plays already, because its data came later than the session, or when the viewer has paused it. */
  function goOn(): void {
    if (!isHeld) return;
    isHeld = false;
    video.play().catch((error: unknown) => {
      // Any other reason is the viewer's, who was quicker, or the media's, which says so itself.
      needsGesture = isAdmitted() && nameOf(error) === 'NotAllowedError';
      restNow();
      show();
    });
  }

  /** If it does not rest after all, its next `play` is on the way and ends this. */
  function restNow(): void {
    if (isHeld || rest || !isUnderWay()) return;
    const limitMs = pauseLimitSeconds * 1000;
    const cancel = limitMs > LONGEST_TIMER_MS ? () => {} : world.after(limitMs, () => void stop());
    rest = { sinceMs: world.elapsedMs(), cancel };
  }

  function endRest(): void {
    rest?.cancel();
    rest = undefined;
    if (!needsGesture) return;
    needsGesture = false;
    show();
  }

  function stop(): Promise<void> {
    return playback.stop();
  }

  function isAdmitted(): boolean {
    return playback.state.kind === 'playing';
  }

  function isUnderWay(): boolean {
    return ['starting', 'waiting', 'playing'].includes(playback.state.kind);
  }

  function stateOf(state: PlaybackState): VideoState {
    return state.kind === 'playing' ? { ...state, needsGesture } : state;
  }

  function show(): void {
    tell('change', stateOf(playback.state));
  }
}

/** Of an error from any window, whose classes may be others. */
function nameOf(error: unknown): unknown {
  return (error as { readonly name?: unknown } | undefined)?.name;
}

function isRevoked(state: PlaybackState): boolean {
  return state.kind === 'stopped' && state.why.kind === 'over' && state.why.reason === 'revoked';
}
