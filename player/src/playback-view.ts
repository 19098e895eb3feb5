import type { Content, Identity, VideoState } from '../../client/src/index.ts';
import { deviceName, playerName } from './device-words.ts';
import { part, replaceContents } from './element.ts';
import { hintOf, statusOf, whyStopped } from './playback-words.ts';
import { poster } from './poster.ts';
import type { Stream } from './stream.ts';

export interface Shown {
  readonly content: Content;
  readonly title: string;
  /** What the library says; before there is a picture, `loading`, and when none is to be had, `pictureless`. */
  readonly state: VideoState | { readonly kind: 'loading' } | { readonly kind: 'pictureless' };
  /** Why the account may not watch what is or was playing; `undefined` when it may. */
  readonly locked: string | undefined;
  /** How many streams the account may have, as far as is known. */
  readonly limit: number | undefined;
}

interface World {
  readonly identity: Identity;
  readonly video: HTMLVideoElement;
  readonly stream: Pick<Stream, 'heights'>;
  /** The service's time, in ms since the epoch: by it the library counts. */
  readonly now: () => number;
}

interface Actions {
  readonly onStop: () => void;
  readonly onAgain: () => void;
}

export interface PlaybackView {
  /** `undefined`: nothing is watched. */
  draw(shown: Shown | undefined): void;
  /** Puts the panel into sight and the focus onto its first button. */
  present(): void;
}

/** `HTMLMediaElement.HAVE_CURRENT_DATA`: there is a frame to see. */
const HAVE_CURRENT_DATA = 2;

/** The panel in which a title plays; a cover with its picture lies over the video for as long as that may not move. */
export function createPlaybackView({ identity, video, stream, now }: World, actions: Actions): PlaybackView {
  const panel = part('player', HTMLElement);
  const stage = part('stage', HTMLElement);
  const cover = part('cover', HTMLElement);
  const stop = part('player-stop', HTMLButtonElement);
  const again = part('player-again', HTMLButtonElement);
  const close = part('player-close', HTMLButtonElement);
  let pictured: string | undefined;
  let shown: Shown | undefined;

  part('this-device', HTMLElement).textContent =
    `${deviceName(identity.deviceId)}, ${playerName(identity.playerId)}`;
  stop.addEventListener('click', () => actions.onStop());
  close.addEventListener('click', () => actions.onStop());
  again.addEventListener('click', () => actions.onAgain());
  // What counts seconds: how long it has played, or has still to wait.
  setInterval(() => shown && drawClock(shown), 1000);

  return {
    draw(next) {
      shown = next;
      panel.hidden = !next;
      document.title = next?.state.kind === 'playing' ? `▶ ${next.title} · usher` : TITLE;
      if (!next) return;
      const { state, title, content } = next;
      panel.dataset['state'] = state.kind;
      stage.classList.toggle('playing', state.kind === 'playing' && !video.paused);
      drawPicture(content.contentId);
      say('player-title', title);
      say('stage-title', title);
      say('player-heartbeat', state.kind === 'playing' ? `Every ${state.heartbeatSeconds} s` : NOTHING);
      say('player-rendition', rendition());
      part('player-uncounted', HTMLElement).hidden = content.counted;
      say('player-hint', hintOf(state));
      say('player-why', whyCovered(next));
      drawClock(next);
      const hadFocus = panel.contains(document.activeElement);
      drawControls(next);
      if (hadFocus && isLost(document.activeElement)) focusFirst();
    },
    present() {
      panel.scrollIntoView({ block: 'nearest' });
      focusFirst();
    },
  };

  function drawPicture(contentId: string): void {
    if (pictured !== contentId) replaceContents(part('player-picture', HTMLElement), poster(contentId));
    pictured = contentId;
  }

  function drawClock({ state }: Shown): void {
    const nowMs = now();
    say('player-status', statusOf(state, { nowMs, isPaused: video.paused }));
    say('player-elapsed', state.kind === 'playing' ? lengthOf(nowMs - state.sinceMs) : NOTHING);
  }

  function drawControls({ state, locked }: Shown): void {
    const isOver = state.kind === 'stopped' || state.kind === 'pictureless';
    const needsGesture = state.kind === 'playing' && state.needsGesture;
    const canMove = state.kind === 'playing' || state.kind === 'idle';
    const isSeen = canMove && !needsGesture && video.readyState >= HAVE_CURRENT_DATA;
    cover.hidden = isSeen;
    video.inert = !isSeen; // what is covered is not to be reached by keyboard either
    stop.hidden = isOver;
    again.hidden = !needsGesture && !(isOver && locked === undefined);
    again.textContent = needsGesture ? 'Play' : 'Watch again';
    close.hidden = !isOver;
  }

  /** "540p, adapting between 180p and 540p". */
  function rendition(): string {
    const { heights } = stream;
    if (video.videoHeight === 0) return NOTHING;
    const [lowest, highest] = [heights[0], heights.at(-1)];
    const range = lowest === highest ? '' : `, adapting between ${lowest}p and ${highest}p`;
    return `${video.videoHeight}p${range}`;
  }

  function whyCovered({ state, ...circumstances }: Shown): string {
    if (state.kind === 'stopped')
      return whyStopped(state.why, { ...circumstances, deviceId: identity.deviceId });
    if (state.kind === 'pictureless') return 'The picture cannot be loaded. Check your connection.';
    return state.kind === 'playing' && state.needsGesture ? 'Your browser waits for you to press play.' : '';
  }

  function focusFirst(): void {
    const first = [again, close, stop].find(({ hidden }) => !hidden);
    first?.focus({ preventScroll: true });
  }
}

const TITLE = document.title;
const NOTHING = '–';

function isLost(focused: Element | null): boolean {
  return !focused || focused === document.body || focused.closest('[hidden], [inert]') !== null;
}

/** Sets a text only when it is another one: what is set is said again by readers of screens. */
function say(id: string, text: string): void {
  const place = part(id, HTMLElement);
  if (place.textContent !== text) place.textContent = text;
}

/** "1:02:03", "0:42". */
function lengthOf(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (count: number) => String(count).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
