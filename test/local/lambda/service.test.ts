import { GetFunctionCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type LambdaService, startLambdaService } from '../../../local/lambda/service.ts';
import { type FakeFunction, fakeFunction } from '../fixtures/fake-function.ts';

let service: LambdaService;
let client: LambdaClient;
let greet: FakeFunction;

beforeEach(async () => {
  service = await startLambdaService();
  greet = fakeFunction('greet', () => ({ hello: 'world' }));
  service.serve([greet]);
  client = new LambdaClient({
    region: 'eu-west-1',
    endpoint: service.url,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
});
afterEach(async () => {
  client.destroy();
  await service.stop();
});

test.each(['greet', 'arn:aws:lambda:eu-west-1:000000000000:function:greet'])(
  'lets the SDK invoke a function as %s and wait for its answer',
  async (FunctionName) => {
    const answer = await client.send(new InvokeCommand({ FunctionName, Payload: '{"a":1}' }));
    expect(answer.StatusCode).toBe(200);
    expect(answer.FunctionError).toBeUndefined();
    expect(JSON.parse(answer.Payload?.transformToString() ?? '')).toEqual({ hello: 'world' });
    expect(greet.events).toEqual([{ a: 1 }]);
  },
);

test('tells a function’s error apart from a failed call', async () => {
  greet.answer = () => {
    throw new RangeError('out of range');
  };
  const answer = await client.send(new InvokeCommand({ FunctionName: 'greet' }));
  expect(answer.FunctionError).toBe('Unhandled');
  expect(JSON.parse(answer.Payload?.transformToString() ?? '')).toMatchObject({ errorType: 'RangeError' });
});

test('takes an asynchronous invocation without waiting for it', async () => {
  const release = Promise.withResolvers<object>();
  greet.answer = () => release.promise;
  const answer = await client.send(new InvokeCommand({ FunctionName: 'greet', InvocationType: 'Event' }));
  expect(answer.StatusCode).toBe(202);
  release.resolve({});
});

test('answers a throttled invocation as Lambda does', async () => {
  greet.answer = () => {
    throw Object.assign(new Error('Rate Exceeded.'), { name: 'TooManyRequestsException' });
  };
  await expect(client.send(new InvokeCommand({ FunctionName: 'greet' }))).rejects.toMatchObject({
    name: 'TooManyRequestsException',
    $metadata: { httpStatusCode: 429 },
  });
});

test('knows no other function', async () => {
  await expect(client.send(new InvokeCommand({ FunctionName: 'other' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
});

test('refuses every other operation and invocation type, naming it', async () => {
  await expect(client.send(new GetFunctionCommand({ FunctionName: 'greet' }))).rejects.toMatchObject({
    name: 'UnsupportedOperation',
    message: expect.stringContaining('GET /2015-03-31/functions/greet'),
  });
  await expect(
    client.send(new InvokeCommand({ FunctionName: 'greet', InvocationType: 'DryRun' })),
  ).rejects.toMatchObject({ name: 'UnsupportedOperation', message: expect.stringContaining('DryRun') });
});

test('refuses an event that is no JSON', async () => {
  await expect(
    client.send(new InvokeCommand({ FunctionName: 'greet', Payload: '{bad' })),
  ).rejects.toMatchObject({
    name: 'InvalidRequestContentException',
  });
});
