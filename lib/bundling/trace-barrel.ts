import { createRequire } from 'node:module';

/** The file that defines what a barrel exports under some name. */
export interface Home {
  readonly file: string;
  /** The name it has there; undefined when the export is the whole module. */
  readonly property: string | undefined;
}

const require = createRequire(import.meta.url);
const traced = new Map<string, ReadonlyMap<string, Home>>();

/**
 * Where each export of a CommonJS barrel is defined. The barrel is loaded, and each of its values is followed, by
 * identity, through the modules that pass it on. Names that cannot be followed are absent.
 */
export function traceBarrel(barrel: string): ReadonlyMap<string, Home> {
  const known = traced.get(barrel);
  if (known !== undefined) return known;
  const exported = require(barrel) as Readonly<Record<string, unknown>>;
  const module = require.cache[barrel];
  if (module === undefined) throw new Error(`${barrel} is no CommonJS module`);
  const homes = new Map<string, Home>();
  for (const [name, value] of Object.entries(exported)) {
    const home = homeOf(value, name, module, new Set([barrel]));
    if (home !== undefined) homes.set(name, home);
  }
  traced.set(barrel, homes);
  return homes;
}

/** The last module on the way down from `module` that still exports `value`. */
function homeOf(value: unknown, name: string, module: NodeJS.Module, passed: Set<string>): Home | undefined {
  for (const child of module.children) {
    if (passed.has(child.filename)) continue;
    const property = propertyOf(value, name, child.exports);
    if (property === false) continue;
    passed.add(child.filename);
    const here = { file: child.filename, property };
    // A whole module is at home in itself; a value may only be passing through.
    return property === undefined ? here : (homeOf(value, property, child, passed) ?? here);
  }
  return undefined;
}

/** The name under which `exports` holds `value`, undefined when it is `value` itself, false when it does not. */
function propertyOf(value: unknown, name: string, exports: unknown): string | undefined | false {
  if (typeof exports !== 'object' || exports === null) return false;
  if (exports === value || isNamespaceOf(value, exports)) return undefined;
  const held = exports as Readonly<Record<string, unknown>>;
  if (held[name] === value) return name;
  // Two equal texts or numbers need not be the same constant: those must keep their name.
  if (typeof value !== 'object' && typeof value !== 'function') return false;
  return Object.keys(held).find((key) => held[key] === value) ?? false;
}

/** TypeScript's `import * as` copies a module that is not marked as one: same members, and itself as the default. */
function isNamespaceOf(value: unknown, exports: object): boolean {
  return typeof value === 'object' && value !== null && 'default' in value && value.default === exports;
}
