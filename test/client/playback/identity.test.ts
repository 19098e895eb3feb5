import { expect, test } from 'vitest';
import { identify, type Locks } from '../../../client/src/playback/identity.ts';
import { deviceName, playerName } from '../../../player/src/device-words.ts';

const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36';

function storage(entries: Iterable<readonly [string, string]> = []): Storage {
  const map = new Map(entries);
  return {
    getItem: (key: string) => map.get(key) ?? null,
    setItem: (key: string, value: string) => void map.set(key, value),
    [Symbol.iterator]: () => map[Symbol.iterator](),
  } as unknown as Storage;
}

/** The locks of one browser: a name is granted to one tab at a time, and a request ends with its signal. */
function createLocks() {
  const holders = new Map<string, () => void>();
  const waiting: { name: string; grant: () => void }[] = [];
  const locks: Locks = {
    request: (name, { signal }, whenGranted) =>
      new Promise((_, reject) => {
        const grant = () => {
          holders.set(name, () => holders.delete(name));
          void whenGranted();
        };
        if (!holders.has(name)) return grant();
        waiting.push({ name, grant });
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      }),
  };
  const release = (name: string) => {
    holders.delete(name);
    waiting.find((request) => request.name === name)?.grant();
  };
  return { locks, release };
}

/** A browser with its tabs, whose claims wait as long as it takes for what is under way to happen. */
function createBrowser() {
  const browserStorage = storage();
  const { locks, release } = createLocks();
  let ids = 0;
  return {
    release,
    open: (tabStorage = storage(), { withLocks = true } = {}) =>
      identify({
        browserStorage,
        tabStorage,
        locks: withLocks ? locks : undefined,
        userAgent: CHROME,
        newId: () => `${String(++ids).padStart(8, 'a')}-0000-4000-8000-000000000000`,
        patience() {
          const controller = new AbortController();
          queueMicrotask(() => controller.abort());
          return controller.signal;
        },
      }),
  };
}

const copyOf = (tab: Storage) => storage(tab as unknown as Iterable<[string, string]>);

test('two tabs of a browser are one device and two players', async () => {
  const browser = createBrowser();
  const [one, other] = [await browser.open(), await browser.open()];
  expect(one.deviceId).toBe(other.deviceId);
  expect(one.playerId).not.toBe(other.playerId);
  expect(one.isKept).toBe(false);
});

test('a reload keeps the player, also when the page before takes a moment to go', async () => {
  const browser = createBrowser();
  const tab = storage();
  const before = await browser.open(tab);
  const reloading = browser.open(tab);
  browser.release(`usher.player.${before.playerId}`);
  expect(await reloading).toEqual({ ...before, isKept: true });
});

test('a duplicate of a tab that lives is another player, and so is a duplicate of that', async () => {
  const browser = createBrowser();
  const tab = storage();
  const original = await browser.open(tab);
  const copy = copyOf(tab);
  const duplicate = await browser.open(copy);
  expect(duplicate.playerId).not.toBe(original.playerId);
  expect(duplicate.isKept).toBe(false);
  expect(copy.getItem('usher.playerId')).toBe(duplicate.playerId);
  const third = await browser.open(copyOf(copy));
  expect(new Set([original.playerId, duplicate.playerId, third.playerId]).size).toBe(3);
});

test('where nothing tells living tabs, every load is another player', async () => {
  const browser = createBrowser();
  const tab = storage();
  const before = await browser.open(tab, { withLocks: false });
  const after = await browser.open(tab, { withLocks: false });
  expect(after.playerId).not.toBe(before.playerId);
});

test('names that the service takes, and that tell a person which device and tab it is', async () => {
  const { deviceId, playerId } = await createBrowser().open();
  expect(deviceId).toBe('Chrome-Linux-aaaaaaa1');
  expect(playerId).toBe('tab-aaaaaaa2');
  expect(deviceName(deviceId)).toBe('Chrome on Linux');
  expect(playerName(playerId)).toBe('tab aaaa');
  expect(deviceName('living-room-tv')).toBe('living-room-tv');
  expect(playerName('living-room-tv')).toBe('living-room-tv');
});
