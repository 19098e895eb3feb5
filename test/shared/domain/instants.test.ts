import { describe, expect, it } from 'vitest';
import { fromMs, isInstant, toMs } from '../../../shared/domain/instants.ts';

describe('an instant', () => {
  it.each([
    '2026-11-22T10:00:00.000Z',
    '2026-11-22T10:00:00Z',
    '2026-11-22T10:00:00.5Z',
    '2026-11-22T19:00:00+09:00',
    '2028-02-29T00:00:00Z',
    '2026-03-01T00:30:00+09:00',
    '9999-12-31T23:59:59.999Z',
  ])('is %s', (text) => {
    expect(isInstant(text)).toBe(true);
  });

  it.each([
    ['a day that the calendar does not have', '2026-02-30T00:00:00Z'],
    ['29 February outside a leap year', '2026-02-29T12:00:00Z'],
    ['the same with a zone', '2026-02-30T00:00:00+09:00'],
    ['a thirteenth month', '2026-13-01T00:00:00Z'],
    ['a time without a zone', '2026-11-22T10:00:00'],
    ['a day without a time', '2026-11-22'],
    ['an hour that no clock shows', '2026-11-22T25:00:00Z'],
    ['a zone that is nowhere', '2026-11-22T10:00:00+25:00'],
    ['a year of six digits', '+012026-11-22T10:00:00Z'],
    ['what another zone makes the year 10000', '9999-12-31T23:59:59-01:00'],
    ['what another zone makes the year before 0', '0000-01-01T00:00:00+01:00'],
    ['a blank before it', ' 2026-11-22T10:00:00Z'],
    ['a line after it', '2026-11-22T10:00:00Z\n'],
    ['a word', 'tomorrow'],
    ['nothing', ''],
  ])('is not %s', (_, text) => {
    expect(isInstant(text)).toBe(false);
  });

  it('is written in UTC with milliseconds', () => {
    expect(fromMs(toMs('2026-11-22T19:00:00+09:00'))).toBe('2026-11-22T10:00:00.000Z');
  });

  it('stays one when it would fall behind the last that can be written', () => {
    const afterTheLast = fromMs(toMs('9999-12-31T23:59:59.999Z') + 86_400_000);
    expect(isInstant(afterTheLast)).toBe(true);
    expect(afterTheLast).toBe('9999-12-31T23:59:59.999Z');
  });
});
