import { compareCatalogVersions } from '../../../shared/domain/catalog.ts';
import type { Wave, WavePriority } from '../../../shared/domain/catalog-messages.ts';

/** What of a player decides whether, and when, it follows a wave. */
export interface Hearer {
  /** Of the snapshot it holds; `undefined` while it holds none, and is about to read anyway. */
  readonly catalogVersion: string | undefined;
  /** The products of the entitlements it holds, ended ones included. */
  readonly productIds: readonly string[];
  /** Those of them that what plays now rests on; all of them if that is not known, none while nothing plays. */
  readonly playingProductIds: readonly string[];
  /** Whether nobody sees it: the tab is hidden. */
  readonly hidden: boolean;
}

/**
 * How a window is divided: players that play what has changed are spread over its first part, the others over all of
 * it, with only so much of them in the first part that it does not fill up.
 */
interface Division {
  /** The first part, as a share of the window. */
  readonly early: number;
  /** The share of the other players that fall into it. */
  readonly othersInEarly: number;
}

/**
 * Chosen so that no part of the window is used more than 1.2 times as much as by an even spread, however many play
 * up to a bound: 25 % at `normal`, 12 % at `high`, all at `low`. What is left up to 1.5 times is for chance: of
 * 100,000 players in 300 s, 400 a second are expected then, and 500 are five standard deviations away. `normal` is
 * exactly even when one in six plays.
 */
const DIVISIONS: Readonly<Record<WavePriority, Division>> = {
  high: { early: 1 / 10, othersInEarly: 0 },
  normal: { early: 1 / 3, othersInEarly: 1 / 5 },
  low: { early: 1, othersInEarly: 1 },
};

/** Whether this wave asks anything of the player: it is not as new as that yet, and it holds what has changed. */
export function isAffected(
  { state, catalogVersion, productIds }: Wave,
  player: Pick<Hearer, 'catalogVersion' | 'productIds'>,
): boolean {
  if (state === 'abort' || player.catalogVersion === undefined) return false;
  if (compareCatalogVersions(player.catalogVersion, catalogVersion) >= 0) return false;
  return productIds.length === 0 || meet(productIds, player.productIds);
}

/**
 * How long after hearing of a wave a player reads again, in ms; drawn once per wave. `undefined`: not because of this
 * wave. Either it does not concern the player, or nobody sees it and nothing plays: then it reads when it is shown, as
 * it does in any case. When the time has come, ask `isAffected` again: a read may have happened meanwhile.
 * @param random evenly spread from 0 up to, but not, 1
 */
export function refreshDelayMs(wave: Wave, player: Hearer, random: () => number): number | undefined {
  if (!isAffected(wave, player)) return undefined;
  const plays =
    player.playingProductIds.length > 0 &&
    (wave.productIds.length === 0 || meet(wave.productIds, player.playingProductIds));
  if (player.hidden && !plays) return undefined;
  const windowMs = wave.refreshWithinSeconds * 1000;
  return windowMs * shareOfWindow(DIVISIONS[wave.priority], plays, random());
}

/** Where in the window, from 0 to 1, for a draw from 0 to 1. */
function shareOfWindow({ early, othersInEarly }: Division, plays: boolean, drawn: number): number {
  if (plays) return early * drawn;
  if (drawn < othersInEarly) return (early * drawn) / othersInEarly;
  return early + ((1 - early) * (drawn - othersInEarly)) / (1 - othersInEarly);
}

function meet(some: readonly string[], others: readonly string[]): boolean {
  return some.some((one) => others.includes(one));
}
