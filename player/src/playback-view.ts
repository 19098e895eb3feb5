import { part, replaceContents } from './element.ts';
import type { Identity } from '../../client/src/playback/identity.ts';
import { deviceName, playerName } from './device-words.ts';
import type { PlaybackState } from '../../client/src/playback/playback-state.ts';
import { hintOf, statusOf, whyStopped } from './playback-words.ts';
import { poster } from './poster.ts';

interface Shown {
  readonly state: PlaybackState;
  readonly titleOf: (contentId: string) => string;
  /** Why the account may not watch what is or was playing; `undefined` when it may. */
  readonly locked: string | undefined;
  readonly limit: number | undefined;
}

interface Actions {
  readonly onStop: () => void;
  readonly onAgain: () => void;
}

export interface PlaybackView {
  draw(shown: Shown): void;
  /** Puts the panel into sight and the focus onto its first button. */
  present(): void;
}

/**
 * The panel in which a title plays. A drawn picture moves in place of a film: what this page shows is who may watch,
 * and for how long.
 */
export function createPlaybackView({ deviceId, playerId }: Identity, actions: Actions): PlaybackView {
  const panel = part('player', HTMLElement);
  const stage = part('stage', HTMLElement);
  const buttons = part('player-actions', HTMLElement);
  const stop = part('player-stop', HTMLButtonElement);
  const again = part('player-again', HTMLButtonElement);
  const close = part('player-close', HTMLButtonElement);
  let pictured: string | undefined;
  let shown: Shown | undefined;

  part('this-device', HTMLElement).textContent = `${deviceName(deviceId)}, ${playerName(playerId)}`;
  stop.addEventListener('click', () => actions.onStop());
  close.addEventListener('click', () => actions.onStop());
  again.addEventListener('click', () => actions.onAgain());
  // What counts seconds: how long it has played, or has still to wait.
  setInterval(() => shown && shown.state.kind !== 'idle' && drawClock(shown), 1000);

  return {
    draw(next) {
      shown = next;
      const { state, titleOf } = next;
      panel.hidden = state.kind === 'idle';
      document.title = state.kind === 'playing' ? `▶ ${titleOf(state.title.contentId)} · usher` : TITLE;
      if (state.kind === 'idle') {
        pictured = undefined;
        return;
      }
      const { contentId, counted } = state.title;
      panel.dataset['state'] = state.kind;
      stage.classList.toggle('playing', state.kind === 'playing');
      if (pictured !== contentId) replaceContents(part('player-picture', HTMLElement), poster(contentId));
      pictured = contentId;
      say('player-title', titleOf(contentId));
      const heartbeat = state.kind === 'playing' ? `Every ${state.heartbeatSeconds} s` : 'None';
      say('player-heartbeat', heartbeat);
      part('player-uncounted', HTMLElement).hidden = counted;
      say('player-hint', hintOf(state));
      const circumstances = { ...next, deviceId };
      say('player-why', state.kind === 'stopped' ? whyStopped(state.why, circumstances) : '');
      drawClock(next);
      drawButtons(next);
    },
    present() {
      panel.scrollIntoView({ block: 'nearest' });
      focusFirst();
    },
  };

  function drawClock({ state }: Shown): void {
    const nowMs = Date.now();
    say('player-status', statusOf(state, nowMs));
    say('player-elapsed', state.kind === 'playing' ? lengthOf(nowMs - state.sinceMs) : '');
  }

  function drawButtons({ state, locked }: Shown): void {
    const hadFocus = buttons.contains(document.activeElement);
    stop.hidden = state.kind === 'stopped';
    again.hidden = state.kind !== 'stopped' || locked !== undefined;
    close.hidden = state.kind !== 'stopped';
    if (hadFocus && !buttons.querySelector(':focus:not([hidden])')) focusFirst();
  }

  function focusFirst(): void {
    buttons.querySelector<HTMLButtonElement>('button:not([hidden])')?.focus({ preventScroll: true });
  }
}

const TITLE = document.title;

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
