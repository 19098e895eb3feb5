import { cache as wire } from '@gomomento/generated-types';
import { itemRpc, type DataPlane, type Scene } from './data-plane.ts';
import { operationsFor, requireElementSize, requireTtl } from './limits.ts';
import { countByScore, ranked, select, type Element } from './ranges.ts';
import type { Rpc } from './rpc.ts';
import { invalid } from './status.ts';
import { expectKind, toBytes, toText, type ByteText } from './store.ts';

const {
  ECacheResult,
  UnimplementedScsService,
  _SortedSetElement,
  _SortedSetFetchRequest,
  _SortedSetFetchResponse,
  _SortedSetGetRankRequest,
  _SortedSetGetRankResponse,
  _SortedSetGetScoreResponse,
  _SortedSetIncrementResponse,
  _SortedSetLengthByScoreResponse,
  _SortedSetLengthResponse,
  _SortedSetPutResponse,
  _SortedSetRemoveResponse,
} = wire.cache_client;
const scs = UnimplementedScsService.definition;

interface Named {
  readonly set_name: Uint8Array;
}
interface Lifetime {
  readonly ttl_milliseconds: number;
  /** Whether a write renews the life of a set that is there already. */
  readonly refresh_ttl: boolean;
}
type Scores = ReadonlyMap<ByteText, number>;

const ownKey = ({ set_name }: Named) => [set_name];

const read = ({ cache, concern }: Scene, { set_name }: Named): Scores | undefined =>
  expectKind(cache.read(set_name, concern), 'sorted set')?.scores;

const held = ({ cache }: Scene, { set_name }: Named): Scores | undefined =>
  expectKind(cache.find(set_name), 'sorted set')?.scores;

function removeElements({ cache }: Scene, { set_name }: Named, elements: readonly Uint8Array[]): void {
  const item = cache.find(set_name);
  if (item === undefined) return;
  const left = new Map(expectKind(item, 'sorted set')?.scores);
  for (const element of elements) left.delete(toText(element));
  if (left.size === 0) cache.remove(set_name);
  else cache.put(set_name, { ...item, value: { kind: 'sorted set', scores: left } });
}

/** The sorted-set part of `cache_client.Scs`, union aside. A set that loses its last element is gone. */
export function sortedSetRpcs(plane: DataPlane): readonly Rpc[] {
  const { now } = plane;

  function merge(scene: Scene, request: Named & Lifetime, changes: Scores): void {
    if ([...changes.values()].some(Number.isNaN)) throw invalid('A score must be a number');
    const before = held(scene, request) ?? new Map();
    const item = scene.cache.find(request.set_name);
    const expiresAtMs = now() + requireTtl(request.ttl_milliseconds);
    scene.cache.put(request.set_name, {
      value: { kind: 'sorted set', scores: new Map([...before, ...changes]) },
      expiresAtMs: item === undefined || request.refresh_ttl ? expiresAtMs : item.expiresAtMs,
    });
  }

  return [
    itemRpc(
      plane,
      scs.SortedSetPut,
      { access: 'write', keys: ownKey, cost: ({ elements }) => operationsFor(elements.length) },
      (scene, request) => {
        if (request.elements.length === 0) throw invalid('SortedSetPut needs at least one element');
        for (const { value } of request.elements) requireElementSize(value);
        merge(scene, request, new Map(request.elements.map(({ value, score }) => [toText(value), score])));
        return new _SortedSetPutResponse();
      },
    ),

    itemRpc(plane, scs.SortedSetIncrement, { access: 'read-write', keys: ownKey }, (scene, request) => {
      requireElementSize(request.value);
      const element = toText(request.value);
      const score = (held(scene, request)?.get(element) ?? 0) + request.amount;
      merge(scene, request, new Map([[element, score]]));
      return new _SortedSetIncrementResponse({ score });
    }),

    itemRpc(
      plane,
      scs.SortedSetRemove,
      { access: 'write', keys: ownKey, cost: (r) => operationsFor(r.has_some ? r.some.values.length : 1) },
      (scene, request) => {
        if (request.has_some) removeElements(scene, request, request.some.values);
        else if (request.has_all) scene.cache.remove(request.set_name);
        else throw invalid('SortedSetRemove names elements or all');
        return new _SortedSetRemoveResponse();
      },
    ),

    itemRpc(
      plane,
      scs.SortedSetFetch,
      { access: 'read', keys: ownKey, answerCost: (response) => operationsFor(returned(response)) },
      (scene, request) => {
        const scores = read(scene, request);
        if (scores === undefined) {
          return new _SortedSetFetchResponse({ missing: new _SortedSetFetchResponse._Missing() });
        }
        const descending = request.order === _SortedSetFetchRequest.Order.DESCENDING;
        const elements = select(ranked(scores, descending ? 'descending' : 'ascending'), request);
        return new _SortedSetFetchResponse({
          found: request.with_scores ? withScores(elements) : bare(elements),
        });
      },
    ),

    itemRpc(
      plane,
      scs.SortedSetGetScore,
      { access: 'read', keys: ownKey, cost: ({ values }) => operationsFor(values.length) },
      (scene, request) => {
        const scores = read(scene, request);
        if (scores === undefined) {
          return new _SortedSetGetScoreResponse({
            missing: new _SortedSetGetScoreResponse._SortedSetMissing(),
          });
        }
        const elements = request.values.map((value) => scorePart(scores.get(toText(value))));
        return new _SortedSetGetScoreResponse({
          found: new _SortedSetGetScoreResponse._SortedSetFound({ elements }),
        });
      },
    ),

    itemRpc(plane, scs.SortedSetGetRank, { access: 'read', keys: ownKey }, (scene, request) => {
      const descending = request.order === _SortedSetGetRankRequest.Order.DESCENDING;
      const elements = ranked(read(scene, request) ?? new Map(), descending ? 'descending' : 'ascending');
      const rank = elements.findIndex(([element]) => element === toText(request.value));
      return new _SortedSetGetRankResponse(
        rank < 0
          ? { missing: new _SortedSetGetRankResponse._SortedSetMissing() }
          : {
              element_rank: new _SortedSetGetRankResponse._RankResponsePart({
                result: ECacheResult.Hit,
                rank,
              }),
            },
      );
    }),

    itemRpc(plane, scs.SortedSetLength, { access: 'read', keys: ownKey }, (scene, request) => {
      const scores = read(scene, request);
      return new _SortedSetLengthResponse(
        scores === undefined
          ? { missing: new _SortedSetLengthResponse._Missing() }
          : { found: new _SortedSetLengthResponse._Found({ length: scores.size }) },
      );
    }),

    itemRpc(plane, scs.SortedSetLengthByScore, { access: 'read', keys: ownKey }, (scene, request) => {
      const scores = read(scene, request);
      if (scores === undefined) {
        return new _SortedSetLengthByScoreResponse({
          missing: new _SortedSetLengthByScoreResponse._Missing(),
        });
      }
      const length = countByScore(scores.values(), request);
      return new _SortedSetLengthByScoreResponse({
        found: new _SortedSetLengthByScoreResponse._Found({ length }),
      });
    }),
  ];
}

function withScores(elements: readonly Element[]) {
  const pairs = elements.map(([element, score]) => new _SortedSetElement({ value: toBytes(element), score }));
  return new _SortedSetFetchResponse._Found({
    values_with_scores: new _SortedSetFetchResponse._Found._ValuesWithScores({ elements: pairs }),
  });
}

function bare(elements: readonly Element[]) {
  const values = elements.map(([element]) => toBytes(element));
  return new _SortedSetFetchResponse._Found({
    values: new _SortedSetFetchResponse._Found._Values({ values }),
  });
}

function scorePart(score: number | undefined) {
  return new _SortedSetGetScoreResponse._SortedSetGetScoreResponsePart(
    score === undefined ? { result: ECacheResult.Miss } : { result: ECacheResult.Hit, score },
  );
}

function returned(response: InstanceType<typeof _SortedSetFetchResponse>): number {
  if (!response.has_found) return 1;
  const { found } = response;
  return found.has_values_with_scores ? found.values_with_scores.elements.length : found.values.values.length;
}
