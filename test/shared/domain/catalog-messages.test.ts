import { expect, test } from 'vitest';
import { catalogChanged, type Wave } from '../../../shared/domain/catalog-messages.ts';

const NOW_MS = Date.parse('2026-11-22T10:00:00.000Z');
const longest = 'x'.repeat(64);

const wave: Wave = {
  waveId: 'w1',
  state: 'start',
  catalogVersion: '2026-11-22.2',
  productIds: ['premium'],
  refreshWithinSeconds: 300,
  priority: 'normal',
};

test('a wave is announced as a CloudEvent that says what to do', () => {
  expect(catalogChanged(wave, NOW_MS)).toEqual({
    specversion: '1.0',
    id: 'w1.start',
    source: 'usher',
    type: 'catalog.changed',
    subject: 'catalog',
    time: '2026-11-22T10:00:00.000Z',
    datacontenttype: 'application/json',
    data: wave,
  });
});

test('the abort of a wave is another event than its start, and either sent again is the same one', () => {
  const start = catalogChanged(wave, NOW_MS);
  expect(catalogChanged({ ...wave, state: 'abort' }, NOW_MS).id).not.toBe(start.id);
  expect(catalogChanged(wave, NOW_MS + 5000).id).toBe(start.id);
});

test('a message that would be billed twice over is refused, and says what to do instead', () => {
  const named = (count: number) => ({
    ...wave,
    waveId: longest,
    productIds: Array.from({ length: count }, () => longest),
  });
  expect(() => catalogChanged(named(8), NOW_MS)).not.toThrow();
  expect(() => catalogChanged(named(12), NOW_MS)).toThrow(
    /12 products make a message of \d+ bytes.*name none/,
  );
});

test('a window is whole seconds of at most a day', () => {
  const within = (refreshWithinSeconds: number) => () =>
    catalogChanged({ ...wave, refreshWithinSeconds }, NOW_MS);
  for (const fine of [0, 300, 86_400]) expect(within(fine)).not.toThrow();
  for (const wrong of [-1, 0.5, 86_401, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(within(wrong)).toThrow('a wave takes 0 to 86400 whole seconds');
  }
});
