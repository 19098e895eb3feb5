import { expect, test } from 'vitest';
import { keptSnapshots, type Kept } from '../../../client/src/entitlements/kept-snapshot.ts';
import { firstSnapshot } from '../../../shared/domain/snapshots.ts';
import { catalogOf } from '../../support/catalogs.ts';

const NOW = Date.parse('2026-11-22T10:00:00.000Z');

const keptOf = (accountId: string): Kept => {
  const mark = { seenAtMs: NOW, offsetMs: 250, isMeasured: true };
  return { snapshot: firstSnapshot(accountId, catalogOf([]), NOW), confirmedAtMs: NOW, ...mark };
};

/** One browser, and what it holds. */
function createBrowser() {
  const items = new Map<string, string>();
  const storage = {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, text: string) => void items.set(key, text),
    removeItem: (key: string) => void items.delete(key),
  };
  return { items, storage, kept: keptSnapshots(() => storage) };
}

test('gives the next page what was kept of its account, and of no other', () => {
  const { kept, storage } = createBrowser();
  kept.write(keptOf('ada'));
  kept.write({ ...keptOf('bob'), confirmedAtMs: NOW - 1 });
  const next = keptSnapshots(() => storage);
  expect(next.read('ada')).toEqual(keptOf('ada'));
  expect(next.read('bob')).toMatchObject({ snapshot: { accountId: 'bob' }, confirmedAtMs: NOW - 1 });
  expect(next.read('eve')).toBeUndefined();
});

test('does not give what lies under one account’s name and is another’s', () => {
  const { kept, items } = createBrowser();
  kept.write(keptOf('ada'));
  items.set('usher.kept.bob', items.get('usher.kept.ada')!);
  expect(kept.read('bob')).toBeUndefined();
});

test.for([
  ['no JSON', 'no JSON'],
  ['something else', '7'],
  ['nothing that says when it was confirmed', JSON.stringify({ snapshot: keptOf('ada').snapshot })],
  ['a snapshot of another shape', JSON.stringify({ ...keptOf('ada'), snapshot: { accountId: 'ada' } })],
] as const)('does not give %s, and writes over it', ([, text]) => {
  const { kept, items } = createBrowser();
  items.set('usher.kept.ada', text);
  expect(kept.read('ada')).toBeUndefined();
  kept.write(keptOf('ada'));
  expect(kept.read('ada')).toEqual(keptOf('ada'));
});

test('forgets one account, and leaves the others', () => {
  const { kept, items } = createBrowser();
  kept.write(keptOf('ada'));
  kept.write(keptOf('bob'));
  kept.forget('ada');
  expect([...items.keys()]).toEqual(['usher.kept.bob']);
});

test('a tab does not keep again what another has forgotten, until somebody signs in there', () => {
  const { kept, items, storage } = createBrowser();
  const other = keptSnapshots(() => storage);
  kept.write(keptOf('ada'));
  other.write(keptOf('ada'));
  other.forget('ada');
  kept.write(keptOf('ada'));
  kept.write(keptOf('bob'));
  expect([...items.keys()]).toEqual(['usher.kept.bob']);
  other.write(keptOf('ada'));
  kept.write({ ...keptOf('ada'), confirmedAtMs: NOW + 1, seenAtMs: NOW + 1 });
  expect(other.read('ada')).toMatchObject({ confirmedAtMs: NOW + 1 });
});

test('keeps again what it has forgotten itself, and what it could not keep while the browser was full', () => {
  const { kept, items, storage } = createBrowser();
  const { setItem } = storage;
  storage.setItem = () => {
    throw new DOMException('full', 'QuotaExceededError');
  };
  kept.write(keptOf('ada'));
  storage.setItem = setItem;
  for (let times = 0; times < 2; times++) {
    kept.write(keptOf('ada'));
    expect(items.size).toBe(1);
    kept.forget('ada');
  }
});

test('a browser that refuses to keep anything, or is full, is no error', () => {
  const refuse = () => {
    throw new DOMException('not here', 'SecurityError');
  };
  const full = { ...createBrowser().storage, setItem: refuse };
  for (const kept of [keptSnapshots(refuse), keptSnapshots(() => full)]) {
    kept.write(keptOf('ada'));
    kept.forget('ada');
    expect(kept.read('ada')).toBeUndefined();
  }
});
