import { describe, expect, it } from 'vitest';
import { parseCheckoutEvent, requireNotAhead } from '../../shared/checkout-event.ts';
import type { Purchase } from '../../shared/domain/purchases.ts';
import { Malformed, UnknownProduct } from '../../shared/errors.ts';
import { catalogOf, product } from '../support/catalogs.ts';

const nowMs = Date.parse('2026-11-22T10:00:00.000Z');
const catalog = catalogOf([product(), product({ productId: 'basic', productType: 'free' })]);
const event = {
  id: 'evt_1',
  occurredAt: '2026-11-22T10:00:00.000Z',
  revision: 3,
  accountId: 'ada',
  purchaseId: 'sub_1',
  productId: 'premium',
  status: 'active',
  validFrom: '2026-11-22T10:00:00.000Z',
  validUntil: '2026-12-22T10:00:00.000Z',
  notify: false,
};

function parse(json: unknown): Purchase {
  const purchase = parseCheckoutEvent(json, catalog);
  requireNotAhead(purchase, nowMs);
  return purchase;
}

function refusalOf(json: unknown): unknown {
  try {
    parse(json);
  } catch (error) {
    return error;
  }
  throw new Error('the event was accepted');
}

describe('a checkout event', () => {
  it('is read as the whole state of one purchase', () => {
    expect(parse(event)).toEqual({
      accountId: 'ada',
      purchaseId: 'sub_1',
      productId: 'premium',
      status: 'active',
      validFrom: '2026-11-22T10:00:00.000Z',
      validUntil: '2026-12-22T10:00:00.000Z',
      notify: false,
      reported: { eventId: 'evt_1', occurredAt: '2026-11-22T10:00:00.000Z', revision: 3 },
    });
  });

  it('may leave out its revision and whether to announce it', () => {
    const { revision: _revision, notify: _notify, ...rest } = event;
    expect(parse(rest)).toMatchObject({ notify: true, reported: { revision: 0 } });
  });

  it('may end never', () => {
    expect(parse({ ...event, validUntil: null }).validUntil).toBeNull();
  });

  it('may end as it starts', () => {
    expect(parse({ ...event, validUntil: event.validFrom }).validUntil).toBe(event.validFrom);
  });

  it('has its instants in UTC with milliseconds, whatever zone they came in', () => {
    const zoned = { ...event, occurredAt: '2026-11-22T19:00:00+09:00', validUntil: '2026-12-22T10:00:00Z' };
    expect(parse(zoned)).toMatchObject({
      validUntil: '2026-12-22T10:00:00.000Z',
      reported: { occurredAt: '2026-11-22T10:00:00.000Z' },
    });
  });

  it('keeps none of the fields that it does not know', () => {
    const text = JSON.stringify({ ...event, coupon: 'X' }).replace('{', '{"__proto__":{"notify":true},');
    const parsed = parse(JSON.parse(text));
    expect(parsed).toEqual(parse(event));
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
  });

  it('may give up, before it begins, what would have begun later', () => {
    const preOrder = {
      ...event,
      validFrom: '2027-01-01T00:00:00.000Z',
      validUntil: '2026-11-22T10:00:00.000Z',
    };
    expect(refusalOf(preOrder)).toMatchObject({ field: 'validUntil' });
    for (const status of ['refunded', 'cancelled', 'paused']) {
      expect(parse({ ...preOrder, status })).toMatchObject({ status });
    }
  });

  it('may be 5 minutes ahead of our clock and not a millisecond more', () => {
    expect(parse({ ...event, occurredAt: '2026-11-22T10:05:00.000Z' }).reported.occurredAt).toBe(
      '2026-11-22T10:05:00.000Z',
    );
    expect(refusalOf({ ...event, occurredAt: '2026-11-22T10:05:00.001Z' })).toMatchObject({
      field: 'occurredAt',
    });
  });
});

describe('an event is malformed, and the refusal names the field,', () => {
  it.each<[string, unknown]>([
    ['id', ''],
    ['id', 'evt 1'],
    ['id', 'x'.repeat(65)],
    ['id', 7],
    ['id', undefined],
    ['occurredAt', 'yesterday'],
    ['occurredAt', '2026-11-22'],
    ['occurredAt', '2026-11-22T10:00:00'],
    ['occurredAt', '2026-02-30T10:00:00Z'],
    ['occurredAt', nowMs],
    ['occurredAt', undefined],
    ['revision', -1],
    ['revision', 1.5],
    ['revision', '3'],
    ['revision', null],
    ['revision', 1e21],
    ['revision', Number.MAX_SAFE_INTEGER + 1],
    ['accountId', 'heartbeat'],
    ['accountId', 'catalog'],
    ['accountId', 'ada:slot:1'],
    ['accountId', ''],
    ['accountId', ['ada']],
    ['accountId', undefined],
    ['purchaseId', 'free:basic'],
    ['purchaseId', undefined],
    ['productId', 'pre mium'],
    ['productId', '__proto__'],
    ['productId', undefined],
    ['status', 'Active'],
    ['status', 'expired'],
    ['status', undefined],
    ['validFrom', null],
    ['validFrom', undefined],
    ['validUntil', ''],
    ['validUntil', 'null'],
    ['validUntil', undefined],
    ['validUntil', '2026-11-22T09:59:59.999Z'],
    ['notify', 'false'],
    ['notify', 0],
    ['notify', null],
  ])('when %s is %j', (field, value) => {
    const refusal = refusalOf({ ...event, [field]: value });
    expect(refusal).toBeInstanceOf(Malformed);
    expect(refusal).toMatchObject({ field });
  });

  it('when a cancelled purchase does not say until when it lasts', () => {
    expect(refusalOf({ ...event, status: 'cancelled', validUntil: null })).toMatchObject({
      field: 'validUntil',
    });
  });

  it.each([null, [], 'event', 7, true, [event]])('but none when it is no event at all: %j', (json) => {
    const refusal = refusalOf(json);
    expect(refusal).toBeInstanceOf(Malformed);
    expect(refusal).toMatchObject({ field: undefined });
  });

  it('and does not quote what was sent', () => {
    const secret = 'very-secret value';
    for (const field of Object.keys(event)) {
      expect(String(refusalOf({ ...event, [field]: secret }))).not.toContain(secret);
    }
  });
});

describe('an event is of an unknown product', () => {
  it.each([
    ['when the catalogue does not list it', 'gold'],
    ['when its name is one that every object has', 'constructor'],
    ['when nobody has to buy it', 'basic'],
  ])('%s', (_, productId) => {
    expect(refusalOf({ ...event, productId })).toBeInstanceOf(UnknownProduct);
  });
});
