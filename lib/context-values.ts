import type { Setting } from './settings.ts';

/** Gives what a CDK context holds: text from the command line (`-c key=value`), any JSON from cdk.json. */
export type Context = (key: string) => unknown;

/** A text that is not blank, or `undefined` where nothing is passed. A number counts as its digits. */
export function text(context: Context, key: Setting): string | undefined {
  const value = context(key);
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && value.trim() !== '') return value;
  if (typeof value === 'number') return String(value);
  return refuse(key, value, 'a text that is not empty, or leave it out');
}

interface Range {
  /** What the numbers count, as in `whole seconds`. */
  readonly of: string;
  readonly least: number;
  readonly most: number;
  readonly otherwise: number;
  /** Why not less, where that depends on another setting. */
  readonly because?: string;
}

/** A whole number within the range, or `otherwise` where nothing is passed; that has to lie within it too. */
export function whole(
  context: Context,
  key: Setting,
  { of, least, most, otherwise, because }: Range,
): number {
  const value = text(context, key);
  const number = value === undefined ? otherwise : /^\d+$/.test(value) ? Number(value) : NaN;
  if (number >= least && number <= most) return number;
  const reason = because === undefined ? '' : ` (${because})`;
  return refuse(key, value ?? otherwise, `${of} between ${least}${reason} and ${most}`);
}

/** Whether something is on; off where nothing is passed. */
export function flag(context: Context, key: Setting): boolean {
  const value = context(key) ?? false;
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  return refuse(key, value, 'true or false');
}

export function oneOf<const Option extends string>(
  context: Context,
  key: Setting,
  options: readonly Option[],
  otherwise: NoInfer<Option>,
): Option {
  const value = text(context, key) ?? otherwise;
  return options.find((option) => option === value) ?? refuse(key, value, `one of ${options.join(', ')}`);
}

/** @throws Error that says what to pass instead. */
export function refuse(key: string, value: unknown, expected: string): never {
  const found = value === undefined ? 'is missing' : `cannot be ${JSON.stringify(value)}`;
  throw new Error(`The context ${key} ${found}: pass -c ${key}=… with ${expected}.`);
}
