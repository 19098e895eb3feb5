import { describe, expect, it } from 'vitest';
import { parseCheckoutMessage } from '../../shared/checkout-message.ts';
import { Malformed, Unavailable, UnknownProduct } from '../../shared/errors.ts';
import { catalogOf, product } from '../support/catalogs.ts';

const catalog = catalogOf([product()], { catalogVersion: '2026-11-22.2' });
const event = {
  id: 'evt_1',
  occurredAt: '2026-11-22T10:00:00.000Z',
  accountId: 'ada',
  purchaseId: 'sub_1',
  productId: 'premium',
  status: 'active',
  validFrom: '2026-11-22T10:00:00.000Z',
  validUntil: null,
};
const message = { kind: 'purchase', event, catalogVersion: '2026-11-22.2' };

const parse = (json: unknown) => parseCheckoutMessage(JSON.stringify(json), catalog);

describe('a message of the checkout queue', () => {
  it('asks to keep a purchase and to recompute its account', () => {
    expect(parse(message)).toMatchObject([{ accountId: 'ada', purchase: { purchaseId: 'sub_1' } }]);
  });

  it('may ask to recompute an account only', () => {
    expect(parse({ kind: 'recompute', accountId: 'ada' })).toEqual([{ accountId: 'ada' }]);
  });

  it.each([
    ['is no JSON', '{"kind":'],
    ['is empty', ''],
    ['is null', 'null'],
    ['is of a kind that nobody sends', '{"kind":"grant","accountId":"ada"}'],
    ['has no kind', '{"accountId":"ada"}'],
    ['asks to recompute nobody', '{"kind":"recompute"}'],
    ['asks to recompute what is no account', '{"kind":"recompute","accountId":"heartbeat"}'],
    ['has no event', '{"kind":"purchase","catalogVersion":"2026-11-22.2"}'],
    ['has an event that is none', '{"kind":"purchase","event":7,"catalogVersion":"2026-11-22.2"}'],
    ['does not say which catalogue it was checked against', JSON.stringify({ kind: 'purchase', event })],
  ])('is malformed when it %s', (_, body) => {
    expect(() => parseCheckoutMessage(body, catalog)).toThrow(Malformed);
  });

  it('names the field of the event that is wrong, for the reason in the dead-letter queue', () => {
    expect(() => parse({ ...message, event: { ...event, status: 'expired' } })).toThrow(/^status /);
  });
});

describe('a message about a product that this function does not know', () => {
  const later = { ...event, productId: 'gold' };

  it('waits when it was checked against a newer catalogue, as in the middle of a deployment', () => {
    expect(() => parse({ ...message, event: later, catalogVersion: '2026-11-22.10' })).toThrow(Unavailable);
  });

  it.each(['2026-11-22.2', '2026-11-21.9'])(
    'is put aside when the catalogue it was checked against is %s',
    (catalogVersion) => {
      expect(() => parse({ ...message, event: later, catalogVersion })).toThrow(UnknownProduct);
    },
  );

  it('does not wait for what no newer catalogue would mend', () => {
    const wrong = { ...later, status: 'expired' };
    expect(() => parse({ ...message, event: wrong, catalogVersion: '2027-01-01.1' })).toThrow(Malformed);
  });
});

describe('an event that was accepted', () => {
  it('is not refused by a clock that is behind the one that accepted it', () => {
    const ahead = { ...event, occurredAt: '2026-11-22T10:05:30.000Z' };
    const [order] = parse({ ...message, event: ahead });
    expect(order?.purchase?.reported.occurredAt).toBe(ahead.occurredAt);
  });
});
