import * as v from 'valibot';
import { isInstant } from '../../../shared/domain/instants.ts';

/** What is asked of a value beyond its type is one function each: valibot's own checks are many, and weigh more. */
export const instant = v.custom<string>(
  (value) => typeof value === 'string' && isInstant(value),
  'no instant',
);
export const count = v.custom<number>(
  (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  'no count',
);

/** What the schema makes of an answer. @throws Error that says which part of it is not what was promised. */
export function parse<const Schema extends v.GenericSchema>(
  schema: Schema,
  json: unknown,
): v.InferOutput<Schema> {
  const { success, output, issues } = v.safeParse(schema, json);
  if (success) return output;
  const [first] = issues;
  throw new Error(`${v.getDotPath(first) ?? 'the answer'}: ${first.message}`);
}

/** `undefined` for a text that says something else, or nothing. */
export function parseText<const Schema extends v.GenericSchema>(
  schema: Schema,
  text: string,
): v.InferOutput<Schema> | undefined {
  try {
    return parse(schema, JSON.parse(text));
  } catch {
    return undefined;
  }
}
