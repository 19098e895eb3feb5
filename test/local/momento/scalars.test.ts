import { ItemType, ReadConcern } from '@gomomento/sdk';
import { cache as wire } from '@gomomento/generated-types';
import { expect, test } from 'vitest';
import { statusCodes } from '../../../local/momento/status.ts';
import { CACHE, cacheClient, fakeClock, outcome, startForTest } from './fixtures.ts';
import { callByWeb } from './grpc-web.ts';

const DAY_SECONDS = 24 * 60 * 60;

test('a value is read back until its TTL is over', async () => {
  const clock = fakeClock();
  const cache = cacheClient(await startForTest(clock));
  expect(outcome(await cache.get(CACHE, 'k'))).toBe('Miss');
  await cache.set(CACHE, 'k', 'v', { ttl: 10 });
  clock.advance(9_999);
  expect((await cache.get(CACHE, 'k')).value()).toBe('v');
  clock.advance(1);
  expect(outcome(await cache.get(CACHE, 'k'))).toBe('Miss');
});

test('a batch answers each of its keys in order', async () => {
  const cache = cacheClient(await startForTest());
  expect(
    outcome(
      await cache.setBatch(
        CACHE,
        new Map([
          ['a', '1'],
          ['b', '2'],
        ]),
      ),
    ),
  ).toBe('Success');
  const response = await cache.getBatch(CACHE, ['b', 'absent', 'a']);
  if (response.type !== 'Success') throw new Error(response.toString());
  expect(response.results().map((result) => result.value())).toEqual(['2', undefined, '1']);
});

test('deleting removes a value and is content when there is none', async () => {
  const cache = cacheClient(await startForTest());
  await cache.set(CACHE, 'k', 'v');
  expect(outcome(await cache.delete(CACHE, 'k'))).toBe('Success');
  expect(outcome(await cache.delete(CACHE, 'k'))).toBe('Success');
  expect(outcome(await cache.get(CACHE, 'k'))).toBe('Miss');
});

const conditions = [
  { name: 'absent', absent: 'Stored', same: 'NotStored', other: 'NotStored' },
  { name: 'present', absent: 'NotStored', same: 'Stored', other: 'Stored' },
  { name: 'equal', absent: 'NotStored', same: 'Stored', other: 'NotStored' },
  { name: 'not equal', absent: 'Stored', same: 'NotStored', other: 'Stored' },
  { name: 'present and not equal', absent: 'NotStored', same: 'NotStored', other: 'Stored' },
  { name: 'absent or equal', absent: 'Stored', same: 'Stored', other: 'NotStored' },
  { name: 'not exists', absent: 'Stored', same: 'NotStored', other: 'NotStored' },
  { name: 'present and hash equal', absent: 'NotStored', same: 'Stored', other: 'NotStored' },
  { name: 'present and hash not equal', absent: 'NotStored', same: 'NotStored', other: 'Stored' },
  { name: 'absent or hash equal', absent: 'Stored', same: 'Stored', other: 'NotStored' },
  { name: 'absent or hash not equal', absent: 'Stored', same: 'NotStored', other: 'Stored' },
] as const;

test.each(conditions)('sets if $name, and only then', async ({ name, ...expected }) => {
  const cache = cacheClient(await startForTest());
  const stored = await cache.setWithHash(CACHE, 'reference', 'checked');
  if (stored.type !== 'Stored') throw new Error(stored.toString());
  const hash = stored.hashUint8Array();
  const setIf = {
    absent: (key: string) => cache.setIfAbsent(CACHE, key, 'new'),
    present: (key: string) => cache.setIfPresent(CACHE, key, 'new'),
    equal: (key: string) => cache.setIfEqual(CACHE, key, 'new', 'checked'),
    'not equal': (key: string) => cache.setIfNotEqual(CACHE, key, 'new', 'checked'),
    'present and not equal': (key: string) => cache.setIfPresentAndNotEqual(CACHE, key, 'new', 'checked'),
    'absent or equal': (key: string) => cache.setIfAbsentOrEqual(CACHE, key, 'new', 'checked'),
    'not exists': (key: string) => cache.setIfNotExists(CACHE, key, 'new'),
    'present and hash equal': (key: string) => cache.setIfPresentAndHashEqual(CACHE, key, 'new', hash),
    'present and hash not equal': (key: string) => cache.setIfPresentAndHashNotEqual(CACHE, key, 'new', hash),
    'absent or hash equal': (key: string) => cache.setIfAbsentOrHashEqual(CACHE, key, 'new', hash),
    'absent or hash not equal': (key: string) => cache.setIfAbsentOrHashNotEqual(CACHE, key, 'new', hash),
  }[name];

  await cache.set(CACHE, 'same', 'checked');
  await cache.set(CACHE, 'other', 'something else');
  for (const [key, result] of Object.entries(expected)) {
    const before = (await cache.get(CACHE, key)).value();
    expect(outcome(await setIf(key)), `on ${key}`).toBe(result);
    expect((await cache.get(CACHE, key)).value(), `after ${key}`).toBe(result === 'Stored' ? 'new' : before);
  }
});

test('a hash names one value, whoever wrote it', async () => {
  const cache = cacheClient(await startForTest());
  const written = await cache.setWithHash(CACHE, 'k', 'v');
  const read = await cache.getWithHash(CACHE, 'k');
  if (written.type !== 'Stored' || read.type !== 'Hit') throw new Error(`${written.type} ${read.type}`);
  expect(read.valueString()).toBe('v');
  expect(read.hashUint8Array()).toEqual(written.hashUint8Array());
  expect(outcome(await cache.getWithHash(CACHE, 'absent'))).toBe('Miss');
});

test('a condition sees expiry: what has expired is absent', async () => {
  const clock = fakeClock();
  const cache = cacheClient(await startForTest(clock));
  await cache.setIfAbsent(CACHE, 'slot', 'first', { ttl: 5 });
  clock.advance(4_999);
  expect(outcome(await cache.setIfAbsent(CACHE, 'slot', 'second', { ttl: 5 }))).toBe('NotStored');
  clock.advance(1);
  expect(outcome(await cache.setIfEqual(CACHE, 'slot', 'first', 'first', { ttl: 5 }))).toBe('NotStored');
  expect(outcome(await cache.setIfAbsent(CACHE, 'slot', 'second', { ttl: 5 }))).toBe('Stored');
});

test('of many conditional writes at once, one wins', async () => {
  const cache = cacheClient(await startForTest());
  const attempts = await Promise.all(
    Array.from({ length: 50 }, (_, n) => cache.setIfAbsent(CACHE, 'slot', `device ${n}`)),
  );
  expect(attempts.filter((attempt) => attempt.type === 'Stored')).toHaveLength(1);
});

test('counts up and down, and refuses to count what is no integer', async () => {
  const cache = cacheClient(await startForTest());
  expect((await cache.increment(CACHE, 'n')).value()).toBe(1);
  expect((await cache.increment(CACHE, 'n', -5)).value()).toBe(-4);
  expect((await cache.get(CACHE, 'n')).value()).toBe('-4');
  await cache.set(CACHE, 'text', 'abc');
  expect(outcome(await cache.increment(CACHE, 'text'))).toBe('FAILED_PRECONDITION_ERROR');
});

test('tells which keys exist and what kind of item they hold', async () => {
  const cache = cacheClient(await startForTest());
  await cache.set(CACHE, 'scalar', 'v');
  await cache.dictionarySetField(CACHE, 'dictionary', 'f', 'v');
  await cache.sortedSetPutElement(CACHE, 'sorted', 'v', 1);
  const exist = await cache.keysExist(CACHE, ['scalar', 'absent', 'dictionary']);
  if (exist.type !== 'Success') throw new Error(exist.toString());
  expect(exist.exists()).toEqual([true, false, true]);
  for (const [key, type] of [
    ['scalar', ItemType.SCALAR],
    ['dictionary', ItemType.DICTIONARY],
    ['sorted', ItemType.SORTED_SET],
  ] as const) {
    const response = await cache.itemGetType(CACHE, key);
    expect(response.type === 'Hit' ? response.itemType() : response.type).toBe(type);
  }
  expect(outcome(await cache.itemGetType(CACHE, 'absent'))).toBe('Miss');
});

test('changes a TTL by overwriting, only upwards, or only downwards', async () => {
  const clock = fakeClock();
  const cache = cacheClient(await startForTest(clock));
  const remaining = async () => {
    const response = await cache.itemGetTtl(CACHE, 'k');
    return response.type === 'Hit' ? response.remainingTtlMillis() : response.type;
  };
  expect(outcome(await cache.updateTtl(CACHE, 'k', 1000))).toBe('Miss');
  await cache.set(CACHE, 'k', 'v', { ttl: 10 });
  clock.advance(1_000);
  expect(await remaining()).toBe(9_000);
  expect(outcome(await cache.increaseTtl(CACHE, 'k', 5_000))).toBe('NotSet');
  expect(outcome(await cache.decreaseTtl(CACHE, 'k', 5_000))).toBe('Set');
  expect(await remaining()).toBe(5_000);
  expect(outcome(await cache.decreaseTtl(CACHE, 'k', 6_000))).toBe('NotSet');
  expect(outcome(await cache.increaseTtl(CACHE, 'k', 6_000))).toBe('Set');
  expect(outcome(await cache.updateTtl(CACHE, 'k', 2_000))).toBe('Set');
  expect(await remaining()).toBe(2_000);
});

test('refuses a TTL of more than a day', async () => {
  const cache = cacheClient(await startForTest());
  const ttl = DAY_SECONDS + 1;
  expect(outcome(await cache.set(CACHE, 'k', 'v', { ttl }))).toBe('INVALID_ARGUMENT_ERROR');
  expect(outcome(await cache.setIfAbsent(CACHE, 'k', 'v', { ttl }))).toBe('INVALID_ARGUMENT_ERROR');
  expect(outcome(await cache.setBatch(CACHE, new Map([['k', 'v']]), { ttl }))).toBe('INVALID_ARGUMENT_ERROR');
  expect(outcome(await cache.get(CACHE, 'k'))).toBe('Miss');
  expect(outcome(await cache.set(CACHE, 'k', 'v', { ttl: DAY_SECONDS }))).toBe('Success');
});

// The SDKs take a TTL of 0 for "the default", so this one is sent without them.
test('refuses a TTL of nothing', async () => {
  const momento = await startForTest();
  const { _SetRequest, UnimplementedScsService } = wire.cache_client;
  const request = new _SetRequest({
    cache_key: Buffer.from('k'),
    cache_body: Buffer.from('v'),
    ttl_milliseconds: 0,
  });
  const metadata = { cache: CACHE, authorization: momento.mintKey('data') };
  const { code } = await callByWeb(momento.url, UnimplementedScsService.definition.Set, request, metadata);
  expect(code).toBe(statusCodes.INVALID_ARGUMENT);
});

test('refuses an item of more than 5 MB and an empty key', async () => {
  const cache = cacheClient(await startForTest());
  const largest = Buffer.alloc(5_000_000 - 1);
  expect(outcome(await cache.set(CACHE, 'k', largest))).toBe('Success');
  const refused = await cache.set(CACHE, 'kk', largest);
  expect(outcome(refused)).toBe('LIMIT_EXCEEDED_ERROR');
  expect(refused.toString()).toContain('Item size limit exceeded');
  expect(outcome(await cache.set(CACHE, '', 'v'))).toBe('INVALID_ARGUMENT_ERROR');
});

test('refuses an operation on an item of another kind', async () => {
  const cache = cacheClient(await startForTest());
  await cache.set(CACHE, 'scalar', 'v');
  await cache.dictionarySetField(CACHE, 'dictionary', 'f', 'v');
  expect(outcome(await cache.get(CACHE, 'dictionary'))).toBe('FAILED_PRECONDITION_ERROR');
  expect(outcome(await cache.dictionaryFetch(CACHE, 'scalar'))).toBe('FAILED_PRECONDITION_ERROR');
  expect(outcome(await cache.sortedSetFetchByRank(CACHE, 'scalar'))).toBe('FAILED_PRECONDITION_ERROR');
});

test('says that a cache does not exist in the words the SDK looks for', async () => {
  const cache = cacheClient(await startForTest());
  const response = await cache.get('elsewhere', 'k');
  expect(outcome(response)).toBe('NOT_FOUND_ERROR');
  expect(response.toString()).toContain('A cache with the specified name does not exist.');
});

test('a flushed cache is empty, its old values included', async () => {
  const momento = await startForTest();
  const cache = cacheClient(momento, undefined, ReadConcern.BALANCED);
  await cache.set(CACHE, 'k', 'v');
  momento.flushCache(CACHE);
  momento.serveStaleReads(true);
  expect(outcome(await cache.get(CACHE, 'k'))).toBe('Miss');
});
