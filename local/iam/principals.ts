import type { Identity, Resolver } from '../cloudformation/resolver.ts';
import type { Principal } from './gate.ts';
import { statementsOf } from './policies.ts';

/**
 * What each function of the template may do, by its name.
 *
 * @throws if a function's role is not in the template, since its permissions then are unknown.
 */
export function readPrincipals({
  resolver,
  identityOf,
}: {
  readonly resolver: Resolver;
  readonly identityOf: (logicalId: string) => Identity | undefined;
}): ReadonlyMap<string, Principal> {
  const roles = new Map(
    resolver.resources('AWS::IAM::Role').flatMap(([logicalId]) => {
      const identity = identityOf(logicalId);
      return identity === undefined
        ? []
        : [[identity.attributes?.['Arn'], statementsOf(resolver, { logicalId, identity })] as const];
    }),
  );
  return new Map(
    resolver.resources('AWS::Lambda::Function').map(([logicalId]) => {
      const { Role } = resolver.properties(logicalId) as { readonly Role?: string };
      const statements = roles.get(Role);
      if (statements === undefined) {
        throw new Error(`${logicalId} (AWS::Lambda::Function): Role ${Role} is no role of the template`);
      }
      const functionName = identityOf(logicalId)?.ref ?? logicalId;
      return [functionName, { functionName, statements }];
    }),
  );
}
