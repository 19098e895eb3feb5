import { describe, expect, it } from 'vitest';
import { compareCatalogVersions, productOf } from '../../../shared/domain/catalog.ts';
import { catalogOf, product } from '../../support/catalogs.ts';

describe('catalogue versions', () => {
  it.each([
    ['2026-11-22.1', '2026-11-22.2'],
    ['2026-11-22.9', '2026-11-22.10'],
    ['2026-11-22.10', '2026-11-23.1'],
    ['2026-09-30.2', '2026-10-01.1'],
    ['2026-12-31.99', '2027-01-01.1'],
  ])('%s is older than %s', (older, newer) => {
    expect(compareCatalogVersions(older, newer)).toBeLessThan(0);
    expect(compareCatalogVersions(newer, older)).toBeGreaterThan(0);
  });

  it('are the same when written the same', () => {
    expect(compareCatalogVersions('2026-11-22.1', '2026-11-22.1')).toBe(0);
  });
});

describe('a catalogue', () => {
  it.each(['constructor', '__proto__', 'toString', 'basic'])('sells no %s unless it says so', (name) => {
    expect(productOf(catalogOf([product()]), name)).toBeUndefined();
  });

  it('finds what it sells', () => {
    expect(productOf(catalogOf([product({ title: 'Gold' })]), 'premium')?.title).toBe('Gold');
  });
});
