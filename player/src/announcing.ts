import type { Catalog, Snapshot } from '../../client/src/index.ts';
import { catalogueNoticeOf, noticesOf } from './notices.ts';
import type { AwaitedPurchase } from './purchases.ts';
import type { Outlook } from './titles.ts';
import { toast } from './toasts.ts';
import { countOf } from './words.ts';

/** An answer, and when it was shown first: the service's time. */
export interface Shown {
  readonly snapshot: Snapshot;
  readonly atMs: number;
}

/** A purchase that has just reached the screen. */
interface Arrival {
  readonly text: string;
  /** From pressing Pay. */
  readonly ms: number;
}

/**
 * Says what has changed, one message each; of a purchase that was made here also how long it took.
 * @param arrived the purchases that were awaited here and have come with this change
 */
export function announceChanges(
  before: Outlook,
  now: Outlook,
  arrived: ReadonlyMap<string, AwaitedPurchase> = new Map(),
): readonly Arrival[] {
  return noticesOf(before, now).flatMap(({ entitlementId, text }) => {
    const purchase = arrived.get(entitlementId);
    const ms = purchase && Math.round(performance.now() - purchase.pressedAtMs);
    toast({
      text,
      detail: ms === undefined ? undefined : `${ms} ms from Pay to screen`,
      tone: ms === undefined ? 'plain' : 'good',
    });
    return ms === undefined ? [] : [{ text, ms }];
  });
}

/** Says that the catalogue is about to change for everyone, within so many seconds, or that it is not. */
export function announceWave(wave: number | 'called-off'): void {
  if (wave === 'called-off') return toast({ text: 'The catalogue is not refreshed after all' });
  toast({
    text: 'The catalogue is about to be refreshed',
    detail: wave === 0 ? 'At once.' : `Within ${inWords(wave)}: not every player asks in the same second.`,
  });
}

/** Says what has become of the titles. */
export function announceCatalogue(before: Catalog, now: Catalog): void {
  toast({ text: 'The catalogue is refreshed', detail: catalogueNoticeOf(before, now) });
}

function inWords(seconds: number): string {
  return seconds < 120 ? countOf(seconds, 'second') : countOf(Math.ceil(seconds / 60), 'minute');
}
