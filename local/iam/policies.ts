import type { Identity, Resolver } from '../cloudformation/resolver.ts';

export interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
}

/** Where a statement stands in the template. */
export interface Origin {
  /** The role's logical id. */
  readonly role: string;
  /** The policy's logical id, or `{role}.{PolicyName}` of one that stands in the role itself. */
  readonly policy: string;
  readonly index: number;
}

export interface RoleStatement extends Statement {
  readonly origin: Origin;
}

/** One action on one resource, as IAM names them: `sqs:SendMessage` on a queue's ARN. */
export interface Call {
  readonly action: string;
  readonly resource: string;
}

/** IAM's rule: some statement allows it, and none denies it. @returns the first that allows it, if it is allowed. */
export function allowing<S extends Statement>(statements: readonly S[], call: Call): S | undefined {
  const applying = statements.filter(
    ({ Action, Resource }) =>
      list(Action).some((pattern) => matches(pattern.toLowerCase(), call.action.toLowerCase())) &&
      list(Resource).some((pattern) => matches(pattern, call.resource)),
  );
  return applying.every(({ Effect }) => Effect === 'Allow') ? applying[0] : undefined;
}

interface PolicyDocument {
  readonly Statement: readonly Statement[];
}

/** All statements that a role's own policies hold. */
export function statementsOf(
  resolver: Resolver,
  { logicalId, identity }: { readonly logicalId: string; readonly identity: Identity },
): readonly RoleStatement[] {
  const { Policies = [] } = resolver.properties(logicalId) as {
    readonly Policies?: readonly { readonly PolicyName: string; readonly PolicyDocument: PolicyDocument }[];
  };
  const own = Policies.map(({ PolicyName, PolicyDocument }) => ({
    policy: `${logicalId}.${PolicyName}`,
    PolicyDocument,
  }));
  const attached = resolver.resources('AWS::IAM::Policy').flatMap(([policy]) => {
    const { Roles, PolicyDocument } = resolver.properties(policy) as unknown as {
      readonly Roles: readonly string[];
      readonly PolicyDocument: PolicyDocument;
    };
    return Roles.includes(identity.ref) ? [{ policy, PolicyDocument }] : [];
  });
  return [...own, ...attached].flatMap(({ policy, PolicyDocument }) =>
    PolicyDocument.Statement.map((statement, index) => ({
      ...statement,
      origin: { role: logicalId, policy, index },
    })),
  );
}

/** One text or several, as policies write both actions and resources. */
export function list(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}

/** `*` stands for any text, `?` for one character. */
function matches(pattern: string, text: string): boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's').test(text);
}
