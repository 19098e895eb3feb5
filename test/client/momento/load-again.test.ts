import { expect, test } from 'vitest';
import { loadAgain } from '../../../client/src/momento/load-again.ts';

const ADDRESS = 'https://tv.example/momento-sdk-1.js';
const CHROME = new TypeError(`Failed to fetch dynamically imported module: ${ADDRESS}`);

/** A browser that remembers what could not be fetched, and knows every other address. */
function browser(remembered: Error) {
  const asked: string[] = [];
  const load = loadAgain(
    async (): Promise<string> => {
      asked.push('');
      throw remembered;
    },
    async (address) => {
      asked.push(address);
      return 'the module';
    },
  );
  return { asked, load };
}

test('what a browser remembers as failed is loaded by another address, and then not again', async () => {
  const { asked, load } = browser(CHROME);
  await expect(load()).rejects.toBe(CHROME);
  expect(await load()).toBe('the module');
  expect(await load()).toBe('the module');
  expect(asked.map((address) => address.replace(/\d+$/, ''))).toEqual(['', '', `${ADDRESS}?again=`]);
});

test('asks by yet another address after that has failed, too', async () => {
  const asked = new Set<string>();
  const load = loadAgain(
    () => Promise.reject(CHROME),
    (address) => {
      asked.add(address);
      return Promise.reject(CHROME);
    },
  );
  for (let n = 0; n < 3; n++) await expect(load()).rejects.toBe(CHROME);
  expect(asked.size).toBe(2);
});

test('tells of a failure that names no address as it is, and tries the same again', async () => {
  const error = new TypeError('Importing a module script failed.');
  const { asked, load } = browser(error);
  await expect(load()).rejects.toBe(error);
  await expect(load()).rejects.toBe(error);
  expect(asked).toEqual(['', '']);
});

test('loads once for all who ask meanwhile', async () => {
  let loads = 0;
  const load = loadAgain(
    async () => ++loads,
    async () => 0,
  );
  expect(await Promise.all([load(), load()])).toEqual([1, 1]);
});
