import type { Identity, Resolver } from '../cloudformation/resolver.ts';

export interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
}

/** One action on one resource, as IAM names them: `sqs:SendMessage` on a queue's ARN. */
export interface Call {
  readonly action: string;
  readonly resource: string;
}

/** IAM's rule: some statement allows it, and none denies it. */
export function isAllowed(statements: readonly Statement[], call: Call): boolean {
  const applying = statements.filter(
    ({ Action, Resource }) =>
      list(Action).some((pattern) => matches(pattern.toLowerCase(), call.action.toLowerCase())) &&
      list(Resource).some((pattern) => matches(pattern, call.resource)),
  );
  return applying.length > 0 && applying.every(({ Effect }) => Effect === 'Allow');
}

interface PolicyDocument {
  readonly Statement: readonly Statement[];
}

/** All statements that a role's own policies hold. */
export function statementsOf(
  resolver: Resolver,
  { logicalId, identity }: { readonly logicalId: string; readonly identity: Identity },
): readonly Statement[] {
  const { Policies = [] } = resolver.properties(logicalId) as {
    readonly Policies?: readonly { readonly PolicyDocument: PolicyDocument }[];
  };
  const attached = resolver
    .resources('AWS::IAM::Policy')
    .map(
      ([id]) =>
        resolver.properties(id) as unknown as {
          readonly Roles: readonly string[];
          readonly PolicyDocument: PolicyDocument;
        },
    )
    .filter(({ Roles }) => Roles.includes(identity.ref));
  return [...Policies, ...attached].flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

function list(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}

/** `*` stands for any text, `?` for one character. */
function matches(pattern: string, text: string): boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's').test(text);
}
