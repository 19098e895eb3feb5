import { cache as wire } from '@gomomento/generated-types';
import { CacheRole, ExpiresIn } from '@gomomento/sdk';
import { expect, test } from 'vitest';
import type { MomentoStandIn } from '../../../local/momento/server.ts';
import { statusCodes } from '../../../local/momento/status.ts';
import { CACHE, disposableToken, startForTest } from './fixtures.ts';
import { callByWeb, type ClientDefinition } from './grpc-web.ts';

const types = wire.cache_client;
const scs = types.UnimplementedScsService.definition;

/** A call of one RPC on one key: the server's address and the metadata are filled in by the test. */
type Attempt = (url: string, metadata: Readonly<Record<string, string>>) => Promise<number>;

function attempt<Request>(definition: ClientDefinition<Request, unknown>, request: Request): Attempt {
  return async (url, metadata) => (await callByWeb(url, definition, request, metadata)).code;
}

const value = Buffer.from('1');
const ttl_milliseconds = 60_000;

/** Every data RPC the stand-in supports, aimed at `key`, with what it takes to be allowed. */
function attemptsOn(
  name: string,
): Record<string, { readonly needs: 'read' | 'write' | 'both'; readonly call: Attempt }> {
  const key = Buffer.from(name);
  const cache_key = key;
  const write = { cache_key, cache_body: value, ttl_milliseconds };
  const dictionary = { dictionary_name: key };
  const collection = { ttl_milliseconds, refresh_ttl: true };
  const set = { set_name: key };
  const field = { field: value, value };
  return {
    Get: { needs: 'read', call: attempt(scs.Get, new types._GetRequest({ cache_key })) },
    GetWithHash: {
      needs: 'read',
      call: attempt(scs.GetWithHash, new types._GetWithHashRequest({ cache_key })),
    },
    GetBatch: {
      needs: 'read',
      call: attempt(
        scs.GetBatch,
        new types._GetBatchRequest({ items: [new types._GetRequest({ cache_key })] }),
      ),
    },
    Set: { needs: 'write', call: attempt(scs.Set, new types._SetRequest(write)) },
    SetBatch: {
      needs: 'write',
      call: attempt(scs.SetBatch, new types._SetBatchRequest({ items: [new types._SetRequest(write)] })),
    },
    SetIf: {
      needs: 'both',
      call: attempt(scs.SetIf, types._SetIfRequest.fromObject({ ...write, absent: {} })),
    },
    SetIfHash: {
      needs: 'both',
      call: attempt(scs.SetIfHash, types._SetIfHashRequest.fromObject({ ...write, unconditional: {} })),
    },
    SetIfNotExists: {
      needs: 'both',
      call: attempt(scs.SetIfNotExists, new types._SetIfNotExistsRequest(write)),
    },
    Delete: { needs: 'write', call: attempt(scs.Delete, new types._DeleteRequest({ cache_key })) },
    KeysExist: {
      needs: 'read',
      call: attempt(scs.KeysExist, new types._KeysExistRequest({ cache_keys: [cache_key] })),
    },
    Increment: {
      needs: 'both',
      call: attempt(scs.Increment, new types._IncrementRequest({ cache_key, amount: 1, ttl_milliseconds })),
    },
    UpdateTtl: {
      needs: 'both',
      call: attempt(scs.UpdateTtl, new types._UpdateTtlRequest({ cache_key, overwrite_to_milliseconds: 1 })),
    },
    ItemGetTtl: { needs: 'read', call: attempt(scs.ItemGetTtl, new types._ItemGetTtlRequest({ cache_key })) },
    ItemGetType: {
      needs: 'read',
      call: attempt(scs.ItemGetType, new types._ItemGetTypeRequest({ cache_key })),
    },
    DictionaryGet: {
      needs: 'read',
      call: attempt(scs.DictionaryGet, new types._DictionaryGetRequest({ ...dictionary, fields: [value] })),
    },
    DictionaryFetch: {
      needs: 'read',
      call: attempt(scs.DictionaryFetch, new types._DictionaryFetchRequest(dictionary)),
    },
    DictionarySet: {
      needs: 'write',
      call: attempt(
        scs.DictionarySet,
        types._DictionarySetRequest.fromObject({ ...dictionary, ...collection, items: [field] }),
      ),
    },
    DictionaryIncrement: {
      needs: 'both',
      call: attempt(
        scs.DictionaryIncrement,
        new types._DictionaryIncrementRequest({ ...dictionary, ...collection, field: value, amount: 1 }),
      ),
    },
    DictionaryDelete: {
      needs: 'write',
      call: attempt(
        scs.DictionaryDelete,
        types._DictionaryDeleteRequest.fromObject({ ...dictionary, all: {} }),
      ),
    },
    DictionaryLength: {
      needs: 'read',
      call: attempt(scs.DictionaryLength, new types._DictionaryLengthRequest(dictionary)),
    },
    SortedSetPut: {
      needs: 'write',
      call: attempt(
        scs.SortedSetPut,
        types._SortedSetPutRequest.fromObject({ ...set, ...collection, elements: [{ value, score: 1 }] }),
      ),
    },
    SortedSetFetch: {
      needs: 'read',
      call: attempt(scs.SortedSetFetch, new types._SortedSetFetchRequest(set)),
    },
    SortedSetGetScore: {
      needs: 'read',
      call: attempt(scs.SortedSetGetScore, new types._SortedSetGetScoreRequest({ ...set, values: [value] })),
    },
    SortedSetRemove: {
      needs: 'write',
      call: attempt(scs.SortedSetRemove, types._SortedSetRemoveRequest.fromObject({ ...set, all: {} })),
    },
    SortedSetIncrement: {
      needs: 'both',
      call: attempt(
        scs.SortedSetIncrement,
        new types._SortedSetIncrementRequest({ ...set, ...collection, value, amount: 1 }),
      ),
    },
    SortedSetGetRank: {
      needs: 'read',
      call: attempt(scs.SortedSetGetRank, new types._SortedSetGetRankRequest({ ...set, value })),
    },
    SortedSetLength: {
      needs: 'read',
      call: attempt(scs.SortedSetLength, new types._SortedSetLengthRequest(set)),
    },
    SortedSetLengthByScore: {
      needs: 'read',
      call: attempt(scs.SortedSetLengthByScore, new types._SortedSetLengthByScoreRequest(set)),
    },
    SortedSetUnionStore: {
      needs: 'both',
      call: attempt(
        scs.SortedSetUnionStore,
        types._SortedSetUnionStoreRequest.fromObject({
          ...set,
          ttl_milliseconds,
          sources: [{ ...set, weight: 1 }],
        }),
      ),
    },
  };
}

/** Runs one attempt in a cache of its own, so that no kind of item left by another is in its way. */
async function codeOf(momento: MomentoStandIn, token: string, call: Attempt): Promise<number> {
  momento.flushCache(CACHE);
  return await call(momento.url, { cache: CACHE, authorization: bare(token) });
}

/** The SDKs unwrap a token themselves before they send it. */
function bare(token: string): string {
  const wrapped: unknown = JSON.parse(Buffer.from(token, 'base64').toString());
  if (typeof wrapped === 'object' && wrapped !== null && 'api_key' in wrapped) return String(wrapped.api_key);
  throw new Error('not a wrapped token');
}

const itemToken = (momento: MomentoStandIn, role: CacheRole, item: { key: string } | { keyPrefix: string }) =>
  disposableToken(momento, { permissions: [{ role, cache: CACHE, item }] }, ExpiresIn.minutes(5));

const table = Object.entries(attemptsOn('mine'));

test('the table names every data RPC but those of lists and sets', () => {
  const supported = Object.keys(scs).filter(
    (name) => !/^(List|Set(Fetch|Sample|Union|Difference|Contains|Length|Pop))/.test(name),
  );
  expect(table.map(([name]) => name).toSorted()).toEqual(supported.toSorted());
});

test.each(table)('%s is refused to a token for another key or prefix', async (name) => {
  const momento = await startForTest();
  for (const item of [{ key: 'mine' }, { keyPrefix: 'mine' }]) {
    const token = await itemToken(momento, CacheRole.ReadWrite, item);
    const others = attemptsOn('yours')[name];
    const own = attemptsOn('mine')[name];
    if (!others || !own) throw new Error(`no attempt for ${name}`);
    expect(await codeOf(momento, token, others.call)).toBe(statusCodes.PERMISSION_DENIED);
    expect(await codeOf(momento, token, own.call)).toBe(statusCodes.OK);
  }
});

test.each(table)('%s needs the role that fits it', async (_name, { needs, call }) => {
  const momento = await startForTest();
  const readOnly = await itemToken(momento, CacheRole.ReadOnly, { key: 'mine' });
  const writeOnly = await itemToken(momento, CacheRole.WriteOnly, { key: 'mine' });
  const expected = (allowed: boolean) => (allowed ? statusCodes.OK : statusCodes.PERMISSION_DENIED);
  expect(await codeOf(momento, readOnly, call), 'read-only').toBe(expected(needs === 'read'));
  expect(await codeOf(momento, writeOnly, call), 'write-only').toBe(expected(needs === 'write'));
});

test.each(table)('%s is refused without a key, and in another cache', async (_name, { call }) => {
  const momento = await startForTest();
  momento.createCache('other');
  const token = bare(await itemToken(momento, CacheRole.ReadWrite, { key: 'mine' }));
  expect(await call(momento.url, { cache: CACHE })).toBe(statusCodes.UNAUTHENTICATED);
  expect(await call(momento.url, { cache: 'other', authorization: token })).toBe(
    statusCodes.PERMISSION_DENIED,
  );
  const key = momento.mintKey('data');
  expect(await call(momento.url, { cache: 'absent', authorization: key })).toBe(statusCodes.NOT_FOUND);
});

test.each(Object.entries(scs).filter(([name]) => !table.some(([supported]) => supported === name)))(
  '%s is refused as not supported, by name',
  async (name, definition) => {
    const momento = await startForTest();
    const response = await fetch(`${momento.url}${definition.path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/grpc-web+proto',
        cache: CACHE,
        authorization: momento.mintKey('super'),
      },
      body: Buffer.alloc(5),
    });
    const text = await response.text();
    expect(text).toContain(`grpc-status: ${statusCodes.UNIMPLEMENTED}`);
    expect(text).toContain(name);
  },
);
