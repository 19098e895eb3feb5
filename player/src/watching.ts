import type { Content, DeviceType, Identity, Streams, Usher, VideoPlayback } from '../../client/src/index.ts';
import { createConflictView } from './conflict-view.ts';
import { part } from './element.ts';
import { createPlaybackView, type Shown } from './playback-view.ts';
import { createStream } from './stream.ts';
import { showStreams } from './streams-view.ts';
import { standingOf, type Outlook } from './titles.ts';

interface World {
  readonly identity: Identity;
  /** The tab's own, which outlives a reload. */
  readonly tabStorage: Storage;
  /** The service's time, in ms since the epoch. */
  readonly now: () => number;
  /** Something is to be drawn anew. */
  readonly onChange: () => void;
}

/** What a tab watches, and what the account's other screens do meanwhile. */
export interface Watching {
  /** Lets this title play, in place of what plays. */
  watch(usher: Pick<Usher, 'attach'>, wanted: Wanted): void;
  /** Shows nothing any more; what plays ends with the usher that it was attached by. */
  forget(): void;
  /** Draws the player, the screens and the choice. */
  draw(outlook: Outlook, streams: Streams | undefined): void;
  /** What played in this tab before a reload, once. */
  takeResumable(accountId: string, outlook: Outlook): Content | undefined;
}

/** A title, for whom, and where it is watched, whatever the catalogue is looked at from meanwhile. */
export interface Wanted {
  readonly accountId: string;
  readonly content: Content;
  readonly deviceType: DeviceType;
}

interface Watched extends Wanted {
  readonly playback: VideoPlayback;
  /** Whether there is a picture to show: the stream is loaded once, however many titles it stands for. */
  picture: 'loading' | 'there' | 'missing';
}

const KEPT = 'usher.watching';

export function createWatching({ identity, tabStorage, now, onChange }: World): Watching {
  const video = part('video', HTMLVideoElement);
  const stream = createStream(video);
  let watched: Watched | undefined;
  let resumable = identity.isKept ? tabStorage.getItem(KEPT) : null;

  const view = createPlaybackView({ identity, video, stream, now }, { onStop: letGo, onAgain: start });
  const conflicts = createConflictView(identity, {
    onChosen(sessionId) {
      watched?.playback.takeOver(sessionId);
      view.present();
    },
    onCancelled: letGo,
  });
  for (const type of ['play', 'pause', 'loadeddata', 'resize']) video.addEventListener(type, onChange);

  return {
    watch(usher, wanted) {
      const { content, deviceType, accountId } = wanted;
      const playback = usher.attach(video, { ...content, deviceType });
      watched = { ...wanted, playback, picture: 'loading' };
      playback.on('change', keep);
      playback.on('change', onChange);
      tabStorage.setItem(KEPT, keyOf(accountId, content));
      start();
    },
    forget,
    draw,
    takeResumable(accountId, { catalog: { contents } }) {
      const content = contents.find((candidate) => resumable === keyOf(accountId, candidate));
      resumable = null;
      return content;
    },
  };

  /** No stream of the account is taken before there is something to see. */
  async function startWithPicture(mine: Watched): Promise<void> {
    mine.picture = 'loading';
    onChange();
    view.present();
    try {
      await stream.open();
      mine.picture = 'there';
      if (mine === watched) mine.playback.retry();
    } catch {
      mine.picture = 'missing';
      onChange();
    }
  }

  function start(): void {
    if (watched) void startWithPicture(watched);
  }

  function forget(): void {
    watched = undefined;
    tabStorage.removeItem(KEPT);
    onChange();
  }

  /** The focus goes back to where it came from. */
  function letGo(): void {
    const contentId = watched?.content.contentId;
    void watched?.playback.detach();
    forget();
    if (contentId !== undefined) document.getElementById(`title-${contentId}`)?.focus();
  }

  /** What has come to its end is not taken up again after a reload. */
  function keep(): void {
    const { kind } = watched?.playback.state ?? { kind: 'idle' };
    if (['choosing', 'stopped'].includes(kind)) tabStorage.removeItem(KEPT);
    else if (watched) tabStorage.setItem(KEPT, keyOf(watched.accountId, watched.content));
  }

  function draw(outlook: Outlook, streams: Streams | undefined): void {
    const { contents } = outlook.catalog;
    const titleOf = (id: string) => contents.find(({ contentId }) => contentId === id)?.title ?? id;
    const state = stateOf(watched);
    view.draw(
      watched && {
        content: watched.content,
        title: titleOf(watched.content.contentId),
        state,
        locked: lockedIn(outlook, watched),
        limit: streams?.limit,
      },
    );
    const ownSessionId = state.kind === 'playing' ? state.sessionId : undefined;
    showStreams({ streams, identity, ownSessionId, titleOf });
    conflicts.draw(
      state.kind === 'choosing'
        ? { conflicts: state.conflicts, wanted: titleOf(state.title.contentId), streams, titleOf }
        : undefined,
    );
  }
}

function stateOf(watched: Watched | undefined): Shown['state'] {
  if (!watched) return { kind: 'idle' };
  const { picture, playback } = watched;
  if (picture === 'missing') return { kind: 'pictureless' };
  return picture === 'loading' ? { kind: 'loading' } : playback.state;
}

/** Why the account may not watch the title as the page sees it; `undefined` when it may. */
function lockedIn(outlook: Outlook, { content, deviceType }: Wanted): string | undefined {
  const here = { ...outlook, circumstances: { ...outlook.circumstances, deviceType } };
  const standing = standingOf(content, here);
  return standing.open ? undefined : standing.sentence;
}

function keyOf(accountId: string, { contentId }: Content): string {
  return `${accountId} ${contentId}`;
}
