import { isDeepStrictEqual } from 'node:util';

/** What a stand-in does with one property of a resource. */
export type PropertySupport =
  | { readonly kind: 'honoured' }
  /** Accepted although nothing happens, because nothing on this machine could tell the difference. */
  | { readonly kind: 'without-effect'; readonly why: string }
  /** Honoured for these values, refused for every other. */
  | { readonly kind: 'only'; readonly values: readonly unknown[] }
  | { readonly kind: 'fields'; readonly fields: Properties }
  | { readonly kind: 'each'; readonly item: PropertySupport };

export type Properties = Readonly<Record<string, PropertySupport>>;

/** What a stand-in does with one resource type; a type without an entry is refused. */
export type TypeSupport =
  | { readonly kind: 'honoured'; readonly properties: Properties }
  | { readonly kind: 'without-effect'; readonly why: string }
  /** The stand-in reads the properties itself and refuses what it cannot honour. */
  | { readonly kind: 'checked-by-stand-in' };

export type Support = Readonly<Record<string, TypeSupport>>;

export const honoured: PropertySupport = { kind: 'honoured' };
export const withoutEffect = (why: string) => ({ kind: 'without-effect', why }) as const;
export const only = (...values: readonly unknown[]): PropertySupport => ({ kind: 'only', values });
export const fields = (properties: Properties): PropertySupport => ({ kind: 'fields', fields: properties });
export const each = (item: PropertySupport): PropertySupport => ({ kind: 'each', item });
export const resource = (properties: Properties): TypeSupport => ({ kind: 'honoured', properties });

/** What in `value` is beyond the support, each as `path: reason`. Empty when all of it can be honoured. */
export function refusals(support: PropertySupport, value: unknown, path: string): readonly string[] {
  switch (support.kind) {
    case 'only':
      return support.values.some((allowed) => isDeepStrictEqual(allowed, value))
        ? []
        : [`${path} is ${JSON.stringify(value)}; supported: ${JSON.stringify(support.values)}`];
    case 'each':
      return (value as readonly unknown[]).flatMap((item, index) =>
        refusals(support.item, item, `${path}[${index}]`),
      );
    case 'fields':
      return Object.entries(value as object).flatMap(([name, item]) => {
        const field = support.fields[name];
        const inner = path === '' ? name : `${path}.${name}`;
        return field === undefined ? [`${inner} is not supported`] : refusals(field, item, inner);
      });
    default:
      return [];
  }
}
