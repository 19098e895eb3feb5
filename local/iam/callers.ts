import type { Caller } from '../api-gateway/iam-authorizer.ts';
import type { LambdaFunction } from '../lambda/function.ts';
import type { Principal } from './gate.ts';

interface Place {
  readonly region: string;
  readonly accountId: string;
}

/** With what an operator signs: `.usher/aws.env` says it, and no stand-in takes it for a function's. */
export const OPERATOR = { accessKeyId: 'local', secretAccessKey: 'local' } as const;

/**
 * Who may sign requests to the API: the operator, whose policy allows every method of it, and the template's functions,
 * whose roles allow what they say.
 */
export function callersOf(
  {
    functions,
    principals,
  }: {
    readonly functions: Iterable<Pick<LambdaFunction, 'name' | 'variables'>>;
    readonly principals: ReadonlyMap<string, Principal>;
  },
  { region, accountId }: Place,
): readonly Caller[] {
  const methods = `arn:aws:execute-api:${region}:${accountId}:*`;
  const operator: Caller = {
    ...OPERATOR,
    arn: `arn:aws:iam::${accountId}:user/local`,
    statements: [{ Effect: 'Allow', Action: 'execute-api:Invoke', Resource: methods }],
  };
  const ofFunctions = [...functions].map(({ name, variables }): Caller => ({
    accessKeyId: variables['AWS_ACCESS_KEY_ID'] ?? name,
    secretAccessKey: variables['AWS_SECRET_ACCESS_KEY'] ?? '',
    sessionToken: variables['AWS_SESSION_TOKEN'],
    arn: `arn:aws:sts::${accountId}:assumed-role/${name}/${name}`,
    statements: principals.get(name)?.statements ?? [],
  }));
  return [operator, ...ofFunctions];
}
