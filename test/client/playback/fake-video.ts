import type { Media } from '../../../client/src/playback/attach-video.ts';

/** A video as far as playing and pausing go, by the rules of HTML: state changes at once, events come a task later. */
export interface FakeVideo extends Media {
  /** What was done to it and what became of promises, in order. */
  readonly log: string[];
  /** What the viewer or the page does: the promise is theirs. */
  press(): Promise<void>;
  viewerPauses(): void;
  /** So much is loaded that it can go on. */
  load(): void;
  /** It stops in order to load more. */
  starve(): void;
  /** An event that says nothing about playing and pausing. */
  happen(type: string): void;
  reachEnd(): void;
  /** Another source: pauses without saying so. */
  replaceSource(): void;
  fail(): void;
  /** The browser refuses to play without a gesture from now on. */
  wantGesture(): void;
}

type Waiter = ReturnType<typeof Promise.withResolvers<void>>;

export function createVideo({ isLoaded = true } = {}): FakeVideo {
  const target = new EventTarget();
  const log: string[] = [];
  let paused = true;
  let readyState = isLoaded ? 4 : 0;
  let wantsGesture = false;
  let waiters: Waiter[] = [];

  const later = (act: () => void) => void setTimeout(act, 0);
  const happen = (type: string) => later(() => void target.dispatchEvent(new Event(type)));

  function take(): readonly Waiter[] {
    const taken = waiters;
    waiters = [];
    return taken;
  }

  function move(): void {
    const kept = take();
    later(() => {
      target.dispatchEvent(new Event('playing'));
      for (const { resolve } of kept) resolve();
    });
  }

  function breakPromises(): void {
    const broken = take();
    later(() => {
      for (const { reject } of broken) reject(new DOMException('interrupted', 'AbortError'));
    });
  }

  function play(isByHand: boolean): Promise<void> {
    if (wantsGesture && !isByHand) return Promise.reject(new DOMException('no gesture', 'NotAllowedError'));
    const waiter = Promise.withResolvers<void>();
    waiters.push(waiter);
    if (paused) {
      paused = false;
      happen('play');
      if (readyState >= 3) move();
      else happen('waiting');
    } else if (readyState >= 3) {
      for (const { resolve } of take()) resolve();
    }
    return waiter.promise;
  }

  function pause(): void {
    if (paused) return;
    paused = true;
    happen('pause');
    breakPromises();
  }

  return {
    log,
    get paused() {
      return paused;
    },
    get readyState() {
      return readyState;
    },
    addEventListener: (type, listener, options) => target.addEventListener(type, listener, options),
    play() {
      log.push('play');
      return play(false);
    },
    pause() {
      log.push('pause');
      pause();
    },
    press: () => play(true),
    viewerPauses: pause,
    load() {
      readyState = 4;
      if (!paused) move();
    },
    starve() {
      readyState = 2;
      happen('waiting');
    },
    happen,
    reachEnd() {
      pause();
      happen('ended');
    },
    replaceSource() {
      readyState = 0;
      paused = true;
      happen('emptied');
      breakPromises();
    },
    fail: () => happen('error'),
    wantGesture() {
      wantsGesture = true;
    },
  };
}
