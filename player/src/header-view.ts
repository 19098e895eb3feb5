import type { Viewer } from './account.ts';
import { part } from './element.ts';
import type { ConnectionState } from '../../client/src/index.ts';

const SENTENCES: Readonly<Record<ConnectionState, string>> = {
  live: 'Live',
  'catching-up': 'Catching up',
  offline: 'Offline, trying again',
};

/** Shows the parts of the page that are for a signed-in viewer, or those for nobody in particular. */
export function showViewer(viewer: Viewer | undefined): void {
  part('viewer-email', HTMLElement).textContent = viewer?.email ?? '';
  for (const id of ['signed-in', 'screens', 'plan', 'log', 'connection'])
    part(id, HTMLElement).hidden = viewer === undefined;
  for (const id of ['sign-in', 'to-sign-in']) part(id, HTMLElement).hidden = viewer !== undefined;
}

/** Shows whether changes arrive as they happen. */
export function showConnection(state: ConnectionState): void {
  const pill = part('connection', HTMLElement);
  pill.dataset['state'] = state;
  pill.textContent = SENTENCES[state];
}
