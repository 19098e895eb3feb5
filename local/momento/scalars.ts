import { cache as wire } from '@gomomento/generated-types';
import { batchRpc, itemRpc, type DataPlane, type Scene } from './data-plane.ts';
import { add } from './integers.ts';
import { requireItemSize, requireTtl } from './limits.ts';
import type { Rpc } from './rpc.ts';
import { conditionHolds, hashConditionHolds, hashOf } from './set-conditions.ts';
import { expectKind } from './store.ts';

const {
  ECacheResult,
  UnimplementedScsService,
  _DeleteResponse,
  _GetResponse,
  _GetWithHashResponse,
  _IncrementResponse,
  _SetIfHashResponse,
  _SetIfNotExistsResponse,
  _SetIfResponse,
  _SetResponse,
} = wire.cache_client;
const scs = UnimplementedScsService.definition;

interface Keyed {
  readonly cache_key: Uint8Array;
}
interface Write extends Keyed {
  readonly cache_body: Uint8Array;
  readonly ttl_milliseconds: number;
}

const ownKey = ({ cache_key }: Keyed) => [cache_key];
const keysOfAll = ({ items }: { readonly items: readonly Keyed[] }) =>
  items.map(({ cache_key }) => cache_key);
const onePerItem = ({ items }: { readonly items: readonly Keyed[] }) => Math.max(1, items.length);

const held = ({ cache }: Scene, { cache_key }: Keyed) => expectKind(cache.find(cache_key), 'scalar')?.bytes;

const get = ({ cache, concern }: Scene, { cache_key }: Keyed) =>
  expectKind(cache.read(cache_key, concern), 'scalar')?.bytes;

const getResponse = (bytes: Buffer | undefined) =>
  new _GetResponse(
    bytes === undefined ? { result: ECacheResult.Miss } : { result: ECacheResult.Hit, cache_body: bytes },
  );

/** The scalar part of `cache_client.Scs`: get, set, conditional sets by value and by hash, delete, increment. */
export function scalarRpcs(plane: DataPlane): readonly Rpc[] {
  const { now } = plane;

  function put({ cache }: Scene, { cache_key, cache_body, ttl_milliseconds }: Write): void {
    requireItemSize(cache_key, cache_body);
    const expiresAtMs = now() + requireTtl(ttl_milliseconds);
    cache.put(cache_key, { value: { kind: 'scalar', bytes: Buffer.from(cache_body) }, expiresAtMs });
  }

  /** Refuses what could not be stored whether or not the condition holds, as it does not depend on it. */
  function putIf(scene: Scene, request: Write, holds: boolean): boolean {
    requireItemSize(request.cache_key, request.cache_body);
    requireTtl(request.ttl_milliseconds);
    if (holds) put(scene, request);
    return holds;
  }

  return [
    itemRpc(plane, scs.Get, { access: 'read', keys: ownKey }, (scene, request) =>
      getResponse(get(scene, request)),
    ),

    batchRpc(plane, scs.GetBatch, { access: 'read', keys: keysOfAll, cost: onePerItem }, (scene, { items }) =>
      items.map((item) => getResponse(get(scene, item))),
    ),

    itemRpc(plane, scs.GetWithHash, { access: 'read', keys: ownKey }, (scene, request) => {
      const bytes = get(scene, request);
      return new _GetWithHashResponse(
        bytes === undefined
          ? { missing: new _GetWithHashResponse._Missing() }
          : { found: new _GetWithHashResponse._Found({ value: bytes, hash: hashOf(bytes) }) },
      );
    }),

    itemRpc(plane, scs.Set, { access: 'write', keys: ownKey }, (scene, request) => {
      put(scene, request);
      return new _SetResponse({ result: ECacheResult.Ok });
    }),

    batchRpc(
      plane,
      scs.SetBatch,
      { access: 'write', keys: keysOfAll, cost: onePerItem },
      (scene, { items }) => {
        for (const item of items) {
          requireItemSize(item.cache_key, item.cache_body);
          requireTtl(item.ttl_milliseconds);
        }
        return items.map((item) => {
          put(scene, item);
          return new _SetResponse({ result: ECacheResult.Ok });
        });
      },
    ),

    itemRpc(plane, scs.SetIf, { access: 'read-write', keys: ownKey }, (scene, request) => {
      const stored = putIf(scene, request, conditionHolds(request, held(scene, request)));
      return new _SetIfResponse(
        stored ? { stored: new _SetIfResponse._Stored() } : { not_stored: new _SetIfResponse._NotStored() },
      );
    }),

    itemRpc(plane, scs.SetIfNotExists, { access: 'read-write', keys: ownKey }, (scene, request) => {
      const stored = putIf(scene, request, held(scene, request) === undefined);
      return new _SetIfNotExistsResponse(
        stored
          ? { stored: new _SetIfNotExistsResponse._Stored() }
          : { not_stored: new _SetIfNotExistsResponse._NotStored() },
      );
    }),

    // Also what `setWithHash` sends, with the condition "unconditional".
    itemRpc(plane, scs.SetIfHash, { access: 'read-write', keys: ownKey }, (scene, request) => {
      const stored = putIf(scene, request, hashConditionHolds(request, held(scene, request)));
      return new _SetIfHashResponse(
        stored
          ? { stored: new _SetIfHashResponse._Stored({ new_hash: hashOf(request.cache_body) }) }
          : { not_stored: new _SetIfHashResponse._NotStored() },
      );
    }),

    itemRpc(plane, scs.Delete, { access: 'write', keys: ownKey }, ({ cache }, { cache_key }) => {
      cache.remove(cache_key);
      return new _DeleteResponse();
    }),

    itemRpc(plane, scs.Increment, { access: 'read-write', keys: ownKey }, (scene, request) => {
      const { sum, text } = add(held(scene, request), request.amount);
      put(scene, {
        cache_key: request.cache_key,
        cache_body: text,
        ttl_milliseconds: request.ttl_milliseconds,
      });
      return new _IncrementResponse({ value: sum });
    }),
  ];
}
