import { afterEach, expect, test, vi } from 'vitest';
import type { Page } from '../../../client/src/playback/attachments.ts';

/** A page that is loaded anew in a browser with these two storages. */
async function loadPage(localStorage: unknown, sessionStorage: unknown): Promise<Page> {
  vi.stubGlobal('localStorage', localStorage);
  vi.stubGlobal('sessionStorage', sessionStorage);
  vi.stubGlobal('navigator', { userAgent: 'Chrome/153.0 (X11; Linux x86_64)', locks: undefined });
  vi.resetModules();
  const { page } = await import('../../../client/src/playback/page.ts');
  return page;
}

const refuse = () => {
  throw new DOMException('no room', 'QuotaExceededError');
};
const withItems = (items: Readonly<Record<string, string>>, setItem: () => void) => ({
  getItem: (key: string) => items[key] ?? null,
  removeItem() {},
  setItem,
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

test('is the same device still when the browser has no room left, and so takes its stream back', async () => {
  const full = withItems({ 'usher.deviceId': 'Chrome-Linux-1' }, refuse);
  const page = await loadPage(full, full);
  expect(await page.identify()).toMatchObject({ deviceId: 'Chrome-Linux-1' });
});

test('has a name where there is room for nothing but the shortest, and where nothing may be kept', async () => {
  const cramped = withItems({}, (key?: string, text?: string) => {
    if (text !== '' && key !== undefined) refuse();
  });
  const blocked = { getItem: refuse, setItem: refuse, removeItem: refuse };
  for (const storage of [cramped, blocked, undefined]) {
    const page = await loadPage(storage, storage);
    const identity = await page.identify();
    expect(identity).toMatchObject({
      deviceId: expect.stringMatching(/^Chrome-Linux-\w+$/),
      playerId: expect.stringMatching(/^tab-\w+$/),
    });
    expect(await page.identify()).toBe(identity);
  }
});
