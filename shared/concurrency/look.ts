import { decideAccess, type AccessDecision } from '../domain/access.ts';
import { compareCatalogVersions, type Catalog, type Content } from '../domain/catalog.ts';
import { foldAccess, type Snapshot } from '../domain/entitlements.ts';
import { Unavailable } from '../errors.ts';
import { slotOf, type Session, type Slot } from '../domain/sessions.ts';
import type { SessionWorld } from './world.ts';

/** What an account holds and who stands in its slots, at one moment. */
export interface View {
  readonly snapshot: Snapshot;
  readonly slots: readonly Slot[];
}

/**
 * One read of the cache. Without a snapshot there, or with one of an older catalogue, the table's: consistent, so a
 * limit that was lowered before the slots were read is seen.
 * @throws Outage, Unavailable, Throttled
 */
export async function look(
  { slots, snapshotOf, catalog }: Pick<SessionWorld, 'slots' | 'snapshotOf' | 'catalog'>,
  accountId: string,
): Promise<View> {
  const read = await slots.read(accountId);
  const { snapshot: cached } = read;
  const isCurrent = cached && compareCatalogVersions(cached.catalogVersion, catalog.catalogVersion) >= 0;
  return { snapshot: isCurrent ? cached : await snapshotOf(accountId), slots: read.slots.map(slotOf) };
}

/** How many streams at a time, now. */
export function limitOf({ entitlements }: Snapshot, nowMs: number): number {
  return foldAccess(entitlements, nowMs).maxStreams;
}

type Viewing = Pick<Session, 'contentId' | 'deviceType' | 'region'>;

/**
 * May this be watched there, now?
 * @throws Unavailable for content that this function does not know while a newer catalogue is in force
 */
export function mayWatch(
  catalog: Catalog,
  { entitlements, catalogVersion }: Snapshot,
  { contentId, deviceType, region }: Viewing,
  nowMs: number,
): AccessDecision {
  const content = contentOf(catalog, contentId);
  if (!content && compareCatalogVersions(catalogVersion, catalog.catalogVersion) > 0) {
    throw new Unavailable('a newer catalogue is in force');
  }
  return decideAccess(content, entitlements, {
    region: region ?? undefined,
    deviceType,
    nowMs,
  });
}

export function contentOf({ contents }: Pick<Catalog, 'contents'>, contentId: string): Content | undefined {
  return contents.find((content) => content.contentId === contentId);
}
