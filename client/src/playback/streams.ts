import type { Streams } from '../service/session-answers.ts';
import type { After } from '../timing/timers.ts';

interface World {
  readonly read: () => Promise<Streams>;
  readonly after: After;
  /** How long to wait after a failure; `undefined` when reading again is of no use. */
  readonly delayAfter: (error: unknown, failures: number) => number | undefined;
  /** Whether somebody looks at the page: nothing is read for nobody. */
  readonly isSeen: () => boolean;
}

export interface LiveStreams {
  /** Reads again now, if somebody looks: they are others. */
  refresh(): void;
  stop(): void;
}

/** Streams that start elsewhere, or end without a word, are found this soon. */
const READ_EVERY_MS = 15_000;

/** Follows which of the account's streams are live. One read at a time; what is shown stays until a newer answer. */
export function followStreams(world: World, onStreams: (streams: Streams) => void): LiveStreams {
  let isReading = false;
  let isStale = false;
  let failures = 0;
  let isStopped = false;
  let cancel = () => {};

  void read();
  return {
    refresh: () => void read(),
    stop() {
      isStopped = true;
      cancel();
    },
  };

  async function read(): Promise<void> {
    isStale = true;
    if (isReading || isStopped) return;
    cancel();
    if (!world.isSeen()) return void (cancel = world.after(READ_EVERY_MS, () => void read()));
    isReading = true;
    const nextMs = await readOnce();
    isReading = false;
    if (isStopped || nextMs === undefined) return;
    if (isStale) void read();
    else cancel = world.after(nextMs, () => void read());
  }

  /** Gives how long what was read is good for. */
  async function readOnce(): Promise<number | undefined> {
    isStale = false;
    try {
      const streams = await world.read();
      failures = 0;
      if (!isStopped) onStreams(streams);
      return READ_EVERY_MS;
    } catch (error) {
      isStale = false; // whatever it was told meanwhile, the next try finds out
      return world.delayAfter(error, failures++);
    }
  }
}
