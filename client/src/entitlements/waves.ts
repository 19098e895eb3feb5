import type { Wave } from '../../../shared/domain/catalog-messages.ts';
import type { After } from '../timing/timers.ts';
import { refreshDelayMs, type Hearer } from './deferral.ts';

interface World {
  readonly after: After;
  /** Evenly spread from 0 up to, but not, 1. */
  readonly random: () => number;
  /** The player as it is now. */
  readonly hearer: () => Hearer;
}

/** The waves that a player has heard of, each of which comes to its turn once. */
export interface Waves {
  hear(wave: Wave): void;
  /** The page is seen again: what has waited for that is due. */
  shown(): void;
  /** Whether a turn is still to come; reading before it would undo the spreading. */
  readonly arePending: boolean;
  stop(): void;
}

/** @param onTurn the player's turn has come: if the wave still concerns it, it reads */
export function createWaves({ after, random, hearer }: World, onTurn: (wave: Wave) => void): Waves {
  /** By its id, whatever has become of the wave: messages come twice, and a start may come after its abort. */
  const known = new Set<string>();
  const pending = new Map<string, () => void>();
  const untilShown = new Map<string, Wave>();

  return {
    hear(wave) {
      const { waveId, state } = wave;
      if (state === 'abort') {
        pending.get(waveId)?.();
        pending.delete(waveId);
        untilShown.delete(waveId);
      } else if (!known.has(waveId)) defer(wave);
      known.add(waveId);
    },
    shown() {
      for (const wave of untilShown.values()) onTurn(wave);
      untilShown.clear();
    },
    get arePending() {
      return pending.size + untilShown.size > 0;
    },
    stop() {
      for (const cancel of pending.values()) cancel();
      pending.clear();
      untilShown.clear();
    },
  };

  function defer(wave: Wave): void {
    const player = hearer();
    const delayMs = refreshDelayMs(wave, player, random);
    if (delayMs === undefined && player.hidden) return void untilShown.set(wave.waveId, wave);
    // Whose entitlements are not concerned reads the catalogue alone, which everyone would do at once.
    const turn = after(delayMs ?? wave.refreshWithinSeconds * 1000 * random(), () => {
      pending.delete(wave.waveId);
      onTurn(wave);
    });
    pending.set(wave.waveId, turn);
  }
}
