import { compareCatalogVersions, type Catalog } from './catalog.ts';
import {
  endMs,
  entitlementsOf,
  foldAccess,
  isHeld,
  nextChangeAt,
  type Entitlement,
  type Snapshot,
} from './entitlements.ts';
import { fromMs, toMs } from './instants.ts';
import type { Purchase } from './purchases.ts';

/** One entitlement that is no longer what it was; `entitlement` is absent when it is gone. */
export interface Change {
  readonly type: 'created' | 'updated' | 'deleted';
  readonly entitlementId: string;
  readonly entitlement?: Entitlement;
}

/** What an account holds before anything of it is stored: the free products, at version 0. */
export function firstSnapshot(accountId: string, catalog: Catalog, nowMs: number): Snapshot {
  return compute(
    { accountId, epoch: '0', version: 0 },
    entitlementsOf(accountId, [], catalog, nowMs),
    catalog,
    nowMs,
  );
}

/**
 * The account's answer as its purchases, the catalogue and the clock have it now, and how it differs from
 * the previous one. Every changed entitlement takes one version. Nothing changed: the previous version.
 */
export function nextSnapshot(
  previous: Snapshot,
  purchases: readonly Purchase[],
  catalog: Catalog,
  nowMs: number,
): { readonly snapshot: Snapshot; readonly changes: readonly Change[] } {
  const entitlements = entitlementsOf(previous.accountId, purchases, catalog, nowMs);
  const changes = changesBetween(previous.entitlements, entitlements);
  const { accountId, epoch, version } = previous;
  const snapshot = compute(
    { accountId, epoch, version: version + changes.length },
    entitlements,
    catalog,
    nowMs,
  );
  return { snapshot, changes };
}

function compute(
  identity: Pick<Snapshot, 'accountId' | 'epoch' | 'version'>,
  entitlements: readonly Entitlement[],
  { catalogVersion }: Catalog,
  nowMs: number,
): Snapshot {
  return {
    ...identity,
    catalogVersion,
    asOf: fromMs(nowMs),
    nextChangeAt: nextChangeAt(entitlements, nowMs),
    entitlements,
    access: foldAccess(entitlements, nowMs),
  };
}

/** How `after` differs from `before`, in the order of the entitlements' ids. */
export function changesBetween(
  before: readonly Entitlement[],
  after: readonly Entitlement[],
): readonly Change[] {
  const old = new Map(before.map((entitlement) => [entitlement.entitlementId, entitlement]));
  const kept = new Set(after.map(({ entitlementId }) => entitlementId));
  const gone = before.filter(({ entitlementId }) => !kept.has(entitlementId));
  const changes: Change[] = gone.map(({ entitlementId }) => ({ type: 'deleted', entitlementId }));
  for (const entitlement of after) {
    const { entitlementId } = entitlement;
    const was = old.get(entitlementId);
    if (!was) changes.push({ type: 'created', entitlementId, entitlement });
    else if (canonical(was) !== canonical(entitlement))
      changes.push({ type: 'updated', entitlementId, entitlement });
  }
  return changes.toSorted((a, b) => (a.entitlementId < b.entitlementId ? -1 : 1));
}

/** The same text for the same content, whatever the order of the keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** The same entitlements as time has them now, without purchases or catalogue; the version stays. */
export function refolded(snapshot: Snapshot, nowMs: number): Snapshot {
  const entitlements = snapshot.entitlements.map((entitlement) => ({
    ...entitlement,
    held: isHeld(entitlement, nowMs),
  }));
  return {
    ...snapshot,
    asOf: fromMs(nowMs),
    nextChangeAt: nextChangeAt(entitlements, nowMs),
    entitlements,
    access: foldAccess(entitlements, nowMs),
  };
}

/** Negative, zero or positive as `a` is older than, as new as, or newer than `b`. */
export function compareSnapshots(
  a: Pick<Snapshot, 'epoch' | 'version' | 'catalogVersion'>,
  b: Pick<Snapshot, 'epoch' | 'version' | 'catalogVersion'>,
): number {
  return (
    Number(a.epoch) - Number(b.epoch) ||
    a.version - b.version ||
    compareCatalogVersions(a.catalogVersion, b.catalogVersion)
  );
}

/** True when a boundary in time has passed since it was computed: its `access` no longer holds. */
export function isOverdue({ nextChangeAt: next }: Pick<Snapshot, 'nextChangeAt'>, nowMs: number): boolean {
  return next !== null && toMs(next) <= nowMs;
}

/** Whether anything that could be watched before may not be watched any more, or not as long, or on fewer screens. */
export function takesAway(before: Snapshot, after: Snapshot): boolean {
  if (after.catalogVersion !== before.catalogVersion) return true; // contents have limits of their own
  if (after.access.maxStreams < before.access.maxStreams) return true;
  const left = new Map(after.entitlements.map((entitlement) => [entitlement.entitlementId, entitlement]));
  return before.entitlements.some((was) => {
    const now = left.get(was.entitlementId);
    return was.held && !(now?.held && opens(now) === opens(was) && endMs(now) >= endMs(was));
  });
}

/** What an entitlement opens, and where. */
function opens({ grants, regions, deviceTypes }: Entitlement): string {
  return JSON.stringify([grants, regions, deviceTypes]);
}
