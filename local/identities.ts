import type { Stack } from './cloudformation/assembly.ts';
import type { Identity } from './cloudformation/resolver.ts';

export interface Place {
  readonly stack: Stack;
  readonly region: string;
  readonly accountId: string;
  readonly sqsUrl: string;
}

/** Properties that name a resource; a template names it by a plain text or leaves the name to CloudFormation. */
const nameProperties: Readonly<Record<string, string>> = {
  'AWS::DynamoDB::GlobalTable': 'TableName',
  'AWS::Events::Rule': 'Name',
  'AWS::IAM::Role': 'RoleName',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::SQS::Queue': 'QueueName',
};

/** The name a resource was given, or one like CloudFormation's: `{stack}-{logicalId}`. */
export function physicalName({ template, name: stackName }: Stack, logicalId: string): string {
  const resource = template.Resources[logicalId];
  const given = resource?.Properties?.[nameProperties[resource.Type] ?? ''];
  if (given !== undefined && typeof given !== 'string') {
    throw new Error(`${logicalId} (${resource?.Type}): a computed name is not supported`);
  }
  return given ?? `${stackName}-${logicalId}`;
}

/**
 * What `Ref` and `Fn::GetAtt` give for a resource whose identity follows from the template alone. User pools and their
 * clients get theirs when they are created, so they are not known here.
 */
export function identify(place: Place, logicalId: string): Identity | undefined {
  const { stack, region, accountId, sqsUrl } = place;
  const type = stack.template.Resources[logicalId]?.Type ?? '';
  const name = physicalName(stack, logicalId);
  const arn = (service: string, resource: string) =>
    `arn:aws:${service}:${service === 'iam' ? '' : region}:${accountId}:${resource}`;
  switch (type) {
    case 'AWS::SQS::Queue': {
      const url = `${sqsUrl}/${accountId}/${name}`;
      return { ref: url, attributes: { Arn: arn('sqs', name), QueueName: name, QueueUrl: url } };
    }
    case 'AWS::DynamoDB::GlobalTable':
      return { ref: name, attributes: { Arn: arn('dynamodb', `table/${name}`) } };
    case 'AWS::Lambda::Function':
      return { ref: name, attributes: { Arn: arn('lambda', `function:${name}`) } };
    case 'AWS::IAM::Role':
      return { ref: name, attributes: { Arn: arn('iam', `role/${name}`) } };
    case 'AWS::Logs::LogGroup':
      return { ref: name, attributes: { Arn: arn('logs', `log-group:${name}:*`) } };
    case 'AWS::Events::Rule':
      return { ref: name, attributes: { Arn: arn('events', `rule/${name}`) } };
    case 'AWS::SNS::Topic':
      return { ref: arn('sns', name), attributes: { TopicName: name } };
    case 'AWS::ApiGateway::RestApi':
      return { ref: 'local', attributes: { RootResourceId: 'root' } };
    case 'AWS::ApiGateway::Stage':
      return { ref: String(stack.template.Resources[logicalId]?.Properties?.['StageName']) };
    case 'AWS::ApiGateway::Authorizer':
    case 'AWS::ApiGateway::Deployment':
    case 'AWS::ApiGateway::Resource':
      return { ref: logicalId };
    default:
      return undefined;
  }
}

/** Stands for any resource while the template is only read, before anything is started. */
export function placeholder(logicalId: string): Identity {
  return {
    ref: logicalId,
    attributes: new Proxy({}, { get: (_target, attribute) => `${logicalId}.${String(attribute)}` }),
  };
}
