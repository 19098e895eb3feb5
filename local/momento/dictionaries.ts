import { cache as wire } from '@gomomento/generated-types';
import { itemRpc, type DataPlane, type Scene } from './data-plane.ts';
import { add } from './integers.ts';
import { operationsFor, requireElementSize, requireTtl } from './limits.ts';
import type { Rpc } from './rpc.ts';
import { invalid } from './status.ts';
import { expectKind, toBytes, toText, type ByteText } from './store.ts';

const {
  ECacheResult,
  UnimplementedScsService,
  _DictionaryDeleteResponse,
  _DictionaryFetchResponse,
  _DictionaryFieldValuePair,
  _DictionaryGetResponse,
  _DictionaryIncrementResponse,
  _DictionaryLengthResponse,
  _DictionarySetResponse,
} = wire.cache_client;
const scs = UnimplementedScsService.definition;

interface Named {
  readonly dictionary_name: Uint8Array;
}
interface Lifetime {
  readonly ttl_milliseconds: number;
  /** Whether a write renews the life of a dictionary that is there already. */
  readonly refresh_ttl: boolean;
}
type Fields = ReadonlyMap<ByteText, Buffer>;

const ownKey = ({ dictionary_name }: Named) => [dictionary_name];

const read = ({ cache, concern }: Scene, { dictionary_name }: Named): Fields | undefined =>
  expectKind(cache.read(dictionary_name, concern), 'dictionary')?.fields;

function removeFields({ cache }: Scene, { dictionary_name }: Named, fields: readonly Uint8Array[]): void {
  const item = cache.find(dictionary_name);
  if (item === undefined) return;
  const left = new Map(expectKind(item, 'dictionary')?.fields);
  for (const field of fields) left.delete(toText(field));
  if (left.size === 0) cache.remove(dictionary_name);
  else cache.put(dictionary_name, { ...item, value: { kind: 'dictionary', fields: left } });
}

/** The dictionary part of `cache_client.Scs`. A dictionary that loses its last field is gone. */
export function dictionaryRpcs(plane: DataPlane): readonly Rpc[] {
  const { now } = plane;

  /** Puts fields into the dictionary as the last write left it, making it when it is absent. */
  function merge({ cache }: Scene, request: Named & Lifetime, changes: Fields): void {
    const item = cache.find(request.dictionary_name);
    const before = expectKind(item, 'dictionary')?.fields ?? new Map();
    const expiresAtMs = now() + requireTtl(request.ttl_milliseconds);
    cache.put(request.dictionary_name, {
      value: { kind: 'dictionary', fields: new Map([...before, ...changes]) },
      expiresAtMs: item === undefined || request.refresh_ttl ? expiresAtMs : item.expiresAtMs,
    });
  }

  return [
    itemRpc(
      plane,
      scs.DictionaryGet,
      { access: 'read', keys: ownKey, cost: ({ fields }) => operationsFor(fields.length) },
      (scene, request) => {
        const fields = read(scene, request);
        if (fields === undefined)
          return new _DictionaryGetResponse({ missing: new _DictionaryGetResponse._Missing() });
        const items = request.fields.map((field) => part(fields.get(toText(field))));
        return new _DictionaryGetResponse({ found: new _DictionaryGetResponse._Found({ items }) });
      },
    ),

    itemRpc(
      plane,
      scs.DictionaryFetch,
      {
        access: 'read',
        keys: ownKey,
        answerCost: (response) => operationsFor(response.has_found ? response.found.items.length : 1),
      },
      (scene, request) => {
        const fields = read(scene, request);
        if (fields === undefined) {
          return new _DictionaryFetchResponse({ missing: new _DictionaryFetchResponse._Missing() });
        }
        const items = [...fields].map(
          ([field, value]) => new _DictionaryFieldValuePair({ field: toBytes(field), value }),
        );
        return new _DictionaryFetchResponse({ found: new _DictionaryFetchResponse._Found({ items }) });
      },
    ),

    itemRpc(
      plane,
      scs.DictionarySet,
      { access: 'write', keys: ownKey, cost: ({ items }) => operationsFor(items.length) },
      (scene, request) => {
        if (request.items.length === 0) throw invalid('DictionarySet needs at least one field');
        for (const { field, value } of request.items) requireElementSize(field, value);
        merge(scene, request, new Map(request.items.map((i) => [toText(i.field), Buffer.from(i.value)])));
        return new _DictionarySetResponse();
      },
    ),

    itemRpc(plane, scs.DictionaryIncrement, { access: 'read-write', keys: ownKey }, (scene, request) => {
      const field = toText(request.field);
      const before = expectKind(scene.cache.find(request.dictionary_name), 'dictionary')?.fields.get(field);
      const { sum, text } = add(before, request.amount);
      requireElementSize(request.field, text);
      merge(scene, request, new Map([[field, text]]));
      return new _DictionaryIncrementResponse({ value: sum });
    }),

    itemRpc(plane, scs.DictionaryLength, { access: 'read', keys: ownKey }, (scene, request) => {
      const fields = read(scene, request);
      return new _DictionaryLengthResponse(
        fields === undefined
          ? { missing: new _DictionaryLengthResponse._Missing() }
          : { found: new _DictionaryLengthResponse._Found({ length: fields.size }) },
      );
    }),

    itemRpc(
      plane,
      scs.DictionaryDelete,
      { access: 'write', keys: ownKey, cost: (r) => operationsFor(r.has_some ? r.some.fields.length : 1) },
      (scene, request) => {
        if (request.has_some) removeFields(scene, request, request.some.fields);
        else if (request.has_all) scene.cache.remove(request.dictionary_name);
        else throw invalid('DictionaryDelete names fields or all');
        return new _DictionaryDeleteResponse();
      },
    ),
  ];
}

function part(value: Buffer | undefined) {
  return new _DictionaryGetResponse._DictionaryGetResponsePart(
    value === undefined ? { result: ECacheResult.Miss } : { result: ECacheResult.Hit, cache_body: value },
  );
}
