import type { Catalog } from './catalog.ts';
import type { Snapshot } from './entitlements.ts';
import { toMs } from './instants.ts';
import type { Basis, Purchase } from './purchases.ts';
import { nextSnapshot } from './snapshots.ts';

/*
 * An erased account is one whose purchases never were. What stays of it is its id, and the version that its players
 * have to see passed: an account that began again at 0 would be taken for an old answer by whoever remembers it. Its
 * moment stays too, so that a report that comes late brings nothing back (docs/decisions/0016-support-changes-accounts-by-the-same-path.md).
 */

/** True for a report of before the account was erased, whenever it comes. */
export function isErased({ reported }: Pick<Purchase, 'reported'>, erasedAtMs: number | undefined): boolean {
  return erasedAtMs !== undefined && toMs(reported.occurredAt) <= erasedAtMs;
}

/** The moment that makes everything known so far a thing of before; senders' clocks may be ahead of ours. */
export function erasureMoment(
  { basis, erasedAtMs = 0 }: { readonly basis: Basis; readonly erasedAtMs?: number | undefined },
  nowMs: number,
): number {
  return Math.max(nowMs, erasedAtMs, ...Object.values(basis).map(({ occurredAt }) => toMs(occurredAt)));
}

/** What the account holds from then on: what everyone does, under a version of its own even if it held no more before. */
export function erasedSnapshot(previous: Snapshot, catalog: Catalog, nowMs: number): Snapshot {
  const { snapshot } = nextSnapshot(previous, [], catalog, nowMs);
  return { ...snapshot, version: Math.max(snapshot.version, previous.version + 1) };
}
