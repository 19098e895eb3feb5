import { NAMED_BY, valuesAt, type Resource, type Template } from './longest-text.ts';
import { bytesOf } from './rule.ts';

export interface Synthesized {
  readonly stackName: string;
  readonly template: Template;
  /** The template with texts in the place of references; see `withLongestTexts`. */
  readonly measured: Template;
  /** Of the template as it is uploaded. */
  readonly bytes: number;
}

/** What parts of a template keep to together. */
export interface JointRule {
  readonly name: string;
  readonly faults: (synthesized: Synthesized) => readonly JointFault[];
}

export interface JointFault {
  /** Where it is one resource's. */
  readonly logicalId?: string;
  readonly fault: string;
}

const KB = 1024;

/** By the quotas of CloudFormation, IAM, Lambda and API Gateway; of exports' names by CloudFormation's own refusals. */
export const JOINT_RULES: readonly JointRule[] = [
  {
    name: 'Stack.Name',
    faults: ({ stackName }) => matching([stackName], /^[a-zA-Z][a-zA-Z0-9-]{0,127}$/),
  },
  { name: 'Template.Size', faults: ({ bytes }) => atMost(bytes, KB * KB, 'bytes') },
  {
    name: 'Template.Description',
    faults: ({ template: { Description = '' } }) => atMost(bytesOf(Description), KB, 'bytes'),
  },
  entries('Resources', 500),
  entries('Outputs', 200),
  entries('Parameters', 200),
  entries('Mappings', 200),
  {
    name: 'LogicalIds',
    faults: ({ template: { Resources, Outputs, Parameters } }) =>
      matching(Object.keys({ ...Resources, ...Outputs, ...Parameters }), /^[a-zA-Z0-9]{1,255}$/),
  },
  {
    name: 'Outputs.Description',
    faults: ({ measured: { Outputs } }) =>
      valuesAt(Outputs, '*.Description').flatMap((one) => atMost(bytesOf(one), KB, 'bytes')),
  },
  {
    name: 'Outputs.Export.Name',
    faults: ({ measured: { Outputs } }) =>
      matching(valuesAt(Outputs, '*.Export.Name').map(String), /^[a-zA-Z0-9:-]{1,256}$/),
  },
  { name: 'Names', faults: ({ measured }) => namesGivenTwice(measured) },
  {
    name: 'AWS::ApiGateway::Resource',
    faults: ({ template }) => atMost(ofType(template, 'AWS::ApiGateway::Resource').length, 300, 'routes'),
  },
  { name: 'AWS::IAM::Role', faults: policiesOfRoles },
  { name: 'AWS::Lambda::Function', faults: policiesOfFunctions },
];

function entries(part: 'Resources' | 'Outputs' | 'Parameters' | 'Mappings', most: number): JointRule {
  return {
    name: `Template.${part}`,
    faults: ({ template }) => atMost(Object.keys(template[part] ?? {}).length, most, 'of them'),
  };
}

/** Of two that are to be called alike AWS refuses the later one, when the first is there already. */
function namesGivenTwice(measured: Template): readonly JointFault[] {
  return Object.entries(NAMED_BY).flatMap(([type, property]) => {
    const named = ofType(measured, type).flatMap(([logicalId, { Properties }]) =>
      valuesAt(Properties, property).map((name) => ({ logicalId, name: String(name) })),
    );
    return named
      .filter(({ name }, index) => named.findIndex((one) => one.name === name) < index)
      .map(({ logicalId, name }) => ({ logicalId, fault: `is called as another ${type} is: ${name}` }));
  });
}

/** What a role is given in templates counts together, without spaces. */
const INLINE_POLICIES = 10_240;

function policiesOfRoles({ template, measured }: Synthesized): readonly JointFault[] {
  const policies = ofType(template, 'AWS::IAM::Policy');
  return ofType(measured, 'AWS::IAM::Role').flatMap(([logicalId, { Properties }]) => {
    const attached = policies
      .filter(([, policy]) =>
        valuesAt(policy.Properties, 'Roles.*').some((role) => refersTo(role, logicalId)),
      )
      .flatMap(([id]) => valuesAt(measured.Resources[id], 'Properties.PolicyDocument'));
    const documents = [...attached, ...valuesAt(Properties, 'Policies.*.PolicyDocument')];
    return atMost(sumOf(documents), INLINE_POLICIES, 'bytes of inline policies', logicalId);
  });
}

/** Who may invoke a function is one policy, of which each permission is a statement. */
const FUNCTION_POLICY = 20 * KB;
/** What a statement holds beside what the permission says: an id, a condition, and the function's ARN. */
const STATEMENT = 300;

function policiesOfFunctions({ template, measured }: Synthesized): readonly JointFault[] {
  const permissions = ofType(template, 'AWS::Lambda::Permission');
  return ofType(template, 'AWS::Lambda::Function').flatMap(([logicalId]) => {
    const ofFunction = permissions
      .filter(([, { Properties }]) => refersTo(Properties?.['FunctionName'], logicalId))
      .map(([id]) => measured.Resources[id]?.Properties);
    const bytes = sumOf(ofFunction) + STATEMENT * ofFunction.length;
    return atMost(bytes, FUNCTION_POLICY, 'bytes of who may invoke it', logicalId);
  });
}

function refersTo(value: unknown, logicalId: string): boolean {
  const { Ref, 'Fn::GetAtt': attribute } = (value ?? {}) as {
    readonly Ref?: string;
    readonly 'Fn::GetAtt'?: readonly string[];
  };
  return Ref === logicalId || attribute?.[0] === logicalId;
}

function ofType({ Resources }: Template, type: string): readonly (readonly [string, Resource])[] {
  return Object.entries(Resources).filter(([, { Type }]) => Type === type);
}

function sumOf(documents: readonly unknown[]): number {
  return documents.reduce<number>((sum, document) => sum + bytesOf(document), 0);
}

function atMost(found: number, most: number, what: string, logicalId?: string): readonly JointFault[] {
  if (found <= most) return [];
  return [
    { ...(logicalId !== undefined && { logicalId }), fault: `has ${found} ${what}, more than ${most}` },
  ];
}

function matching(texts: readonly string[], pattern: RegExp): readonly JointFault[] {
  return texts
    .filter((text) => !pattern.test(text))
    .map((text) => ({ fault: `does not match ${pattern.source}: ${text}` }));
}
