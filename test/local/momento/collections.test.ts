import { CollectionTtl, SortedSetAggregate, SortedSetOrder } from '@gomomento/sdk';
import { expect, test } from 'vitest';
import { CACHE, cacheClient, fakeClock, outcome, startForTest } from './fixtures.ts';

test('a dictionary keeps fields, gets some of them, and tells how many there are', async () => {
  const cache = cacheClient(await startForTest());
  expect(outcome(await cache.dictionaryFetch(CACHE, 'd'))).toBe('Miss');
  expect(outcome(await cache.dictionaryLength(CACHE, 'd'))).toBe('Miss');
  expect(outcome(await cache.dictionarySetFields(CACHE, 'd', { tv: '1', phone: '2' }))).toBe('Success');
  await cache.dictionarySetField(CACHE, 'd', 'tablet', '3');
  expect((await cache.dictionaryFetch(CACHE, 'd')).value()).toEqual({ tv: '1', phone: '2', tablet: '3' });
  expect((await cache.dictionaryGetFields(CACHE, 'd', ['phone', 'none'])).value()).toEqual({ phone: '2' });
  expect(outcome(await cache.dictionaryGetField(CACHE, 'd', 'none'))).toBe('Miss');
  const length = await cache.dictionaryLength(CACHE, 'd');
  expect(length.type === 'Hit' ? length.length() : length.type).toBe(3);
});

test('a dictionary that loses its last field is gone', async () => {
  const cache = cacheClient(await startForTest());
  await cache.dictionarySetFields(CACHE, 'd', { a: '1', b: '2', c: '3' });
  await cache.dictionaryRemoveField(CACHE, 'd', 'a');
  expect((await cache.dictionaryFetch(CACHE, 'd')).value()).toEqual({ b: '2', c: '3' });
  await cache.dictionaryRemoveFields(CACHE, 'd', ['b', 'c']);
  expect(outcome(await cache.dictionaryLength(CACHE, 'd'))).toBe('Miss');
});

test('devices that beat at the same moment are each counted once', async () => {
  const cache = cacheClient(await startForTest());
  const beats = Array.from({ length: 40 }, (_, n) =>
    cache.dictionaryIncrement(CACHE, 'account-0', `device ${n % 4}`, 1),
  );
  await Promise.all(beats);
  expect((await cache.dictionaryFetch(CACHE, 'account-0')).value()).toEqual({
    'device 0': '10',
    'device 1': '10',
    'device 2': '10',
    'device 3': '10',
  });
});

test('a dictionary lives on when a write refreshes its TTL, and does not otherwise', async () => {
  const clock = fakeClock();
  const cache = cacheClient(await startForTest(clock));
  const keep = { ttl: CollectionTtl.of(10).withNoRefreshTtlOnUpdates() };
  const refresh = { ttl: CollectionTtl.of(10).withRefreshTtlOnUpdates() };
  await cache.dictionaryIncrement(CACHE, 'kept', 'f', 1, keep);
  await cache.dictionaryIncrement(CACHE, 'refreshed', 'f', 1, refresh);
  clock.advance(6_000);
  await cache.dictionaryIncrement(CACHE, 'kept', 'f', 1, keep);
  await cache.dictionaryIncrement(CACHE, 'refreshed', 'f', 1, refresh);
  clock.advance(6_000);
  expect(outcome(await cache.dictionaryFetch(CACHE, 'kept'))).toBe('Miss');
  expect((await cache.dictionaryFetch(CACHE, 'refreshed')).value()).toEqual({ f: '2' });
});

test('refuses an element of more than 128 KB', async () => {
  const cache = cacheClient(await startForTest());
  const tooLarge = Buffer.alloc(128 * 1024);
  const response = await cache.dictionarySetField(CACHE, 'd', 'f', tooLarge);
  expect(outcome(response)).toBe('LIMIT_EXCEEDED_ERROR');
  expect(response.toString()).toContain('Element size limit exceeded');
  expect(outcome(await cache.sortedSetPutElement(CACHE, 'z', Buffer.alloc(128 * 1024 + 1), 1))).toBe(
    'LIMIT_EXCEEDED_ERROR',
  );
  expect(outcome(await cache.dictionarySetField(CACHE, 'd', 'f', Buffer.alloc(128 * 1024 - 1)))).toBe(
    'Success',
  );
});

test('counting refuses a field that is no integer and leaves it as it is', async () => {
  const cache = cacheClient(await startForTest());
  await cache.dictionarySetField(CACHE, 'd', 'f', 'abc');
  expect(outcome(await cache.dictionaryIncrement(CACHE, 'd', 'f', 1))).toBe('FAILED_PRECONDITION_ERROR');
  expect((await cache.dictionaryFetch(CACHE, 'd')).value()).toEqual({ f: 'abc' });
});

async function ladder() {
  const cache = cacheClient(await startForTest());
  await cache.sortedSetPutElements(CACHE, 'z', { b: 2, a: 1, d: 4, c: 3, c2: 3 });
  return cache;
}

const values = (response: { value(): undefined | Array<{ value: string; score: number }> }) =>
  response.value()?.map(({ value }) => value);

test('a sorted set is fetched by rank, either way, in part or whole', async () => {
  const cache = await ladder();
  expect(values(await cache.sortedSetFetchByRank(CACHE, 'z'))).toEqual(['a', 'b', 'c', 'c2', 'd']);
  expect(values(await cache.sortedSetFetchByRank(CACHE, 'z', { startRank: 1, endRank: 3 }))).toEqual([
    'b',
    'c',
  ]);
  expect(values(await cache.sortedSetFetchByRank(CACHE, 'z', { startRank: -2 }))).toEqual(['c2', 'd']);
  expect(
    values(await cache.sortedSetFetchByRank(CACHE, 'z', { order: SortedSetOrder.Descending, endRank: 2 })),
  ).toEqual(['d', 'c2']);
  expect(outcome(await cache.sortedSetFetchByRank(CACHE, 'absent'))).toBe('Miss');
});

test('a sorted set is fetched and counted by score', async () => {
  const cache = await ladder();
  expect(values(await cache.sortedSetFetchByScore(CACHE, 'z', { minScore: 2, maxScore: 3 }))).toEqual([
    'b',
    'c',
    'c2',
  ]);
  expect(
    values(
      await cache.sortedSetFetchByScore(CACHE, 'z', {
        order: SortedSetOrder.Descending,
        offset: 1,
        count: 2,
      }),
    ),
  ).toEqual(['c2', 'c']);
  const count = await cache.sortedSetLengthByScore(CACHE, 'z', { minScore: 3 });
  expect(count.type === 'Hit' ? count.length() : count.type).toBe(3);
  const all = await cache.sortedSetLength(CACHE, 'z');
  expect(all.type === 'Hit' ? all.length() : all.type).toBe(5);
});

test('a sorted set tells score and rank of an element, and counts its score up', async () => {
  const cache = await ladder();
  expect((await cache.sortedSetIncrementScore(CACHE, 'z', 'a', 9)).score()).toBe(10);
  const score = await cache.sortedSetGetScore(CACHE, 'z', 'a');
  expect(score.type === 'Hit' ? score.score() : score.type).toBe(10);
  expect((await cache.sortedSetGetScores(CACHE, 'z', ['b', 'none'])).value()).toEqual({ b: 2 });
  const rank = await cache.sortedSetGetRank(CACHE, 'z', 'a', { order: SortedSetOrder.Descending });
  expect(rank.type === 'Hit' ? rank.rank() : rank.type).toBe(0);
  expect(outcome(await cache.sortedSetGetRank(CACHE, 'z', 'none'))).toBe('Miss');
  expect(outcome(await cache.sortedSetGetScore(CACHE, 'z', 'none'))).toBe('Miss');
});

test('a sorted set that loses its last element is gone', async () => {
  const cache = await ladder();
  await cache.sortedSetRemoveElement(CACHE, 'z', 'a');
  expect(values(await cache.sortedSetFetchByRank(CACHE, 'z'))).toEqual(['b', 'c', 'c2', 'd']);
  await cache.sortedSetRemoveElements(CACHE, 'z', ['b', 'c', 'c2', 'd']);
  expect(outcome(await cache.sortedSetLength(CACHE, 'z'))).toBe('Miss');
});

test('sorted sets are united by weight', async () => {
  const cache = await ladder();
  await cache.sortedSetPutElements(CACHE, 'more', { a: 5, e: 5 });
  const sources = [
    { sortedSetName: 'z', weight: 10 },
    { sortedSetName: 'more', weight: 1 },
  ];
  const options = { aggregate: SortedSetAggregate.SUM };
  const united = await cache.sortedSetUnionStore(CACHE, 'united', sources, options);
  expect(united.type === 'Success' ? united.length() : united.toString()).toBe(6);
  expect((await cache.sortedSetFetchByRank(CACHE, 'united', { endRank: 2 })).value()).toEqual([
    { value: 'e', score: 5 },
    { value: 'a', score: 15 },
  ]);
});
