import type { Content } from '../../shared/domain/catalog.ts';
import type { Api } from '../../client/src/service/api.ts';
import { delayAfter } from '../../client/src/timing/backoff.ts';
import type { Place } from './circumstances-view.ts';
import { createConflictView } from './conflict-view.ts';
import type { Identity } from '../../client/src/playback/identity.ts';
import { createPlaybackView } from './playback-view.ts';
import { createPlayback } from '../../client/src/playback/playback.ts';
import type { SessionEnd, Streams } from '../../client/src/service/session-answers.ts';
import { followStreams, type LiveStreams } from '../../client/src/playback/streams.ts';
import { showStreams } from './streams-view.ts';
import type { After } from '../../client/src/timing/timers.ts';
import { standingOf, type Outlook } from './titles.ts';

interface World {
  readonly api: Pick<Api, 'startSession' | 'beat' | 'endSession' | 'endOnLeaving' | 'readStreams'>;
  readonly identity: Identity;
  /** The tab's own, which outlives a reload. */
  readonly tabStorage: Storage;
  readonly after: After;
  /** Something is to be drawn anew. */
  readonly onChange: () => void;
}

/** What a tab watches, and what the account's other screens do meanwhile. */
export interface Watching {
  /** Follows this account's streams, from signing in to {@link Watching.leave}. */
  enter(accountId: string): void;
  /** Ends what plays, and follows nothing any more. Resolves when the service knows. */
  leave(): Promise<void>;
  play(content: Content, place: Place): void;
  hearEnd(end: SessionEnd): void;
  /** What the account may watch has changed, and on how many screens. */
  takePlan(): void;
  /** Draws the player, the screens and the choice; stops what the account may watch no more. */
  draw(outlook: Outlook): void;
  /** What played in this tab before a reload, once. */
  takeResumable(outlook: Outlook): Content | undefined;
}

const KEPT = 'usher.watching';

export function createWatching({ api, identity, tabStorage, after, onChange }: World): Watching {
  const { deviceId, playerId } = identity;
  let account: string | undefined;
  let live: LiveStreams | undefined;
  let streams: Streams | undefined;
  let place: Place = { deviceType: 'web', region: undefined };
  let resumable = identity.isKept ? tabStorage.getItem(KEPT) : null;

  const playback = createPlayback(
    {
      start: ({ contentId }, terminate) =>
        api.startSession({
          contentId,
          deviceId,
          playerId,
          deviceType: place.deviceType,
          ...(terminate !== undefined && { terminate }),
        }),
      beat: (handle) => api.beat(handle),
      end: (handle) => api.endSession(handle),
      endOnLeaving: (handle) => api.endOnLeaving(handle),
      now: Date.now,
      after,
      delayAfter: (error, failures) => delayAfter(error, failures, Math.random),
    },
    {
      onChange(state) {
        const isGoingOn = ['starting', 'waiting', 'playing'].includes(state.kind);
        if (isGoingOn && 'title' in state) tabStorage.setItem(KEPT, `${account} ${state.title.contentId}`);
        else tabStorage.removeItem(KEPT);
        onChange();
      },
      onStreamsChanged: () => live?.refresh(),
    },
  );
  const view = createPlaybackView(identity, { onStop: letGo, onAgain: again });
  const conflicts = createConflictView(identity, {
    onChosen: (sessionId) => again(sessionId),
    onCancelled: letGo,
  });
  listenToPage();

  return {
    enter(accountId) {
      account = accountId;
      live = followStreams(
        {
          read: () => api.readStreams(),
          after,
          delayAfter: (error, failures) => delayAfter(error, failures, Math.random),
          isSeen: () => !document.hidden,
        },
        (read) => {
          streams = read;
          onChange();
        },
      );
    },
    async leave() {
      live?.stop();
      live = undefined;
      streams = undefined;
      await playback.stop();
    },
    play(content, chosen) {
      place = chosen;
      playback.play(content);
      view.present();
    },
    hearEnd: (end) => playback.hearEnd(end),
    takePlan: () => live?.refresh(),
    draw,
    takeResumable({ catalog: { contents } }) {
      const content = contents.find(({ contentId }) => resumable === `${account} ${contentId}`);
      resumable = null;
      return content;
    },
  };

  function draw(outlook: Outlook): void {
    const { contents } = outlook.catalog;
    const { state } = playback;
    const titleOf = (id: string) => contents.find(({ contentId }) => contentId === id)?.title ?? id;
    const content =
      'title' in state ? contents.find(({ contentId }) => contentId === state.title.contentId) : undefined;
    // Where it was started counts, whatever the catalogue is looked at from since.
    const here = { ...outlook, circumstances: { ...outlook.circumstances, ...place } };
    const standing = content && standingOf(content, here);
    const locked = standing?.open === false ? standing.sentence : undefined;
    if (locked !== undefined && state.kind !== 'stopped') return playback.revoke();

    view.draw({ state, titleOf, locked, limit: streams?.limit });
    const ownSessionId = state.kind === 'playing' ? state.sessionId : undefined;
    showStreams({ streams, identity, ownSessionId, titleOf });
    conflicts.draw(
      state.kind === 'choosing'
        ? { conflicts: state.conflicts, wanted: titleOf(state.title.contentId), streams, titleOf }
        : undefined,
    );
  }

  function again(terminate?: string): void {
    const { state } = playback;
    if ('title' in state) playback.play(state.title, terminate);
    view.present();
  }

  /** The focus goes back to where it came from. */
  function letGo(): void {
    const { state } = playback;
    void playback.stop();
    if ('title' in state) document.getElementById(`title-${state.title.contentId}`)?.focus();
  }

  function listenToPage(): void {
    const wake = () => {
      playback.wake();
      live?.refresh();
    };
    document.addEventListener('visibilitychange', () => document.hidden || wake());
    addEventListener('online', wake);
    addEventListener('pagehide', () => playback.leave());
    addEventListener('pageshow', ({ persisted }) => persisted && playback.comeBack());
  }
}
