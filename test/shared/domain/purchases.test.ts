import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { basisOf, covers, endOf, heldUntil, latestOf, supersedes } from '../../../shared/domain/purchases.ts';
import { reports } from '../../support/arbitraries.ts';
import { product } from '../../support/catalogs.ts';
import { purchase } from '../../support/world.ts';

const report = { eventId: 'evt_5', occurredAt: '2026-11-22T10:00:00.000Z', revision: 5 };

describe('of two reports of a purchase', () => {
  it.each([
    ['the one that happened later', { occurredAt: '2026-11-22T10:00:00.001Z', revision: 0, eventId: 'a' }],
    ['of one moment, the higher revision', { revision: 6, eventId: 'a' }],
    ['of one moment and revision, the greater event id', { eventId: 'evt_6' }],
  ])('%s wins', (_, changes) => {
    expect(supersedes({ ...report, ...changes }, report)).toBe(true);
    expect(supersedes(report, { ...report, ...changes })).toBe(false);
  });

  it('neither wins over itself, so a repeated event has no effect', () => {
    expect(supersedes(report, { ...report })).toBe(false);
  });

  it('compares moments and not their texts', () => {
    const later = { ...report, occurredAt: '2026-11-22T19:00:01.000+09:00' };
    const same = { ...report, occurredAt: '2026-11-22T19:00:00.000+09:00' };
    expect(supersedes(later, report)).toBe(true);
    expect(supersedes(same, report)).toBe(false);
    expect(supersedes(report, same)).toBe(false);
  });

  it('exactly one wins, whichever two they are, and winning is transitive', () => {
    fc.assert(
      fc.property(reports, reports, reports, (a, b, c) => {
        const alike = a.eventId === b.eventId && a.occurredAt === b.occurredAt && a.revision === b.revision;
        const winners = Number(supersedes(a, b)) + Number(supersedes(b, a));
        expect(winners).toBe(alike ? 0 : 1);
        const chained = supersedes(a, b) && supersedes(b, c);
        expect(chained && !supersedes(a, c)).toBe(false);
      }),
    );
  });
});

describe('a purchase is held', () => {
  const until = '2026-12-01T00:00:00.000Z';
  const aDayLater = '2026-12-02T00:00:00.000Z';
  const graceful = product({ graceSeconds: 86_400 });
  const rental = product({ productType: 'rental', durationHours: 48 });

  it.each([
    ['for its grace beyond its end while active', 'active', graceful, until, aDayLater],
    ['until its end once cancelled, without grace', 'cancelled', graceful, until, until],
    ['not at all while paused', 'paused', graceful, until, undefined],
    ['not at all once refunded', 'refunded', graceful, until, undefined],
    ['for ever when active without an end', 'active', graceful, null, null],
    ['not at all while paused without an end', 'paused', graceful, null, undefined],
    ['not at all once refunded without an end', 'refunded', graceful, null, undefined],
    ['until its end exactly where the product has no grace', 'active', product(), until, until],
    ['as long as its product lasts when it names no end', 'active', rental, null, '2026-11-24T09:00:00.000Z'],
    ['until the end it names, whatever its product lasts', 'active', rental, until, until],
    [
      'as long as its product lasts also when cancelled',
      'cancelled',
      rental,
      null,
      '2026-11-24T09:00:00.000Z',
    ],
  ] as const)('%s', (_, status, sold, validUntil, expected) => {
    expect(heldUntil(purchase({ status, validUntil }), sold)).toBe(expected);
  });

  it('states its own end without the grace', () => {
    expect(endOf(purchase({ validUntil: until }), graceful)).toBe(until);
  });

  it('until an instant that can be written, also when the store says "for ever" as the year 9999', () => {
    const forEver = purchase({ validUntil: '9999-12-31T23:59:59.999Z' });
    expect(heldUntil(forEver, graceful)).toBe('9999-12-31T23:59:59.999Z');
  });
});

describe('of many reports', () => {
  const purchases = fc.array(
    fc.record({ purchaseId: fc.constantFrom('sub_1', 'sub_2', 'sub_3'), reported: reports }).map(purchase),
    { maxLength: 8 },
  );

  it('the latest of each purchase counts, in any order', () => {
    fc.assert(
      fc.property(purchases, (all) => {
        const latest = latestOf(all);
        expect(new Set(latest.map(({ purchaseId }) => purchaseId)).size).toBe(latest.length);
        for (const { purchaseId, reported } of all) {
          const counted = latest.find((each) => each.purchaseId === purchaseId)!;
          expect(supersedes(reported, counted.reported)).toBe(false);
        }
      }),
    );
  });

  it('an answer is covered by what it rests on and by later reports, not without one or with an earlier', () => {
    const [one, two] = [purchase(), purchase({ purchaseId: 'sub_2' })];
    const later = purchase({ reported: { ...one.reported, revision: 1 } });
    expect(covers([one, two], basisOf([one]))).toBe(true);
    expect(covers([later], basisOf([one]))).toBe(true);
    expect(covers([one], basisOf([later]))).toBe(false);
    expect(covers([two], basisOf([one]))).toBe(false);
    expect(covers([], basisOf([]))).toBe(true);
    const oddlyNamed = purchase({ purchaseId: 'constructor' });
    expect(covers([oddlyNamed], basisOf([oddlyNamed]))).toBe(true);
    expect(covers([one], basisOf([one, oddlyNamed]))).toBe(false);
  });
});
