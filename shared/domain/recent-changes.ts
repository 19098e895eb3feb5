import type { Purchase } from './purchases.ts';

/** What moved an account's version, for whoever is asked about it later. */
export interface RecentChange {
  readonly version: number;
  readonly atMs: number;
  /** The id of the event that did it, `evt_1+2` when two more came with it, or one of {@link BY_ITSELF}. */
  readonly cause: string;
}

/** No event's ids: those begin with a letter or a digit. */
export const BY_ITSELF = { time: '@time', catalog: '@catalog', erasure: '@erased' } as const;

/** They lie in the account's own item, which is written with each of them: some 500 bytes at most as ids go. */
const KEPT = 10;

/** The last changes with one more, the oldest first. */
export function withChange(recent: readonly RecentChange[], change: RecentChange): readonly RecentChange[] {
  return [...recent, change].slice(-KEPT);
}

/** Why an account's version moved: by what was reported, or else by a new catalogue, or by time alone. */
export function causeOf(
  reported: readonly Purchase[],
  { newCatalog }: { readonly newCatalog: boolean },
): string {
  const [first, ...others] = reported;
  if (!first) return newCatalog ? BY_ITSELF.catalog : BY_ITSELF.time;
  return others.length === 0 ? first.reported.eventId : `${first.reported.eventId}+${others.length}`;
}
