/** Reading CloudFormation properties: what is not named in a schema cannot be honoured, so it is refused by name. */
import { z } from 'zod';

/** CloudFormation takes `"true"` for `true` and `"60"` for `60`. */
export const flag = z.union([z.boolean(), z.stringbool({ truthy: ['true'], falsy: ['false'] })]);
export const count = z.union([z.int().min(0), z.string().regex(/^\d+$/).transform(Number)]);

/** What has no effect on the operations the stand-in serves, so that any value of it is honoured. */
export const inert = z.unknown().optional();

/** Parses `properties`, or throws an Error that names the resource and every property it cannot honour. */
export function honour<Settings>(
  resource: string,
  schema: z.ZodType<Settings>,
  properties: Record<string, unknown>,
): Settings {
  const result = schema.safeParse(properties);
  if (result.success) return result.data;
  const reasons = result.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => [...issue.path, key].join('.'))
      : [`${issue.path.join('.')} (${issue.message})`],
  );
  throw new Error(`The Cognito stand-in cannot honour ${resource}: ${reasons.join(', ')}`);
}
