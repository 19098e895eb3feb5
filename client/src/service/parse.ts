import * as v from 'valibot';

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
