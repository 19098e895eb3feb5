import type { Resource, Template } from './assembly.ts';

/** What a created resource is called: `Ref` gives `ref`, `Fn::GetAtt` one of the attributes. */
export interface Identity {
  readonly ref: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface Surroundings {
  readonly template: Template;
  /** `AWS::Region` and the like. */
  readonly pseudoParameters: Readonly<Record<string, string | undefined>>;
  readonly identityOf: (logicalId: string) => Identity | undefined;
  /** The value of an SSM parameter that a template parameter takes its value from. */
  readonly ssmParameter?: (name: string) => string | undefined;
  /** Addresses that exist only in AWS, and what stands there instead on this machine. */
  readonly addresses?: ReadonlyMap<string, string>;
}

export interface Resolver {
  /** The resources of one type whose condition holds, by logical id. */
  resources(type?: string): readonly (readonly [logicalId: string, resource: Resource])[];
  /** A resource's properties without any intrinsic function. Throws, naming the resource. */
  properties(logicalId: string): Readonly<Record<string, unknown>>;
  outputs(): Readonly<Record<string, string>>;
}

/**
 * Evaluates CloudFormation's intrinsic functions. What it does not know it refuses with the logical id of the resource
 * that uses it; nothing is ever passed through unresolved.
 */
export function createResolver(surroundings: Surroundings): Resolver {
  const { template } = surroundings;
  return {
    resources: (type) =>
      Object.entries(template.Resources).filter(
        ([, resource]) =>
          (type === undefined || resource.Type === type) && holds(surroundings, resource.Condition),
      ),
    properties(logicalId) {
      const resource = template.Resources[logicalId];
      if (resource === undefined) throw new Error(`The template has no resource ${logicalId}`);
      return named(`${logicalId} (${resource.Type})`, () =>
        resolve(surroundings, resource.Properties ?? {}),
      ) as Readonly<Record<string, unknown>>;
    },
    outputs: () =>
      Object.fromEntries(
        Object.entries(template.Outputs ?? {})
          .filter(([, output]) => holds(surroundings, output.Condition))
          .map(([name, { Value }]) => [
            name,
            named(`Output ${name}`, () => text(resolve(surroundings, Value))),
          ]),
      ),
  };
}

function named<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new Error(`${what}: ${(cause as Error).message}`, { cause });
  }
}

/** Undefined stands for `AWS::NoValue`, and so leaves the list or the object that holds it. */
function resolve(surroundings: Surroundings, value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => resolve(surroundings, item)).filter((item) => item !== undefined);
  }
  if (typeof value === 'string') return refuseDynamicReference(value);
  if (typeof value !== 'object' || value === null) return value;

  const entries = Object.entries(value);
  const [key, argument] = entries[0] ?? [];
  if (entries.length === 1 && key !== undefined && (key === 'Ref' || key.startsWith('Fn::'))) {
    const intrinsic = intrinsics[key];
    if (intrinsic === undefined) throw new Error(`${key} is not supported`);
    return toLocalAddress(surroundings, intrinsic(surroundings, argument));
  }
  return Object.fromEntries(
    entries
      .map(([name, item]) => [name, resolve(surroundings, item)] as const)
      .filter(([, item]) => item !== undefined),
  );
}

const intrinsics: Readonly<Record<string, (surroundings: Surroundings, argument: unknown) => unknown>> = {
  Ref: (surroundings, name) => reference(surroundings, text(name)),
  'Fn::GetAtt': (surroundings, argument) => {
    const [logicalId, ...attribute] = Array.isArray(argument) ? argument : text(argument).split('.');
    return attributeOf(surroundings, text(logicalId), attribute.map(text).join('.'));
  },
  'Fn::Join': (surroundings, argument) => {
    const [separator, items] = list(argument);
    return list(resolve(surroundings, items)).map(text).join(text(separator));
  },
  'Fn::Sub': (surroundings, argument) => substitute(surroundings, argument),
  'Fn::Select': (surroundings, argument) => {
    const [index, items] = list(resolve(surroundings, argument));
    const selected = list(items)[Number(index)];
    if (selected === undefined) throw new Error(`Fn::Select finds nothing at ${text(index)}`);
    return selected;
  },
  'Fn::Split': (surroundings, argument) => {
    const [separator, whole] = list(resolve(surroundings, argument));
    return text(whole).split(text(separator));
  },
  'Fn::If': (surroundings, argument) => {
    const [condition, whenTrue, whenFalse] = list(argument);
    return resolve(surroundings, holds(surroundings, text(condition)) ? whenTrue : whenFalse);
  },
  'Fn::FindInMap': (surroundings, argument) => {
    const [map, first, second] = list(resolve(surroundings, argument)).map(text);
    const found = surroundings.template.Mappings?.[map ?? '']?.[first ?? '']?.[second ?? ''];
    if (found === undefined) throw new Error(`Fn::FindInMap finds no ${map}.${first}.${second}`);
    return found;
  },
  'Fn::Base64': (surroundings, argument) =>
    Buffer.from(text(resolve(surroundings, argument))).toString('base64'),
};

function reference({ template, pseudoParameters, identityOf, ssmParameter }: Surroundings, name: string) {
  if (name in pseudoParameters) return pseudoParameters[name];
  const parameter = template.Parameters?.[name];
  if (parameter !== undefined) {
    const value = parameter.Type.startsWith('AWS::SSM::Parameter::Value')
      ? ssmParameter?.(text(parameter.Default))
      : parameter.Default;
    if (value === undefined) throw new Error(`the parameter ${name} has no value`);
    return value;
  }
  const identity = template.Resources[name] && identityOf(name);
  if (identity === undefined) throw new Error(`Ref ${name} is not supported`);
  return identity.ref;
}

function attributeOf({ template, identityOf }: Surroundings, logicalId: string, attribute: string) {
  const value = identityOf(logicalId)?.attributes?.[attribute];
  if (value === undefined) {
    const type = template.Resources[logicalId]?.Type ?? 'no such resource';
    throw new Error(`Fn::GetAtt ${logicalId}.${attribute} (${type}) is not supported`);
  }
  return value;
}

function substitute(surroundings: Surroundings, argument: unknown): string {
  const [whole, variables = {}] = Array.isArray(argument) ? argument : [argument];
  return text(whole).replace(/\$\{(!?)([^}]+)\}/g, (_match, literal: string, name: string) => {
    if (literal) return `\${${name}}`;
    const own = (variables as Record<string, unknown>)[name];
    if (own !== undefined) return text(resolve(surroundings, own));
    const [logicalId, ...attribute] = name.split('.');
    return text(
      attribute.length > 0
        ? attributeOf(surroundings, logicalId ?? '', attribute.join('.'))
        : reference(surroundings, name),
    );
  });
}

function holds(surroundings: Surroundings, condition: string | undefined): boolean {
  if (condition === undefined) return true;
  const expression = surroundings.template.Conditions?.[condition];
  if (expression === undefined) throw new Error(`The template has no condition ${condition}`);
  return evaluate(surroundings, expression);
}

function evaluate(surroundings: Surroundings, expression: unknown): boolean {
  const [operator, argument] = Object.entries(expression as object)[0] ?? [];
  switch (operator) {
    case 'Condition':
      return holds(surroundings, text(argument));
    case 'Fn::Equals': {
      const [left, right] = list(argument).map((side) => resolve(surroundings, side));
      return left === right;
    }
    case 'Fn::Not':
      return !evaluate(surroundings, list(argument)[0]);
    case 'Fn::And':
      return list(argument).every((part) => evaluate(surroundings, part));
    case 'Fn::Or':
      return list(argument).some((part) => evaluate(surroundings, part));
    default:
      throw new Error(`the condition function ${operator} is not supported`);
  }
}

function toLocalAddress({ addresses }: Surroundings, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return [...(addresses ?? [])].reduce((whole, [there, here]) => whole.replaceAll(there, here), value);
}

function refuseDynamicReference(value: string): string {
  if (value.includes('{{resolve:')) throw new Error(`the dynamic reference ${value} is not supported`);
  return value;
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`a list is expected, not ${JSON.stringify(value)}`);
  return value;
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Error(`a text is expected, not ${JSON.stringify(value)}`);
}
