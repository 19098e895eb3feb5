import { Refusal } from './status.ts';

/** How fresh a read must be. Momento's default is `balanced`, which may lag behind the last write. */
export type ReadConcern = 'balanced' | 'consistent' | 'express';

/** Keys, fields and elements are bytes; as latin1 text they can be compared and used in a Map. */
export type ByteText = string;

export const toText = (bytes: Uint8Array): ByteText => Buffer.from(bytes).toString('latin1');
export const toBytes = (text: ByteText): Buffer => Buffer.from(text, 'latin1');

export interface Scalar {
  readonly kind: 'scalar';
  readonly bytes: Buffer;
}
export interface Dictionary {
  readonly kind: 'dictionary';
  readonly fields: ReadonlyMap<ByteText, Buffer>;
}
export interface SortedSet {
  readonly kind: 'sorted set';
  readonly scores: ReadonlyMap<ByteText, number>;
}
export type Value = Scalar | Dictionary | SortedSet;

/** Never changed in place: a write makes a new item, so the one before it can still be read. */
export interface Item {
  readonly value: Value;
  readonly expiresAtMs: number;
}

/** One cache. Expiry is decided when an item is looked at, so a clock moved by a test is obeyed at once. */
export interface Cache {
  /** The item as the last write left it; what conditions and increments are decided on. */
  find(key: Uint8Array): Item | undefined;
  /** The item as a read may see it: for anything but `consistent`, possibly the one before the last write. */
  read(key: Uint8Array, concern: ReadConcern): Item | undefined;
  put(key: Uint8Array, item: Item): void;
  /** Moves the expiry alone; not a write that a stale read would lag behind. */
  extend(key: Uint8Array, expiresAtMs: number): void;
  remove(key: Uint8Array): void;
  clear(): void;
  /** What is in it now, by key. */
  values(): ReadonlyMap<ByteText, Value>;
}

interface Versions {
  readonly current: Item | undefined;
  readonly previous: Item | undefined;
}

// Items nobody asks for again would stay for ever; looking through them once in so many writes is cheap.
const WRITES_BETWEEN_SWEEPS = 4096;

/** @param staleReads tells whether reads that allow it shall lag one write behind */
export function createCache({
  now,
  staleReads,
}: {
  readonly now: () => number;
  readonly staleReads: () => boolean;
}): Cache {
  const versions = new Map<ByteText, Versions>();
  let writes = 0;

  const alive = (item: Item | undefined) =>
    item !== undefined && item.expiresAtMs > now() ? item : undefined;

  function write(key: Uint8Array, next: Item | undefined): void {
    const name = toText(key);
    versions.set(name, { current: next, previous: alive(versions.get(name)?.current) });
    writes += 1;
    if (writes % WRITES_BETWEEN_SWEEPS === 0) sweep();
  }

  function sweep(): void {
    for (const [name, { current, previous }] of versions) {
      if (!alive(current) && !alive(previous)) versions.delete(name);
    }
  }

  const find = (key: Uint8Array) => alive(versions.get(toText(key))?.current);

  return {
    find,
    read(key, concern) {
      if (concern === 'consistent' || !staleReads()) return find(key);
      return alive(versions.get(toText(key))?.previous);
    },
    put: write,
    extend(key, expiresAtMs) {
      const name = toText(key);
      const found = versions.get(name);
      if (found?.current) versions.set(name, { ...found, current: { ...found.current, expiresAtMs } });
    },
    remove(key) {
      if (find(key)) write(key, undefined);
    },
    clear: () => versions.clear(),
    values: () =>
      new Map(
        [...versions].flatMap(([name, { current }]) => {
          const item = alive(current);
          return item ? [[name, item.value] as const] : [];
        }),
      ),
  };
}

/**
 * Narrows an item to the kind an operation works on.
 *
 * @throws Refusal FAILED_PRECONDITION when the key holds another kind
 */
export function expectKind<Kind extends Value['kind']>(
  item: Item | undefined,
  kind: Kind,
): Extract<Value, { kind: Kind }> | undefined {
  if (item === undefined) return undefined;
  if (!isKind(item.value, kind)) {
    throw new Refusal('FAILED_PRECONDITION', `The item is a ${item.value.kind}, not a ${kind}`);
  }
  return item.value;
}

function isKind<Kind extends Value['kind']>(
  value: Value,
  kind: Kind,
): value is Extract<Value, { kind: Kind }> {
  return value.kind === kind;
}
