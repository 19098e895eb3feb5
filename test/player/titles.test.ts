import { expect, test, vi } from 'vitest';
import { standingOf, openTitles, productsOnSale, type Outlook } from '../../player/src/titles.ts';
import { catalogueNoticeOf, noticesOf } from '../../player/src/notices.ts';
import { loadCatalog } from '../../shared/catalog.ts';
import type { Circumstances } from '../../shared/domain/access.ts';
import { entitlementsOf } from '../../shared/domain/entitlements.ts';
import { fromMs } from '../../shared/domain/instants.ts';
import type { Purchase } from '../../shared/domain/purchases.ts';

// The page speaks of days where the viewer is.
vi.hoisted(() => {
  process.env['TZ'] = 'UTC';
});

const NOW = Date.parse('2026-11-22T10:00:00.000Z');
const HOUR = 3_600_000;
const catalog = loadCatalog();

const purchase = (productId: string, changes: Partial<Purchase> = {}): Purchase => ({
  accountId: 'ada',
  purchaseId: `pur-${productId}`,
  productId,
  status: 'active',
  validFrom: fromMs(NOW - HOUR),
  validUntil: fromMs(NOW + HOUR),
  notify: true,
  reported: { eventId: 'evt', occurredAt: fromMs(NOW), revision: 0 },
  ...changes,
});

function outlook(purchases: readonly Purchase[], circumstances: Partial<Circumstances> = {}): Outlook {
  const nowMs = circumstances.nowMs ?? NOW;
  return {
    catalog,
    entitlements: entitlementsOf('ada', purchases, catalog, nowMs),
    circumstances: { region: 'JP', deviceType: 'web', nowMs, ...circumstances },
  };
}

function standing(contentId: string, from: Outlook) {
  return standingOf(
    catalog.contents.find((content) => content.contentId === contentId)!,
    from,
  );
}

test('opens what is free for everyone, and offers what opens the rest', () => {
  expect(standing('morning-news', outlook([]))).toEqual({ open: true, free: true });
  expect(standing('harbour', outlook([]))).toMatchObject({
    open: false,
    sentence: 'Included in Premium.',
    offer: { productId: 'premium' },
  });
  expect(standing('nightfall', outlook([]))).toMatchObject({ offer: { productId: 'nightfall-48h' } });
});

test('offers nothing that would not open the title here and now', () => {
  for (const contentId of ['alps', 'big-room', 'premiere']) {
    expect(standing(contentId, outlook([]))).toMatchObject({ open: false, offer: undefined });
  }
});

test('does not sell what is given away', () => {
  expect(productsOnSale(catalog).map(({ productId }) => productId)).toEqual([
    'premium',
    'sports',
    'nightfall-48h',
  ]);
});

test('says where else a title is shown, and that a plan is needed there, too', () => {
  expect(standing('kites', outlook([purchase('premium')], { region: 'DE' }))).toMatchObject({
    reason: 'region',
    sentence: 'Not shown in Germany, only in Japan or United States.',
  });
  expect(standing('kites', outlook([], { region: 'DE' }))).toMatchObject({
    sentence: 'Not shown in Germany, only in Japan or United States, with Premium.',
  });
  expect(standing('kites', outlook([], { region: undefined }))).toMatchObject({ reason: 'region-unknown' });
});

test('tells a plan that starts later or has ended from a title that does', () => {
  const later = purchase('premium', { validFrom: '2027-01-02T12:00:00.000Z', validUntil: null });
  expect(standing('harbour', outlook([later]))).toMatchObject({
    reason: 'not-started',
    sentence: 'Your plan for this starts on 2 January 2027.',
  });
  const over = purchase('premium', { status: 'cancelled', validUntil: fromMs(NOW - 1) });
  expect(standing('harbour', outlook([over]))).toMatchObject({
    reason: 'ended',
    sentence: 'Your plan for this has ended. Included in Premium.',
  });
  expect(standing('premiere', outlook([]))).toMatchObject({
    sentence: 'Opens on 1 April 2027, with Premium.',
  });
  const longAfter = outlook([purchase('sports', { validUntil: null })], {
    nowMs: Date.parse('2031-01-01T00:00:00Z'),
  });
  expect(standing('derby-2026', longAfter)).toMatchObject({ sentence: 'Left on 1 January 2030.' });
});

test('names the devices that a campaign’s gift counts on', () => {
  const gift = purchase('summer-pass');
  expect(standing('paper-moons', outlook([gift]))).toMatchObject({
    reason: 'device-type',
    sentence: 'Not in a browser, only on a phone or on a tablet.',
  });
  expect(standing('paper-moons', outlook([gift], { deviceType: 'mobile' }))).toMatchObject({ open: true });
});

test('announces what a purchase unlocked, and what its end locks', () => {
  const without = outlook([]);
  const withPremium = outlook([purchase('premium')]);
  expect(noticesOf(without, withPremium)).toEqual([
    { entitlementId: 'pur-premium', text: 'Premium is yours: 3 titles unlocked' },
  ]);
  expect(noticesOf(withPremium, without)).toEqual([
    { entitlementId: 'pur-premium', text: 'Premium has ended: 3 titles locked' },
  ]);
  expect(openTitles(withPremium).size - openTitles(without).size).toBe(3);
});

test('announces an end that the clock alone brought', () => {
  const cancelled = purchase('sports', { status: 'cancelled' });
  const notices = noticesOf(outlook([cancelled]), outlook([cancelled], { nowMs: NOW + HOUR }));
  expect(notices.map(({ text }) => text)).toEqual(['Sports has ended: 1 title locked']);
});

test('announces a cancellation, its withdrawal and another end, and nothing where nothing changed', () => {
  const say = (before: Purchase, after: Purchase) =>
    noticesOf(outlook([before]), outlook([after])).map(({ text }) => text);
  const active = purchase('sports');
  const cancelled = purchase('sports', { status: 'cancelled' });
  expect(say(active, cancelled)).toEqual(['Sports is cancelled: yours until 22 November 2026']);
  expect(say(cancelled, active)).toEqual(['Sports goes on']);
  expect(say(active, purchase('sports', { validUntil: fromMs(NOW + 24 * HOUR) }))).toEqual([
    'Sports is yours until 23 November 2026',
  ]);
  expect(say(active, active)).toEqual([]);
});

test('says so when a purchase opens nothing here', () => {
  const abroad = { region: undefined, deviceType: 'web' } as const;
  const notices = noticesOf(outlook([], abroad), outlook([purchase('summer-pass')], abroad));
  expect(notices.map(({ text }) => text)).toEqual(['Summer pass is yours: no title changes here']);
});

test('says what another catalogue means for the titles', () => {
  const [first, second, ...rest] = catalog.contents;
  const contents = [{ ...first!, title: 'Another title' }, ...rest, { ...second!, contentId: 'brand-new' }];
  expect(catalogueNoticeOf(catalog, { ...catalog, contents })).toBe(
    '1 title added, 1 title changed, 1 title gone',
  );
  expect(catalogueNoticeOf(catalog, { ...catalog, catalogVersion: '2099-01-01.1' })).toBe(
    'The titles are the same.',
  );
});
