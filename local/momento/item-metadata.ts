import { cache as wire } from '@gomomento/generated-types';
import { itemRpc, type DataPlane } from './data-plane.ts';
import { operationsFor, requireTtl } from './limits.ts';
import type { Rpc } from './rpc.ts';
import { invalid } from './status.ts';
import type { Item, Value } from './store.ts';

const {
  UnimplementedScsService,
  _ItemGetTtlResponse,
  _ItemGetTypeResponse,
  _KeysExistResponse,
  _UpdateTtlResponse,
} = wire.cache_client;
const scs = UnimplementedScsService.definition;
type UpdateTtl = wire.cache_client._UpdateTtlRequest;

const typeCodes = {
  scalar: _ItemGetTypeResponse.ItemType.SCALAR,
  dictionary: _ItemGetTypeResponse.ItemType.DICTIONARY,
  'sorted set': _ItemGetTypeResponse.ItemType.SORTED_SET,
} satisfies Record<Value['kind'], number>;

const ownKey = ({ cache_key }: { readonly cache_key: Uint8Array }) => [cache_key];

/** What `cache_client.Scs` tells about items of any kind: existence, type, remaining life, and a change of it. */
export function itemMetadataRpcs(plane: DataPlane): readonly Rpc[] {
  const { now } = plane;
  return [
    itemRpc(
      plane,
      scs.KeysExist,
      {
        access: 'read',
        keys: (request) => request.cache_keys,
        cost: (r) => operationsFor(r.cache_keys.length),
      },
      ({ cache, concern }, { cache_keys }) =>
        new _KeysExistResponse({ exists: cache_keys.map((key) => cache.read(key, concern) !== undefined) }),
    ),

    itemRpc(plane, scs.ItemGetTtl, { access: 'read', keys: ownKey }, ({ cache, concern }, { cache_key }) => {
      const item = cache.read(cache_key, concern);
      return new _ItemGetTtlResponse(
        item === undefined
          ? { missing: new _ItemGetTtlResponse._Missing() }
          : { found: new _ItemGetTtlResponse._Found({ remaining_ttl_millis: item.expiresAtMs - now() }) },
      );
    }),

    itemRpc(plane, scs.ItemGetType, { access: 'read', keys: ownKey }, ({ cache, concern }, { cache_key }) => {
      const item = cache.read(cache_key, concern);
      return new _ItemGetTypeResponse(
        item === undefined
          ? { missing: new _ItemGetTypeResponse._Missing() }
          : { found: new _ItemGetTypeResponse._Found({ item_type: typeCodes[item.value.kind] }) },
      );
    }),

    itemRpc(plane, scs.UpdateTtl, { access: 'read-write', keys: ownKey }, ({ cache }, request) => {
      const item = cache.find(request.cache_key);
      const { expiresAtMs, applies } = expiryAsked(request, now());
      if (item === undefined) return new _UpdateTtlResponse({ missing: new _UpdateTtlResponse._Missing() });
      if (!applies(item)) return new _UpdateTtlResponse({ not_set: new _UpdateTtlResponse._NotSet() });
      cache.extend(request.cache_key, expiresAtMs);
      return new _UpdateTtlResponse({ set: new _UpdateTtlResponse._Set() });
    }),
  ];
}

interface ExpiryAsked {
  readonly expiresAtMs: number;
  readonly applies: (item: Item) => boolean;
}

function expiryAsked(request: UpdateTtl, nowMs: number): ExpiryAsked {
  switch (request.update_ttl) {
    case 'overwrite_to_milliseconds':
      return { expiresAtMs: nowMs + requireTtl(request.overwrite_to_milliseconds), applies: () => true };
    case 'increase_to_milliseconds': {
      const expiresAtMs = nowMs + requireTtl(request.increase_to_milliseconds);
      return { expiresAtMs, applies: (item) => expiresAtMs > item.expiresAtMs };
    }
    case 'decrease_to_milliseconds': {
      const expiresAtMs = nowMs + requireTtl(request.decrease_to_milliseconds);
      return { expiresAtMs, applies: (item) => expiresAtMs < item.expiresAtMs };
    }
    default:
      throw invalid('UpdateTtl needs a TTL');
  }
}
