import { ConditionalCheckFailedException, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it, onTestFinished } from 'vitest';
import { answered, CLIENT_OPTIONS } from '../../../shared/aws/errors.ts';
import { Unavailable } from '../../../shared/errors.ts';
import { cannedServer, deserted } from '../../support/canned-server.ts';

/** As the functions call DynamoDB, once and with little patience. */
function call(endpoint: string, options: object = {}): Promise<unknown> {
  const { requestHandler } = CLIENT_OPTIONS;
  const client = new DynamoDBClient({
    ...CLIENT_OPTIONS,
    endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
    requestHandler: { ...requestHandler, requestTimeout: 50 },
    ...options,
  });
  onTestFinished(() => client.destroy());
  const get = new GetItemCommand({ TableName: 'accounts', Key: { pk: { S: 'ada' } } });
  return answered(client.send(get), 'DynamoDB GetItem');
}

const namespace = 'com.amazonaws.dynamodb.v20120810#';

describe('worth another try later is', () => {
  it('a service at whose address nothing listens', async () => {
    await expect(call(await deserted())).rejects.toBeInstanceOf(Unavailable);
  });

  it('a service that takes the call and never answers', async () => {
    const { url } = await cannedServer(undefined);
    await expect(call(url)).rejects.toThrow('DynamoDB GetItem: TimeoutError');
  });

  it.each([
    ['a fault of its own', 500, 'InternalServerError'],
    ['that it is overloaded', 503, 'ServiceUnavailable'],
    ['that there are too many requests', 429, 'TooManyRequestsException'],
    ['to slow down', 400, 'ThrottlingException'],
    ['that the table has no more throughput', 400, 'ProvisionedThroughputExceededException'],
    ['that the account has no more requests', 400, 'RequestLimitExceeded'],
  ])('a service that says %s', async (_, status, name) => {
    const { url } = await cannedServer({ status, body: { __type: namespace + name, message: '' } });
    await expect(call(url)).rejects.toBeInstanceOf(Unavailable);
  });

  it.each(['ECONNRESET', 'ENOTFOUND', 'EPIPE', 'ETIMEDOUT'])(
    'a connection that ends with %s',
    async (code) => {
      const lost = Promise.reject(Object.assign(new Error('socket hang up'), { code }));
      await expect(answered(lost, 'SQS SendMessage')).rejects.toMatchObject({
        name: 'Unavailable',
        message: 'SQS SendMessage: Error',
      });
    },
  );
});

describe('not worth another try is', () => {
  it.each([
    ['a call that the service refuses', 400, 'ValidationException'],
    ['a call that we may not make', 400, 'AccessDeniedException'],
    ['a table that is not there', 400, 'ResourceNotFoundException'],
  ])('%s', async (_, status, name) => {
    const { url } = await cannedServer({ status, body: { __type: namespace + name, message: '' } });
    await expect(call(url)).rejects.toMatchObject({ name });
  });

  it('a condition that did not hold, which comes as it is', async () => {
    const failed = new ConditionalCheckFailedException({ message: '', $metadata: { httpStatusCode: 400 } });
    await expect(answered(Promise.reject(failed), 'DynamoDB PutItem')).rejects.toBe(failed);
  });

  it.each([
    new TypeError('x is not a function'),
    Object.assign(new TypeError('must be a string'), { code: 'ERR_INVALID_ARG_TYPE' }),
    Object.assign(new RangeError('out of range'), { code: 'ERR_OUT_OF_RANGE' }),
    new SyntaxError('Unexpected token'),
  ])('a bug of ours: %o', async (bug) => {
    await expect(answered(Promise.reject(bug), 'DynamoDB GetItem')).rejects.toBe(bug);
  });

  it('something thrown that is no error', async () => {
    const thrown: unknown = await answered(
      (async () => {
        throw 'boom'; // oxlint-disable-line no-throw-literal -- a library may
      })(),
      'DynamoDB GetItem',
    ).catch((reason: unknown) => reason);
    expect(thrown).toBe('boom');
  });
});

describe('a call', () => {
  it('is tried three times before it counts as failed', async () => {
    const { url, calls } = await cannedServer({ status: 500, body: { __type: 'InternalServerError' } });
    await expect(call(url, { maxAttempts: CLIENT_OPTIONS.maxAttempts })).rejects.toBeInstanceOf(Unavailable);
    expect(calls()).toBe(3);
  });
});
