import type { Call } from './policies.ts';

export type Service = 'cognito-idp' | 'dynamodb' | 'lambda' | 'sqs' | 'ssm';

export interface ServiceRequest {
  readonly service: Service;
  /** `x-amz-target`, which names the operation of every service but Lambda. */
  readonly target: string;
  readonly path: string;
  readonly body: Buffer;
}

interface Place {
  readonly region: string;
  readonly accountId: string;
}

/** A batch is allowed by the permission for the single call. */
const batches: Readonly<Record<string, string>> = {
  ChangeMessageVisibilityBatch: 'ChangeMessageVisibility',
  DeleteMessageBatch: 'DeleteMessage',
  SendMessageBatch: 'SendMessage',
};

/**
 * What a request asks for in IAM's terms; several when it touches several resources.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html
 */
export function callsOf({ service, target, path, body }: ServiceRequest, place: Place): readonly Call[] {
  const arn = (resource: string) => `arn:aws:${service}:${place.region}:${place.accountId}:${resource}`;
  if (service === 'lambda') {
    const [, name = ''] = /^\/2015-03-31\/functions\/([^/?]+)\/invocations/.exec(path) ?? [];
    const decoded = decodeURIComponent(name);
    const resource = decoded.startsWith('arn:') ? decoded : arn(`function:${decoded}`);
    return [{ action: 'lambda:InvokeFunction', resource }];
  }
  const operation = target.split('.').at(-1) ?? '';
  const action = `${service}:${batches[operation] ?? operation}`;
  return resourcesOf(service, readJson(body)).map((resource) => ({ action, resource: arn(resource) }));
}

function resourcesOf(
  service: Exclude<Service, 'lambda'>,
  body: Readonly<Record<string, unknown>>,
): readonly string[] {
  const text = (name: string) => (typeof body[name] === 'string' ? body[name] : '*');
  switch (service) {
    case 'sqs':
      return [
        (body['QueueUrl'] === undefined ? text('QueueName') : text('QueueUrl')).split('/').at(-1) ?? '*',
      ];
    case 'ssm': {
      const names = Array.isArray(body['Names']) ? (body['Names'] as readonly string[]) : undefined;
      const single = body['Path'] === undefined ? text('Name') : text('Path');
      return (names ?? [single]).map((name) => `parameter/${name.replace(/^\//, '')}`);
    }
    case 'cognito-idp':
      return [`userpool/${text('UserPoolId')}`];
    case 'dynamodb':
    default: {
      const tables =
        typeof body['RequestItems'] === 'object'
          ? Object.keys(body['RequestItems'] ?? {})
          : [text('TableName')];
      const index = typeof body['IndexName'] === 'string' ? `/index/${body['IndexName']}` : '';
      return tables.map((table) => `table/${table.split('/').at(-1)}${index}`);
    }
  }
}

function readJson(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(body.toString() || '{}');
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {}; // the service itself will say what is wrong with it
  }
}
