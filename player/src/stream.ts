import type Hls from 'hls.js';

/** The clip that stands in for every title. */
const SOURCE = '/clip/main.m3u8';
/** A network that is gone is tried again this often. */
const RETRY_MS = 3000;

/** An adaptive stream in a video. */
export interface Stream {
  /** Resolves when the video has something to play; a call after a failure tries again. @throws Error */
  open(): Promise<void>;
  /** The heights in pixels that the stream is there in, smallest first; none while the browser does not tell. */
  readonly heights: readonly number[];
}

/** Plays by hls.js, which loads when it is first needed; browsers without Media Source Extensions play HLS themselves. */
export function createStream(video: HTMLVideoElement): Stream {
  let opening: Promise<void> | undefined;
  let hls: Hls | undefined;
  return {
    open() {
      opening ??= openIn(video).catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
      return opening;
    },
    get heights() {
      return hls?.levels.map(({ height }) => height).toSorted((a, b) => a - b) ?? [];
    },
  };

  async function openIn(target: HTMLVideoElement): Promise<void> {
    if ('MediaSource' in globalThis || 'ManagedMediaSource' in globalThis) hls = await attachHls(target);
    else target.src = SOURCE;
  }
}

async function attachHls(video: HTMLVideoElement): Promise<Hls> {
  const { default: Player } = await import('hls.js/light');
  const { Events, ErrorTypes } = Player;
  const hls = new Player({ enableWorker: false }); // the policy allows no blob: worker
  await new Promise<void>((resolve, reject) => {
    hls.once(Events.MANIFEST_PARSED, () => resolve());
    hls.on(Events.ERROR, (_event, { fatal, type, error }) => {
      if (!fatal) return;
      if (hls.levels.length === 0) {
        hls.destroy();
        reject(error);
      } else if (type === ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
      else setTimeout(() => hls.startLoad(), RETRY_MS);
    });
    hls.loadSource(SOURCE);
    hls.attachMedia(video);
  });
  return hls;
}
