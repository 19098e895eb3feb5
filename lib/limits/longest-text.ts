/** A template as it is read: whatever is not looked at is unknown. */
export interface Template {
  readonly Description?: string;
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, Output>>;
  readonly Parameters?: Readonly<Record<string, unknown>>;
  readonly Mappings?: Readonly<Record<string, unknown>>;
}

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

export interface Output {
  readonly Description?: unknown;
  readonly Value?: unknown;
  readonly Export?: { readonly Name?: unknown };
}

/** The property that names a resource of a type, so that no other may have that name. */
export const NAMED_BY: Readonly<Record<string, string>> = {
  'AWS::ApiGateway::Authorizer': 'Name',
  'AWS::CloudFront::OriginAccessControl': 'OriginAccessControlConfig.Name',
  'AWS::CloudFront::ResponseHeadersPolicy': 'ResponseHeadersPolicyConfig.Name',
  'AWS::CloudWatch::Alarm': 'AlarmName',
  'AWS::CloudWatch::Dashboard': 'DashboardName',
  'AWS::DynamoDB::GlobalTable': 'TableName',
  'AWS::Events::Rule': 'Name',
  'AWS::IAM::Role': 'RoleName',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::S3::Bucket': 'BucketName',
  'AWS::SQS::Queue': 'QueueName',
};

/** As long as AWS has any, and of the letters that AWS has there. */
const PSEUDO_PARAMETERS: Readonly<Record<string, string | undefined>> = {
  'AWS::AccountId': '123456789012',
  'AWS::NoValue': undefined,
  'AWS::Partition': 'aws-us-gov',
  'AWS::Region': 'ap-southeast-2',
  'AWS::URLSuffix': 'amazonaws.com.cn',
};

/**
 * The template with every reference replaced by the longest text that may stand there once it is deployed, so that what
 * AWS limits can be measured. A bound: what AWS makes up itself is taken for longer than it is.
 */
export function withLongestTexts(template: Template, stackName: string): Template {
  return longest(template) as Template;

  function longest(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(longest).filter((one) => one !== undefined);
    if (typeof value !== 'object' || value === null) return value;
    const [[key, argument] = ['', undefined], ...others] = Object.entries(value);
    if (others.length === 0 && key === 'Ref') return referred(String(argument));
    if (others.length === 0 && key.startsWith('Fn::')) return computed(key, argument);
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, longest(one)]));
  }

  function computed(name: string, argument: unknown): unknown {
    if (name === 'Fn::GetAtt') {
      const [id = '', ...attribute] = Array.isArray(argument)
        ? argument.map(String)
        : String(argument).split('.');
      return attributeOf(id, attribute.join('.'));
    }
    if (name === 'Fn::Join' && Array.isArray(argument)) {
      const [separator, parts] = argument as [string, readonly unknown[]];
      return parts.map((part) => longest(part)).join(separator);
    }
    if (name === 'Fn::Sub') {
      const [pattern, named] = (Array.isArray(argument) ? argument : [argument, {}]) as [string, object];
      return pattern.replaceAll(/\$\{([^!}]+)\}/g, (_, reference: string) => {
        const given = (named as Readonly<Record<string, unknown>>)[reference];
        if (given !== undefined) return String(longest(given));
        const [id = '', ...attribute] = reference.split('.');
        return attribute.length === 0 ? String(referred(id)) : attributeOf(id, attribute.join('.'));
      });
    }
    // Of the others none makes a text longer than what it is given.
    return JSON.stringify(longest(argument));
  }

  function referred(id: string): string | undefined {
    if (id in PSEUDO_PARAMETERS) return PSEUDO_PARAMETERS[id];
    const { Type = '' } = template.Resources[id] ?? {};
    const { 'AWS::Region': region, 'AWS::URLSuffix': suffix, 'AWS::AccountId': account } = PSEUDO_PARAMETERS;
    if (Type === 'AWS::SQS::Queue') return `https://sqs.${region}.${suffix}/${account}/${nameOf(id)}`;
    return nameOf(id);
  }

  function attributeOf(id: string, attribute: string): string {
    if (attribute.endsWith('Name')) return nameOf(id);
    if (!attribute.endsWith('Arn')) return `https://${'x'.repeat(32)}.${nameOf(id)}.${attribute}`;
    const [, service = '', kind = ''] = (template.Resources[id]?.Type ?? '').toLowerCase().split('::');
    const { 'AWS::Region': region, 'AWS::Partition': partition } = PSEUDO_PARAMETERS;
    return `arn:${partition}:${service}:${region}:${PSEUDO_PARAMETERS['AWS::AccountId']}:${kind}:${nameOf(id)}`;
  }

  function nameOf(id: string): string {
    const { Type = '', Properties = {} } = template.Resources[id] ?? {};
    const property = NAMED_BY[Type];
    const [given] = property === undefined ? [] : valuesAt(Properties, property);
    // CloudFormation makes up a name of this form, and cuts it where the service takes less.
    return given === undefined ? `${stackName}-${id}-XXXXXXXXXXXX` : String(longest(given));
  }
}

/**
 * What stands at a path such as `Targets.*.Id`; the asterisk is every element, the empty path the whole, and what is not
 * there is left out.
 */
export function valuesAt(value: unknown, path: string): readonly unknown[] {
  if (path === '') return [value];
  return path.split('.').reduce<readonly unknown[]>(
    (found, step) =>
      found.flatMap((one) => {
        if (typeof one !== 'object' || one === null) return [];
        const inner = one as Readonly<Record<string, unknown>>;
        return (step === '*' ? Object.values(inner) : [inner[step]]).filter((each) => each !== undefined);
      }),
    [value],
  );
}
