import { productOf, type Catalog } from '../../shared/domain/catalog.ts';
import { isHeld, type Entitlement } from '../../shared/domain/entitlements.ts';
import { openTitles, type Outlook } from './titles.ts';
import { countOf, dayOf } from './words.ts';

/** One change, in words. */
export interface Notice {
  /** The purchase that it is about. */
  readonly entitlementId: string;
  readonly text: string;
}

/**
 * What changed for the viewer from one outlook to a later one: what came, what went, what was cancelled or goes on.
 * Each outlook is taken at its own moment, so that an end by the clock alone is a change, too.
 */
export function noticesOf(before: Outlook, after: Outlook): readonly Notice[] {
  const was = byId(before.entitlements);
  const is = byId(after.entitlements);
  const effect = effectOf(openTitles(before), openTitles(after));

  return [...new Set([...was.keys(), ...is.keys()])].flatMap((entitlementId) => {
    const old = was.get(entitlementId);
    const current = is.get(entitlementId);
    const { productId } = (current ?? old)!;
    const title = productOf(after.catalog, productId)?.title ?? productId;
    const heldBefore = old !== undefined && isHeld(old, before.circumstances.nowMs);
    const heldNow = current !== undefined && isHeld(current, after.circumstances.nowMs);
    if (!heldBefore && heldNow) return [{ entitlementId, text: `${title} is yours: ${effect}` }];
    if (heldBefore && !heldNow) return [{ entitlementId, text: `${title} has ended: ${effect}` }];
    const renewal = old && current && heldNow ? renewalIn(title, old, current) : undefined;
    return renewal === undefined ? [] : [{ entitlementId, text: renewal }];
  });
}

/** What another catalogue means for the titles, in words. */
export function catalogueNoticeOf(before: Catalog, after: Catalog): string {
  const was = new Map(before.contents.map((content) => [content.contentId, JSON.stringify(content)]));
  const is = new Map(after.contents.map((content) => [content.contentId, JSON.stringify(content)]));
  const added = [...is.keys()].filter((id) => !was.has(id)).length;
  const gone = [...was.keys()].filter((id) => !is.has(id)).length;
  const changed = [...is].filter(([id, text]) => was.has(id) && was.get(id) !== text).length;
  const parts = [
    ...(added > 0 ? [`${countOf(added, 'title')} added`] : []),
    ...(changed > 0 ? [`${countOf(changed, 'title')} changed`] : []),
    ...(gone > 0 ? [`${countOf(gone, 'title')} gone`] : []),
  ];
  return parts.length > 0 ? parts.join(', ') : 'The titles are the same.';
}

function renewalIn(title: string, old: Entitlement, current: Entitlement): string | undefined {
  const until = current.validUntil === null ? undefined : dayOf(current.validUntil);
  if (current.status === 'cancelled' && old.status !== 'cancelled') {
    return until === undefined ? `${title} is cancelled` : `${title} is cancelled: yours until ${until}`;
  }
  if (current.status === 'active' && old.status === 'cancelled') return `${title} goes on`;
  if (current.validUntil === old.validUntil) return undefined;
  return until === undefined ? `${title} is yours for good` : `${title} is yours until ${until}`;
}

function effectOf(before: ReadonlySet<string>, after: ReadonlySet<string>): string {
  const opened = [...after].filter((title) => !before.has(title)).length;
  const closed = [...before].filter((title) => !after.has(title)).length;
  const parts = [
    ...(opened > 0 ? [`${countOf(opened, 'title')} unlocked`] : []),
    ...(closed > 0 ? [`${countOf(closed, 'title')} locked`] : []),
  ];
  return parts.length > 0 ? parts.join(', ') : 'no title changes here';
}

function byId(entitlements: readonly Entitlement[]): ReadonlyMap<string, Entitlement> {
  return new Map(entitlements.map((entitlement) => [entitlement.entitlementId, entitlement]));
}
