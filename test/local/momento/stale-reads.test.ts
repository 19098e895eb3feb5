import { ReadConcern } from '@gomomento/sdk';
import { expect, test } from 'vitest';
import { CACHE, cacheClient, fakeClock, outcome, startForTest } from './fixtures.ts';

async function lagging() {
  const clock = fakeClock();
  const momento = await startForTest(clock);
  momento.serveStaleReads(true);
  return {
    clock,
    momento,
    balanced: cacheClient(momento, undefined, ReadConcern.BALANCED),
    consistent: cacheClient(momento, undefined, ReadConcern.CONSISTENT),
  };
}

test('a balanced read lags one write behind, also behind the first, while a consistent one is exact', async () => {
  const { balanced, consistent } = await lagging();
  await balanced.set(CACHE, 'k', 'one');
  expect(outcome(await balanced.get(CACHE, 'k'))).toBe('Miss');
  expect((await consistent.get(CACHE, 'k')).value()).toBe('one');
  await consistent.set(CACHE, 'k', 'two');
  expect((await balanced.get(CACHE, 'k')).value()).toBe('one');
  expect((await consistent.get(CACHE, 'k')).value()).toBe('two');
  await balanced.delete(CACHE, 'k');
  expect((await balanced.get(CACHE, 'k')).value()).toBe('two');
  expect(outcome(await consistent.get(CACHE, 'k'))).toBe('Miss');
});

test('every read lags: batches, hashes, existence, dictionaries and sorted sets', async () => {
  const { balanced } = await lagging();
  await balanced.set(CACHE, 'k', 'v');
  await balanced.dictionaryIncrement(CACHE, 'd', 'f', 1);
  await balanced.sortedSetPutElement(CACHE, 'z', 'v', 1);
  const batch = await balanced.getBatch(CACHE, ['k']);
  expect(batch.type === 'Success' ? batch.results().map(outcome) : batch.type).toEqual(['Miss']);
  expect(outcome(await balanced.getWithHash(CACHE, 'k'))).toBe('Miss');
  const exists = await balanced.keyExists(CACHE, 'k');
  expect(exists.type === 'Success' ? exists.exists() : exists.type).toBe(false);
  expect(outcome(await balanced.itemGetType(CACHE, 'k'))).toBe('Miss');
  expect(outcome(await balanced.dictionaryFetch(CACHE, 'd'))).toBe('Miss');
  expect(outcome(await balanced.dictionaryLength(CACHE, 'd'))).toBe('Miss');
  expect(outcome(await balanced.sortedSetFetchByRank(CACHE, 'z'))).toBe('Miss');
  await balanced.dictionaryIncrement(CACHE, 'd', 'f', 1);
  expect((await balanced.dictionaryFetch(CACHE, 'd')).value()).toEqual({ f: '1' });
});

test('conditions and counters are decided on the last write, never on a stale read', async () => {
  const { balanced } = await lagging();
  await balanced.set(CACHE, 'k', 'one');
  expect(outcome(await balanced.setIfAbsent(CACHE, 'k', 'other'))).toBe('NotStored');
  expect(outcome(await balanced.setIfEqual(CACHE, 'k', 'two', 'one'))).toBe('Stored');
  await balanced.increment(CACHE, 'n');
  expect((await balanced.increment(CACHE, 'n')).value()).toBe(2);
});

test('a stale read never outlives the TTL of what it returns', async () => {
  const { balanced, clock } = await lagging();
  await balanced.set(CACHE, 'k', 'one', { ttl: 10 });
  await balanced.set(CACHE, 'k', 'two', { ttl: 60 });
  expect((await balanced.get(CACHE, 'k')).value()).toBe('one');
  clock.advance(10_000);
  expect(outcome(await balanced.get(CACHE, 'k'))).toBe('Miss');
});

test('once it is switched off, balanced reads are exact again', async () => {
  const { balanced, momento } = await lagging();
  await balanced.set(CACHE, 'k', 'one');
  momento.serveStaleReads(false);
  expect((await balanced.get(CACHE, 'k')).value()).toBe('one');
});
