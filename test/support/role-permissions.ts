import type { Template } from 'aws-cdk-lib/assertions';
import { resourcesOf } from '../lib/synthesize.ts';

/** What a statement of a role says, in words that hold for any stage. */
export interface Permission {
  /** The function that runs under the role, or the role where it is no function of ours. */
  readonly who: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

/** What each role of a template may do, by its own policies. */
export function permissionsOf(template: Template): readonly Permission[] {
  const names = namesIn(template);
  const functions = Object.values(resourcesOf(template, 'AWS::Lambda::Function'));
  const who = (role: string) => {
    const its = functions.find(({ Properties }) => attribute(Properties['Role'])?.[0] === role);
    const name = its?.Properties['FunctionName'];
    return typeof name === 'string' ? name : withoutHash(role);
  };
  return Object.values(resourcesOf(template, 'AWS::IAM::Policy')).flatMap(({ Properties }) => {
    const { Roles, PolicyDocument } = Properties as unknown as Policy;
    return Roles.flatMap(({ Ref }) =>
      PolicyDocument.Statement.map(({ Action, Resource }) => ({
        who: who(Ref),
        actions: [Action].flat(),
        resources: [Resource].flat().map((resource) => inWords(resource, names)),
      })),
    );
  });
}

interface Policy {
  readonly Roles: readonly { readonly Ref: string }[];
  readonly PolicyDocument: {
    readonly Statement: readonly {
      readonly Action: string | readonly string[];
      readonly Resource: unknown;
    }[];
  };
}

/** What is named when it is made, by logical id. */
function namesIn(template: Template): ReadonlyMap<string, string> {
  const named = [
    ['AWS::SQS::Queue', 'QueueName'],
    ['AWS::Lambda::Function', 'FunctionName'],
    ['AWS::Logs::LogGroup', 'LogGroupName'],
    ['AWS::DynamoDB::GlobalTable', 'TableName'],
  ] as const;
  return new Map(
    named.flatMap(([type, property]) =>
      Object.entries(resourcesOf(template, type)).flatMap(([id, { Properties }]) => {
        const name = Properties[property];
        return typeof name === 'string' ? [[id, name] as const] : [];
      }),
    ),
  );
}

function inWords(resource: unknown, names: ReadonlyMap<string, string>): string {
  if (typeof resource === 'string') return resource;
  const { 'Fn::Join': joined, 'Fn::Sub': substituted, Ref } = resource as Intrinsic;
  if (joined) {
    const whole = joined[1].map((part) => inWords(part, names)).join('');
    return whole.replace(/^arn:\{[^}]+\}:ssm:.*:(?=parameter\/)/, '');
  }
  if (substituted !== undefined) return substituted;
  const [id] = attribute(resource) ?? [];
  return id === undefined ? `{${Ref}}` : (names.get(id) ?? withoutHash(id));
}

interface Intrinsic {
  readonly Ref?: string;
  readonly 'Fn::Sub'?: string;
  readonly 'Fn::Join'?: readonly [string, readonly unknown[]];
  readonly 'Fn::GetAtt'?: readonly [string, string];
}

function attribute(value: unknown): readonly [string, string] | undefined {
  return (value as Intrinsic | undefined)?.['Fn::GetAtt'];
}

/** The CDK ends logical ids with eight hexadecimal digits. */
function withoutHash(logicalId: string): string {
  return logicalId.replace(/[0-9A-F]{8}$/, '');
}
