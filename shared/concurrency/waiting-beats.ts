import type { Interval } from '../domain/heartbeat-intervals.ts';
import type { HeartbeatTracker } from '../ports.ts';

/** Heartbeats of one device in one interval. */
export interface Beats {
  readonly accountId: string;
  readonly interval: Interval;
  readonly deviceId: string;
  readonly beats: number;
  /** When the first of them arrived. */
  readonly sinceMs: number;
}

/** About a megabyte. At 1,000 devices a second it lasts for five seconds without Momento. */
const MOST_DEVICES = 5000;

/** No household has so many screens: what is more is noise, and must not crowd out the other accounts. */
const MOST_DEVICES_OF_ACCOUNT = 64;

/** Increments under way at once. */
const PARALLEL = 32;

interface World {
  readonly tracker: Pick<HeartbeatTracker, 'count'>;
  readonly now: () => number;
  readonly onCounted: (counted: Beats) => void;
  /** There is no room for these. */
  readonly onDropped: (beats: number) => void;
  readonly onFailed: (reason: unknown) => void;
}

/** Heartbeats that are not in the tracker yet, summed so that a device costs one increment however often it beat. */
export interface WaitingBeats {
  add(beats: Beats): void;
  /**
   * Counts what waits now, at most until then. What fails waits for the next time, and so does the rest after some
   * failures: an outage costs one time-out then, not one for each device.
   */
  flush(untilMs: number): Promise<void>;
  /** Drops what still waits. */
  drop(): void;
}

export function waitingBeats({ tracker, now, onCounted, onDropped, onFailed }: World): WaitingBeats {
  const waiting = new Map<string, Beats>();
  const devices = new Map<string, number>();

  function take(key: string): Beats | undefined {
    const beats = waiting.get(key);
    if (!beats) return undefined;
    waiting.delete(key);
    const left = (devices.get(beats.accountId) ?? 0) - 1;
    if (left > 0) devices.set(beats.accountId, left);
    else devices.delete(beats.accountId);
    return beats;
  }

  function add(more: Beats): void {
    const { accountId, interval, deviceId, beats, sinceMs } = more;
    const key = `${accountId} ${interval.marker} ${deviceId}`; // no id holds a space
    const known = waiting.get(key);
    const ofAccount = devices.get(accountId) ?? 0;
    if (known) {
      waiting.set(key, { ...more, beats: known.beats + beats, sinceMs: Math.min(known.sinceMs, sinceMs) });
    } else if (waiting.size < MOST_DEVICES && ofAccount < MOST_DEVICES_OF_ACCOUNT) {
      waiting.set(key, more);
      devices.set(accountId, ofAccount + 1);
    } else {
      onDropped(beats);
    }
  }

  async function count(beats: Beats): Promise<boolean> {
    try {
      await tracker.count(beats.accountId, beats.interval, beats.deviceId, beats.beats);
      onCounted(beats);
      return true;
    } catch (reason) {
      onFailed(reason);
      add(beats);
      return false;
    }
  }

  return {
    add,

    async flush(untilMs) {
      const keys = [...waiting.keys()];
      let next = 0;
      /** Each of these ends with its first failure. */
      async function worker(): Promise<void> {
        while (next < keys.length && now() < untilMs) {
          const beats = take(keys[next++]!);
          if (beats && !(await count(beats))) return;
        }
      }
      await Promise.all(Array.from({ length: Math.min(PARALLEL, keys.length) }, worker));
    },

    drop() {
      for (const { beats } of waiting.values()) onDropped(beats);
      waiting.clear();
      devices.clear();
    },
  };
}
