import { fromMs, toMs } from '../domain/instants.ts';
import type { Purchase, Reported } from '../domain/purchases.ts';

/** Tells a promotion of support's from what the payment side sells; it comes before the promotion's id. */
const PREFIX = 'promotion-';

/** The purchase by which an account has the promotion. */
export function purchaseIdOf(promotionId: string): string {
  return PREFIX + promotionId;
}

/** Begins the ids of support's reports. */
const REPORTER = 'support-';

/** Of a report of support's. */
export function eventIdOf(unique: string): string {
  return REPORTER + unique;
}

/** False for a purchase of the payment side's that happens to be called like a promotion. */
export function isPromotion({ reported }: Pick<Purchase, 'reported'>): boolean {
  return reported.eventId.startsWith(REPORTER);
}

interface Moment {
  readonly nowMs: number;
  /** Of the report: like no other. */
  readonly eventId: string;
  /** The promotion as it is known so far. */
  readonly known: Purchase | undefined;
  /** Up to when the account is erased. */
  readonly erasedAtMs?: number | undefined;
}

/** What an account is given: a purchase like any other, but for who reports it. */
export function granted(
  gift: Pick<Purchase, 'accountId' | 'productId'> & {
    readonly promotionId: string;
    /** As it was before, else now. */
    readonly validFrom?: string | undefined;
    readonly validUntil: string;
  },
  moment: Moment,
): Purchase {
  const { promotionId, validFrom, ...rest } = gift;
  return {
    ...rest,
    purchaseId: purchaseIdOf(promotionId),
    status: 'active',
    validFrom: validFrom ?? moment.known?.validFrom ?? fromMs(moment.nowMs),
    notify: true,
    reported: reportAfter(moment),
  };
}

/** The same promotion, over now; one that had ended before has ended when it had. */
export function revoked(known: Purchase, moment: Omit<Moment, 'known'>): Purchase {
  const ended = known.validUntil !== null && toMs(known.validUntil) < moment.nowMs;
  return {
    ...known,
    status: 'cancelled',
    validUntil: ended ? known.validUntil : fromMs(moment.nowMs),
    notify: true,
    reported: reportAfter({ ...moment, known }),
  };
}

/** Wins over what is known, and is of after an erasure, though the clocks that said so may be ahead of this one. */
function reportAfter({ nowMs, eventId, known, erasedAtMs = 0 }: Moment): Reported {
  const knownMs = known ? toMs(known.reported.occurredAt) : 0;
  const occurredAtMs = Math.max(nowMs, knownMs, erasedAtMs + 1);
  return {
    eventId,
    occurredAt: fromMs(occurredAtMs),
    revision: known && occurredAtMs === knownMs ? known.reported.revision + 1 : 0,
  };
}
