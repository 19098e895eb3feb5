import { valuesAt } from './longest-text.ts';

/** Something that AWS takes only within limits. */
export interface Rule {
  /** Which of a resource's properties; see {@link valuesAt}. */
  readonly property: string;
  /** What is wrong with a value there, or nothing. */
  readonly fault: (value: unknown) => string | undefined;
}

/** A text of so many characters, which are all of a kind where a pattern says so. */
export function text(
  property: string,
  most: number,
  { of, least = 1 }: { readonly of?: RegExp; readonly least?: number } = {},
): Rule {
  return {
    property,
    fault(value) {
      const given = String(value);
      if (given.length > most) return `has ${given.length} characters, more than ${most}: ${given}`;
      if (given.length < least) return `has ${given.length} characters, fewer than ${least}: ${given}`;
      return of?.test(given) === false ? `does not match ${of.source}: ${given}` : undefined;
    },
  };
}

export function number(property: string, least: number, most: number): Rule {
  return {
    property,
    fault: (value) =>
      Number(value) >= least && Number(value) <= most
        ? undefined
        : `is ${String(value)}, not between ${least} and ${most}`,
  };
}

/** A list, or an object with names, of so many. */
export function count(property: string, most: number): Rule {
  return {
    property,
    fault(value) {
      const found = Object.keys(value as object).length;
      return found > most ? `has ${found} entries, more than ${most}` : undefined;
    },
  };
}

/** So many bytes: of a text as it is, of anything else as JSON without spaces. */
export function size(property: string, most: number): Rule {
  return {
    property,
    fault(value) {
      const bytes = bytesOf(value);
      return bytes > most ? `takes ${bytes} bytes, more than ${most}` : undefined;
    },
  };
}

export function bytesOf(value: unknown): number {
  return Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value));
}

/** What the rules find wrong with the properties of one resource. */
export function faultsIn(
  properties: unknown,
  rules: readonly Rule[],
): readonly { readonly property: string; readonly fault: string }[] {
  return rules.flatMap(({ property, fault }) =>
    valuesAt(properties, property).flatMap((value) => {
      const found = fault(value);
      return found === undefined ? [] : [{ property, fault: found }];
    }),
  );
}
