import { isDeepStrictEqual } from 'node:util';
import type { Check, Principal } from '../../local/iam/gate.ts';
import { allowing, list, type Call, type Origin } from '../../local/iam/policies.ts';

/** One action on one resource that a statement allows. A statement holds each of its actions on each of its resources. */
export interface Grant extends Call {
  readonly functionName: string;
  readonly origin: Origin;
}

type Principals = ReadonlyMap<string, Principal>;

export function grantsOf(principals: Principals): readonly Grant[] {
  return [...principals.values()].flatMap(({ functionName, statements }) =>
    statements.flatMap(({ Action, Resource, origin }) =>
      list(Action).flatMap((action) =>
        list(Resource).map((resource) => ({ functionName, action, resource, origin })),
      ),
    ),
  );
}

/** What was granted and never asked for. A pattern is asked for by nobody: a grant has to say what is meant. */
export function unusedOf(principals: Principals, checks: readonly Check[]): readonly Grant[] {
  const key = ({ functionName, action, resource }: Call & { readonly functionName: string }) =>
    JSON.stringify([functionName, action, resource]);
  const used = new Set(checks.map(key));
  return grantsOf(principals).filter((grant) => !used.has(key(grant)));
}

/** What would have been denied, had this statement not been there. */
export function deniedWithout(
  origin: Origin,
  principals: Principals,
  checks: readonly Check[],
): readonly Check[] {
  return checks
    .filter(({ allowedBy }) => allowedBy && isDeepStrictEqual(allowedBy, origin))
    .filter((check) => {
      const { statements = [] } = principals.get(check.functionName) ?? {};
      const others = statements.filter((statement) => !isDeepStrictEqual(statement.origin, origin));
      return allowing(others, check) === undefined;
    });
}
