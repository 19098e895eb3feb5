import type { Resolver } from '../cloudformation/resolver.ts';

/**
 * What the template must grant so that anybody may use a function's URL. Since October 2025 Lambda asks for both
 * (https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html).
 */
const demanded = [
  { Action: 'lambda:InvokeFunctionUrl', condition: ['FunctionUrlAuthType', 'NONE'] },
  { Action: 'lambda:InvokeFunction', condition: ['InvokedViaFunctionUrl', true] },
] as const;

/** A permission with any of these is no grant to everybody. */
const restrictions = ['EventSourceToken', 'PrincipalOrgID', 'SourceAccount', 'SourceArn'];

/** The grants that the template lacks for a public URL of this function; empty when all are there. */
export function missingGrants(
  resolver: Pick<Resolver, 'resources' | 'properties'>,
  target: { readonly name: string; readonly arn: string },
): readonly string[] {
  const permissions = resolver
    .resources('AWS::Lambda::Permission')
    .map(([logicalId]) => resolver.properties(logicalId))
    .filter(({ FunctionName }) => FunctionName === target.arn || FunctionName === target.name)
    .filter((permission) => restrictions.every((restriction) => permission[restriction] === undefined));
  const isGranted = ({ Action, condition: [name, value] }: (typeof demanded)[number]) =>
    permissions.some(
      (permission) =>
        permission['Principal'] === '*' && permission['Action'] === Action && permission[name] === value,
    );
  return demanded
    .filter((grant) => !isGranted(grant))
    .map(({ Action, condition }) => `${Action} to the principal * with ${condition.join(' ')}`);
}
