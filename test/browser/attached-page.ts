import { createUsher, type VideoEvents, type VideoPlayback } from '../../client/src/index.ts';

/** What the page offers to tests. */
export interface AttachedPage {
  readonly video: HTMLVideoElement;
  readonly playback: VideoPlayback;
  /** Whether the page hears what changes. */
  readonly isLive: () => boolean;
  /** What the playback told, in order. */
  readonly told: { readonly [Type in keyof VideoEvents]: VideoEvents[Type][] };
}

declare global {
  // oxlint-disable-next-line no-var -- the only way to declare what is global
  var idToken: string;
  // oxlint-disable-next-line no-var
  var attached: AttachedPage;
}

const RATE = 8000;

/** So much silence as a WAV: the least that a browser plays, seeks in, and comes to the end of. */
function silence(seconds: number): Blob {
  const length = RATE * seconds;
  const header = new DataView(new ArrayBuffer(44));
  const text = (at: number, word: string) =>
    new Uint8Array(header.buffer).set(new TextEncoder().encode(word), at);
  text(0, 'RIFF');
  header.setUint32(4, 36 + length, true);
  text(8, 'WAVEfmt ');
  header.setUint32(16, 16, true);
  header.setUint16(20, 1, true); // PCM
  header.setUint16(22, 1, true);
  header.setUint32(24, RATE, true);
  header.setUint32(28, RATE, true);
  header.setUint16(32, 1, true);
  header.setUint16(34, 8, true);
  text(36, 'data');
  header.setUint32(40, length, true);
  return new Blob([header, new Uint8Array(length).fill(128)], { type: 'audio/wav' });
}

/**
 * `?seconds=60`: how long the silence is. `autoplay`: the page plays it by itself, which a browser allows when it is
 * muted; `autoplay=loud`: but turns the sound on when it is held, which takes a gesture, and logs both
 * (whoever asked the page by a script would make one).
 */
const asked = new URLSearchParams(location.search);
const video = document.createElement('video');
video.controls = true;
video.autoplay = video.muted = asked.has('autoplay');
document.body.append(video);

const usher = createUsher({ configUrl: '/config.json', idToken: async () => globalThis.idToken });
usher.start();
const playback = usher.attach(video, { contentId: 'city-lights-tour', requires: ['free'] });
const told: AttachedPage['told'] = { change: [], refused: [], stopped: [] };
playback.on('change', (state) => told.change.push(state));
playback.on('refused', (refusal) => told.refused.push(refusal));
playback.on('stopped', (why) => told.stopped.push(why));
if (asked.get('autoplay') === 'loud') {
  video.addEventListener('pause', () => {
    video.muted = false;
    console.info('held');
  });
  playback.on('change', (state) => {
    if (state.kind === 'playing' && state.needsGesture) console.info('needs a gesture');
  });
}
globalThis.attached = { video, playback, told, isLive: () => usher.connection === 'live' };
video.src = URL.createObjectURL(silence(Number(asked.get('seconds') ?? 60)));
