import { fromMs, type Instant } from './instants.ts';

/** How much sooner than the others a player refreshes that plays what has changed: see docs/waves.md. */
export const WAVE_PRIORITIES = ['high', 'normal', 'low'] as const;
export type WavePriority = (typeof WAVE_PRIORITIES)[number];

export const WAVE_STATES = ['start', 'abort'] as const;
export type WaveState = (typeof WAVE_STATES)[number];

/** What players are asked to do: read again, spread over a while; or, of the same wave, not to any more. */
export interface Wave {
  /** Names the wave for its abort, and for players that hear it twice. Not used again for another. */
  readonly waveId: string;
  readonly state: WaveState;
  /** The catalogue to arrive at: who holds an answer of it, or of a newer one, has nothing to do. */
  readonly catalogVersion: string;
  /** The products that changed; none named = any may have. */
  readonly productIds: readonly string[];
  /** From hearing it to the last player's reading, in whole seconds; 0 = all at once. */
  readonly refreshWithinSeconds: number;
  readonly priority: WavePriority;
}

/** Tells every player of the stage, on the topic `catalog`: CloudEvents 1.0 JSON, at most 1 KB. */
export interface CatalogChanged {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: 'catalog.changed';
  readonly subject: 'catalog';
  readonly time: Instant;
  readonly datacontenttype: 'application/json';
  readonly data: Wave;
}

/** Momento bills each delivery by the KB, and this one is delivered to everyone. */
const LARGEST_BYTES = 1024;

/** Browsers and tokens forget in the course of a day; a longer window would reach hardly anyone who heard of it. */
export const LONGEST_WINDOW_SECONDS = 24 * 3600;

/**
 * The message that starts or aborts a wave. One that is sent again has the same id.
 * @throws RangeError saying what to do, for a window that is none and for more products than one message holds
 */
export function catalogChanged(wave: Wave, nowMs: number): CatalogChanged {
  const { waveId, state, refreshWithinSeconds } = wave;
  const whole = Number.isInteger(refreshWithinSeconds) && refreshWithinSeconds >= 0;
  if (!whole || refreshWithinSeconds > LONGEST_WINDOW_SECONDS) {
    throw new RangeError(`a wave takes 0 to ${LONGEST_WINDOW_SECONDS} whole seconds`);
  }
  const message: CatalogChanged = {
    specversion: '1.0',
    id: `${waveId}.${state}`,
    source: 'usher',
    type: 'catalog.changed',
    subject: 'catalog',
    time: fromMs(nowMs),
    datacontenttype: 'application/json',
    data: wave,
  };
  const bytes = new TextEncoder().encode(JSON.stringify(message)).length;
  if (bytes > LARGEST_BYTES) {
    const products = `${wave.productIds.length} products make a message of ${bytes} bytes`;
    throw new RangeError(`${products}, more than ${LARGEST_BYTES}: name none, which stands for all of them`);
  }
  return message;
}
