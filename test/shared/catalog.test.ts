import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { loadCatalog } from '../../shared/catalog.ts';

const premium = {
  productId: 'premium',
  productType: 'subscription',
  title: 'Premium',
  grants: ['movies'],
  maxStreams: 4,
};
const harbour = { contentId: 'harbour', title: 'The Harbour', requires: ['movies'] };
const small = { catalogVersion: '2026-11-22.1', products: [premium], contents: [harbour] };

const withProduct = (changes: object) => ({ ...small, products: [{ ...premium, ...changes }] });
const withContent = (changes: object) => ({ ...small, contents: [{ ...harbour, ...changes }] });
const and = (...more: object[]) => ({ ...small, products: [premium, ...more] });

/** Raise `catalogVersion` with every change of what is sold or watched, and put the new digest here. */
const PUBLISHED = { catalogVersion: '2026-11-22.2', digest: 'd4d23b3bf9782e42' };

describe('catalog.json', () => {
  it('has a new version whenever anything else in it is new, since functions compare nothing but that', () => {
    const { catalogVersion, ...contents } = loadCatalog();
    const digest = createHash('sha256').update(JSON.stringify(contents)).digest('hex').slice(0, 16);
    expect({ catalogVersion, digest }).toEqual(PUBLISHED);
  });

  it('is in order', () => {
    expect(loadCatalog().products.length).toBeGreaterThan(0);
  });

  it('may leave out what is usual: messages, counting as a stream, no features', () => {
    const { products, contents } = loadCatalog(small);
    expect(products).toMatchObject([{ notify: true, features: {} }]);
    expect(contents).toMatchObject([{ counted: true }]);
  });

  it.each([
    ['subscription', 86_400],
    ['addon', 86_400],
    ['rental', 0],
    ['promotion', 0],
    ['free', 0],
  ])(
    'gives a product of the type %s %i seconds of grace unless it says otherwise',
    (productType, seconds) => {
      expect(loadCatalog(withProduct({ productType })).products).toMatchObject([{ graceSeconds: seconds }]);
      const stated = loadCatalog(withProduct({ productType, graceSeconds: 5 }));
      expect(stated.products).toMatchObject([{ graceSeconds: 5 }]);
    },
  );

  it('may sell 16 streams in all', () => {
    const extra = { ...premium, productId: 'more', maxStreams: undefined, extraStreams: 12 };
    expect(loadCatalog(and(extra)).products).toHaveLength(2);
  });
});

describe('a catalogue is refused', () => {
  it.each<[string, unknown, RegExp]>([
    ['that is nothing', null, /catalog\.json/],
    ['that is a list', [], /catalog\.json/],
    ['without products', { ...small, products: undefined }, /products/],
    ['without contents', { ...small, contents: undefined }, /contents/],
    ['with a field that nobody knows, most likely misspelt', { ...small, product: [] }, /product/],
    ['whose product has a field that nobody knows', withProduct({ maxStream: 4 }), /maxStream/],
    ['whose content has a field that nobody knows', withContent({ region: 'JP' }), /region/],

    [
      'that sells two products at one price',
      and(
        { ...premium, productId: 'more', stripePrices: ['price_1'] },
        { ...premium, productId: 'most', stripePrices: ['price_1'] },
      ),
      /'price_1' is listed twice/,
    ],
    [
      'that lists a price twice',
      withProduct({ stripePrices: ['price_1', 'price_1'] }),
      /'price_1' is listed twice/,
    ],
    ['whose price is no id', withProduct({ stripePrices: ['price 1'] }), /stripePrices/],
    ['whose list of prices is empty', withProduct({ stripePrices: [] }), /stripePrices/],
    [
      'that has a price for what is free',
      and({ productId: 'free', productType: 'free', title: 'Free', grants: [], stripePrices: ['price_1'] }),
      /'free' has a price/,
    ],

    ['whose version is a word', { ...small, catalogVersion: 'latest' }, /catalogVersion/],
    ['whose version is a day', { ...small, catalogVersion: '2026-11-22' }, /catalogVersion/],

    ['whose product id is no id', withProduct({ productId: 'pre mium' }), /productId/],
    ['whose product is of no known type', withProduct({ productType: 'bundle' }), /productType/],
    ['whose product has no title', withProduct({ title: undefined }), /title/],
    ['whose product grants no list', withProduct({ grants: 'movies' }), /grants/],
    ['whose feature is no text', withProduct({ features: { downloads: true } }), /features/],
    ['whose product has no whole number of streams', withProduct({ maxStreams: 1.5 }), /maxStreams/],
    ['whose product has no stream', withProduct({ maxStreams: 0 }), /maxStreams/],
    ['whose product has more than 16 streams', withProduct({ maxStreams: 17 }), /maxStreams/],
    ['whose product has more than 16 extra streams', withProduct({ extraStreams: 17 }), /extraStreams/],
    ['whose product counts in no region at all', withProduct({ regions: [] }), /regions/],
    ['whose region is no country code', withProduct({ regions: ['Japan'] }), /regions/],
    ['whose device type is unknown', withProduct({ deviceTypes: ['watch'] }), /deviceTypes/],
    ['whose grace is negative', withProduct({ graceSeconds: -1 }), /graceSeconds/],
    ['whose rental lasts no time', withProduct({ durationHours: 0 }), /durationHours/],
    ['whose notify is no yes or no', withProduct({ notify: 'false' }), /notify/],

    ['whose content id is no id', withContent({ contentId: '../x' }), /contentId/],
    ['whose content requires nothing', withContent({ requires: [] }), /requires/],
    ['whose content starts on a day that is none', withContent({ from: '2026-02-30T00:00:00Z' }), /from/],
    ['whose content ends without a time zone', withContent({ until: '2026-11-22T10:00:00' }), /until/],
    ['whose content counts as a word', withContent({ counted: 'no' }), /counted/],
    [
      'whose content ends before it starts',
      withContent({ from: '2026-11-22T00:00:00Z', until: '2026-11-22T00:00:00Z' }),
      /'harbour' ends before it starts/,
    ],
    ['whose content requires what no product grants', withContent({ requires: ['sports'] }), /'sports'/],

    ['that lists a product twice', and(premium), /'premium' is listed twice/],
    ['that lists a content twice', { ...small, contents: [harbour, harbour] }, /'harbour' is listed twice/],
    [
      'whose products add up to more streams than there are slots',
      and({ ...premium, productId: 'more', maxStreams: undefined, extraStreams: 13 }),
      /16 streams/,
    ],
    [
      'whose free product would override a feature of a paid one for ever',
      and(
        { ...premium, productId: 'basic', productType: 'free', features: { quality: 'sd' } },
        {
          ...premium,
          productId: 'gold',
          features: { quality: 'uhd' },
        },
      ),
      /'basic' would override the feature 'quality'/,
    ],
    [
      'that has a product whose message would exceed 1 KB',
      withProduct({ features: { blurb: 'x'.repeat(700) } }),
      /'premium' can take \d{4} bytes/,
    ],
  ])('%s', (_, json, complaint) => {
    expect(() => loadCatalog(json)).toThrow(complaint);
  });
});
