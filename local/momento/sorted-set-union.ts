import { cache as wire } from '@gomomento/generated-types';
import { itemRpc, type DataPlane } from './data-plane.ts';
import { operationsFor, requireTtl } from './limits.ts';
import type { Rpc } from './rpc.ts';
import { invalid } from './status.ts';
import { expectKind } from './store.ts';

const { UnimplementedScsService, _SortedSetUnionStoreRequest, _SortedSetUnionStoreResponse } =
  wire.cache_client;
const { AggregateFunction } = _SortedSetUnionStoreRequest;
const { SortedSetUnionStore: definition } = UnimplementedScsService.definition;

/**
 * `SortedSetUnionStore`: merges weighted sets into one, replacing what is there; an empty union leaves nothing.
 * A token must allow reading and writing of the sources too, which is stricter than the operation needs.
 */
export function sortedSetUnionRpc(plane: DataPlane): Rpc {
  return itemRpc(
    plane,
    definition,
    {
      access: 'read-write',
      keys: (request) => [request.set_name, ...request.sources.map(({ set_name }) => set_name)],
      cost: ({ sources }) => operationsFor(sources.length),
    },
    ({ cache }, request) => {
      if (request.sources.length === 0) throw invalid('A union needs at least one source');
      const expiresAtMs = plane.now() + requireTtl(request.ttl_milliseconds);
      const scores = new Map<string, number>();
      for (const { set_name, weight } of request.sources) {
        for (const [element, score] of expectKind(cache.find(set_name), 'sorted set')?.scores ?? []) {
          const before = scores.get(element);
          const weighted = score * weight;
          scores.set(
            element,
            before === undefined ? weighted : aggregate(request.aggregate, before, weighted),
          );
        }
      }
      if (scores.size === 0) cache.remove(request.set_name);
      else cache.put(request.set_name, { value: { kind: 'sorted set', scores }, expiresAtMs });
      return new _SortedSetUnionStoreResponse({ length: scores.size });
    },
  );
}

function aggregate(
  by: wire.cache_client._SortedSetUnionStoreRequest.AggregateFunction,
  a: number,
  b: number,
): number {
  if (by === AggregateFunction.MIN) return Math.min(a, b);
  if (by === AggregateFunction.MAX) return Math.max(a, b);
  return a + b;
}
