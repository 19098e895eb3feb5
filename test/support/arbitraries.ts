import fc from 'fast-check';
import { fromMs } from '../../shared/domain/instants.ts';
import { PURCHASE_STATUSES, type Purchase, type Reported } from '../../shared/domain/purchases.ts';

/** Purchases begin and end within these few days, so that their boundaries often fall together. */
const FIRST_DAY_MS = Date.parse('2026-11-20T00:00:00.000Z');
const DAY_MS = 24 * 3_600_000;
const DAYS = 6;

/** Some moment in which something may be about to begin or end. */
export const moments = fc.integer({ min: 0, max: 4 * DAYS }).map((n) => FIRST_DAY_MS + (n * DAY_MS) / 4);

const instants = moments.map(fromMs);

/** Few values, so that two reports often share a part. */
export const reports: fc.Arbitrary<Reported> = fc.record({
  eventId: fc.constantFrom('evt_1', 'evt_2', 'evt_10'),
  occurredAt: fc.constantFrom(
    '2026-11-22T10:00:00.000Z',
    '2026-11-22T10:00:00.001Z',
    '2026-11-22T09:00:00.000Z',
  ),
  revision: fc.integer({ min: 0, max: 2 }),
});

/** What one account may have bought: every purchase once. */
export const boughtBy = (accountId: string): fc.Arbitrary<readonly Purchase[]> =>
  fc.uniqueArray(
    fc.record({
      accountId: fc.constant(accountId),
      purchaseId: fc.integer({ min: 1, max: 30 }).map((n) => `p_${n}`),
      productId: fc.constantFrom('premium', 'sports', 'nightfall-48h', 'summer-pass', 'of-a-later-catalogue'),
      status: fc.constantFrom(...PURCHASE_STATUSES),
      validFrom: instants,
      validUntil: fc.option(instants),
      notify: fc.boolean(),
      reported: reports,
    }),
    { selector: ({ purchaseId }) => purchaseId, maxLength: 24 },
  );
