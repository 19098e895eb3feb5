import type { Usher } from '../../client/src/index.ts';
import { part } from './element.ts';
import { standingWordsOf } from './standing-words.ts';

/**
 * Marks what is shown when the service does not stand by it at the moment.
 * @param isCutOff the service could not be reached when it was asked last; it may be being asked again
 */
export function showStanding(usher: Usher, isCutOff: boolean): void {
  const isBeingChecked = usher.connection === 'catching-up';
  const words = standingWordsOf(usher.entitlements, { isBeingChecked, isCutOff, nowMs: usher.now() });
  for (const id of ['catalogue-standing', 'plan-standing'])
    part(id, HTMLElement).textContent = words.mark && ` · ${words.mark}`;
  const note = part('offline-note', HTMLElement);
  note.textContent = words.note;
  note.hidden = words.note === '';
}
