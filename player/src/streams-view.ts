import type { Identity, Streams } from '../../client/src/index.ts';
import { element, part, replaceContents } from './element.ts';
import { icon } from './icons.ts';
import { deviceName, playerName } from './device-words.ts';
import { countOf, timeOf } from './words.ts';

interface Shown {
  readonly streams: Streams | undefined;
  readonly identity: Identity;
  /** The session that plays in this tab. */
  readonly ownSessionId: string | undefined;
  readonly titleOf: (contentId: string) => string;
}

/** Draws who watches now, and how many may. */
export function showStreams({ streams, identity, ownSessionId, titleOf }: Shown): void {
  const { limit = 0, sessions = [], deviceCount } = streams ?? {};
  part('streams-summary', HTMLElement).textContent = streams
    ? `${sessions.length} of ${countOf(limit, 'screen')} in use`
    : 'Finding out who watches…';
  replaceContents(
    part('screens-drawn', HTMLElement),
    ...Array.from({ length: Math.max(limit, sessions.length) }, (_, index) =>
      element('span', { class: screenClass(index, sessions.length, limit) }, icon('screen')),
    ),
  );
  replaceContents(
    part('streams-list', HTMLElement),
    ...sessions.map((session) => row(session, identity, session.sessionId === ownSessionId, titleOf)),
  );
  part('streams-tracker', HTMLElement).textContent =
    deviceCount === undefined ? '' : `${countOf(deviceCount, 'device')} counted in the last full interval`;
}

function screenClass(index: number, used: number, limit: number): string {
  if (index >= limit) return 'screen over';
  return index < used ? 'screen used' : 'screen';
}

function row(
  { deviceId, playerId, contentId, startedAt }: Streams['sessions'][number],
  identity: Identity,
  isOwn: boolean,
  titleOf: (contentId: string) => string,
): HTMLElement {
  return element(
    'li',
    { class: isOwn ? 'stream own' : 'stream' },
    element('h3', {}, titleOf(contentId)),
    isOwn && element('span', { class: 'tag' }, 'This tab'),
    element('p', {}, `${whereOf(deviceId, playerId, identity)}, since ${timeOf(startedAt)}`),
  );
}

/** "This browser, tab 3f2a", "Chrome on Windows, tab 77b0", "living-room-tv". */
export function whereOf(deviceId: string, playerId: string | undefined, own: Identity): string {
  const device = deviceId === own.deviceId ? 'This browser' : deviceName(deviceId);
  return playerId === undefined || playerId === deviceId ? device : `${device}, ${playerName(playerId)}`;
}
