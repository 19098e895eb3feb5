import type { Content } from '../../shared/domain/catalog.ts';
import { part, replaceContents } from './element.ts';
import { icon } from './icons.ts';
import { poster } from './poster.ts';
import { standingOf, type Outlook } from './titles.ts';

export interface WatchView {
  open(content: Content): void;
  /** Stops what is being watched as soon as the account may watch it no more, and says why. */
  keep(outlook: Outlook): void;
}

/** The stage for one title. It looks like a player and plays nothing: this page shows who may watch. */
export function createWatchView(): WatchView {
  const dialog = part('watch', HTMLDialogElement);
  const stage = part('stage', HTMLElement);
  const toggle = part('play', HTMLButtonElement);
  const locked = part('watch-locked', HTMLElement);
  let watching: Content | undefined;

  toggle.addEventListener('click', () => setPlaying(!stage.classList.contains('playing')));
  dialog.addEventListener('close', () => {
    watching = undefined;
  });

  return {
    open(content) {
      watching = content;
      part('watch-title', HTMLElement).textContent = content.title;
      replaceContents(part('watch-picture', HTMLElement), poster(content.contentId));
      locked.textContent = '';
      toggle.disabled = false;
      setPlaying(true);
      dialog.showModal();
      toggle.focus();
    },
    keep(outlook) {
      if (!watching) return;
      const standing = standingOf(watching, outlook);
      toggle.disabled = !standing.open;
      const why = standing.open ? '' : `This title has been locked. ${standing.sentence}`;
      if (locked.textContent !== why) locked.textContent = why; // an alert is said again whenever it is set
      if (!standing.open) setPlaying(false);
    },
  };

  function setPlaying(playing: boolean): void {
    stage.classList.toggle('playing', playing);
    toggle.setAttribute('aria-label', playing ? 'Pause' : 'Play');
    toggle.replaceChildren(icon(playing ? 'pause' : 'play'));
  }
}
