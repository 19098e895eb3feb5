import type { ConnectionState, Entitlements } from '../../client/src/index.ts';
import { part } from './element.ts';
import { standingWordsOf } from './standing-words.ts';

/** Marks what is shown when the service does not stand by it at the moment. */
export function showStanding(entitlements: Entitlements, connection: ConnectionState, nowMs: number): void {
  const { mark, note } = standingWordsOf(entitlements, { isOffline: connection === 'offline', nowMs });
  for (const id of ['catalogue-standing', 'plan-standing'])
    part(id, HTMLElement).textContent = mark && ` · ${mark}`;
  const box = part('offline-note', HTMLElement);
  box.textContent = note;
  box.hidden = note === '';
}
