import { describe, expect, test, vi } from 'vitest';
import { waveIn, wordsOf } from '../../player/src/message-words.ts';
import { announcementsOf } from '../../shared/domain/announcements.ts';
import { catalogChanged, type Wave } from '../../shared/domain/catalog-messages.ts';
import { toMs } from '../../shared/domain/instants.ts';
import type { Purchase } from '../../shared/domain/purchases.ts';
import { firstSnapshot, nextSnapshot } from '../../shared/domain/snapshots.ts';
import { catalogOf, product } from '../support/catalogs.ts';
import { purchase } from '../support/world.ts';

// The page speaks of days where the viewer is.
vi.hoisted(() => {
  process.env['TZ'] = 'UTC';
});

const NOW = toMs('2026-11-22T10:00:00.000Z');
const catalog = catalogOf([
  product({ title: 'Premium' }),
  product({ productId: 'basic', productType: 'free' }),
]);
const empty = firstSnapshot('ada', catalog, NOW);
const known = { catalog, entitlements: empty.entitlements, deviceId: 'Chrome-Linux-0a1b2c3d' };

/** What the service says after these purchases, with what was held before them. */
function told(purchases: readonly Purchase[], before = empty) {
  const { snapshot, changes } = nextSnapshot(before, purchases, catalog, NOW);
  const [message] = announcementsOf(changes, snapshot, () => false);
  return {
    snapshot,
    words: wordsOf(JSON.stringify(message), { ...known, entitlements: before.entitlements }),
  };
}

const wave = (changes: Partial<Wave> = {}) =>
  JSON.stringify(
    catalogChanged(
      {
        waveId: 'w',
        state: 'start',
        catalogVersion: '2026-12-01.1',
        productIds: [],
        refreshWithinSeconds: 60,
        priority: 'normal',
        ...changes,
      },
      NOW,
    ),
  );

describe('a message in words', () => {
  test('says which product came, and until when', () => {
    const { words } = told([purchase({ validUntil: '2026-12-22T10:00:00.000Z' })]);
    expect(words).toEqual({ version: '1', text: 'Premium is active, until 22 December 2026' });
  });

  test('says what became of one that was there', () => {
    const { snapshot } = told([purchase({ validUntil: '2026-12-22T10:00:00.000Z' })]);
    const cancelled = purchase({ validUntil: '2026-12-01T10:00:00.000Z', status: 'cancelled' });
    const { words } = told([cancelled], snapshot);
    expect(words).toEqual({ version: '2', text: 'Premium is cancelled, until 1 December 2026' });
  });

  test('names what is gone, of which the message holds the reference only', () => {
    const { snapshot } = told([purchase()]);
    expect(told([purchase({ status: 'refunded' })], snapshot).words.text).toBe('Premium is gone');
  });

  test('says which device’s stream ended, and by whom', () => {
    const end = (data: object) =>
      wordsOf(JSON.stringify({ type: 'session.terminated', data: { sessionId: 's', ...data } }), known).text;
    const [own, tv] = [known.deviceId, 'living-room-tv'];
    expect(end({ deviceId: tv, reason: 'terminated', by: own })).toBe(
      'A stream on living-room-tv was ended by this browser',
    );
    expect(end({ deviceId: own, reason: 'revoked' })).toBe(
      'A stream on this browser has ended: the plan has changed',
    );
  });

  test('says of a kind that it does not know that it does not know it', () => {
    const { version, text } = wordsOf(JSON.stringify({ type: 'weather.changed', version: 3 }), known);
    expect([version, text]).toEqual([undefined, 'Something that this page does not know']);
  });
});

describe('a wave', () => {
  test('is known by its message, with its window', () => {
    expect(waveIn(wave())).toBe(60);
    expect(wordsOf(wave(), known).text).toBe('Catalogue 2026-12-01.1, within 60 seconds');
  });

  test('that is aborted is called off', () => {
    expect(waveIn(wave({ state: 'abort' }))).toBe('called-off');
  });

  test('is nothing else', () => {
    expect(waveIn(JSON.stringify({ type: 'entitlements.replaced', version: 2 }))).toBeUndefined();
  });
});
