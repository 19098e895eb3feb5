import { CreateTableCommand, DynamoDBClient, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  CreateQueueCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { GetParameterCommand, GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDynamoDb } from '../../../local/dynamodb/server.ts';
import { type Check, type Gate, startGate } from '../../../local/iam/gate.ts';
import type { RoleStatement } from '../../../local/iam/policies.ts';
import { startLambdaService } from '../../../local/lambda/service.ts';
import { createLifetime } from '../../../local/lifetime.ts';
import { startSqs } from '../../../local/sqs/server.ts';
import { type SsmStandIn, startSsm } from '../../../local/ssm/server.ts';
import { fakeFunction } from '../fixtures/fake-function.ts';

const region = 'eu-west-1';
const arn = (service: string, resource: string) => `arn:aws:${service}:${region}:000000000000:${resource}`;

const lifetime = createLifetime();
let gate: Gate;
let ssm: SsmStandIn;
let denials: string[];
let checks: Check[];

beforeEach(async () => {
  denials = [];
  checks = [];
  const running = async <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const started = await starting;
    lifetime.stopWith(() => started.stop());
    return started;
  };
  ssm = await running(startSsm({ region }));
  const sqs = await running(startSqs({ region }));
  const dynamodb = await running(startDynamoDb());
  const lambda = await running(startLambdaService());
  lambda.serve([fakeFunction('greet', () => 'hello')]);
  gate = await running(
    startGate({
      region,
      accountId: '000000000000',
      services: {
        ssm: ssm.url,
        sqs: sqs.url,
        dynamodb: dynamodb.url,
        lambda: lambda.url,
        'cognito-idp': ssm.url,
      },
      log: (_functionName, line) => denials.push(line),
      onCheck: (check) => checks.push(check),
    }),
  );
});
afterEach(() => lifetime.stop());

function may(...statements: (readonly [action: string, resource: string])[]): void {
  const allowed = statements.map(([Action, Resource], index): RoleStatement => {
    return { Effect: 'Allow', Action, Resource, origin: { role: 'ReaderRole', policy: 'Policy', index } };
  });
  gate.admit(new Map([['reader', { functionName: 'reader', statements: allowed }]]));
}

function settings(accessKeyId = 'reader') {
  const client = { region, endpoint: gate.url, maxAttempts: 1 };
  return { ...client, credentials: { accessKeyId, secretAccessKey: 'x' } };
}

test('lets a function read the one parameter that its role names, and no other', async () => {
  ssm.put({ name: '/usher/local/mine', value: 'm', type: 'SecureString' });
  ssm.put({ name: '/usher/local/other', value: 'o', type: 'SecureString' });
  may(['ssm:GetParameter*', arn('ssm', 'parameter/usher/local/mine')]);
  const client = new SSMClient(settings());
  const read = (Name: string) => client.send(new GetParameterCommand({ Name, WithDecryption: true }));
  expect((await read('/usher/local/mine')).Parameter?.Value).toBe('m');
  await expect(read('/usher/local/other')).rejects.toMatchObject({ name: 'AccessDeniedException' });
  const both = new GetParametersCommand({ Names: ['/usher/local/mine', '/usher/local/other'] });
  await expect(client.send(both)).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: expect.stringContaining(
      'ssm:GetParameters on resource: arn:aws:ssm:eu-west-1:000000000000:parameter/usher/local/other',
    ),
  });
  expect(denials).toHaveLength(2);

  const asked = (action: string, name: string) => ({
    functionName: 'reader',
    action: `ssm:${action}`,
    resource: arn('ssm', `parameter/usher/local/${name}`),
    allowedBy: name === 'mine' ? { role: 'ReaderRole', policy: 'Policy', index: 0 } : undefined,
  });
  expect(checks).toEqual([
    asked('GetParameter', 'mine'),
    asked('GetParameter', 'other'),
    asked('GetParameters', 'mine'),
    asked('GetParameters', 'other'),
  ]);
});

test('lets a batch through by the permission for one', async () => {
  may(['sqs:CreateQueue', '*'], ['sqs:SendMessage', arn('sqs', 'checkout')]);
  const client = new SQSClient(settings());
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: 'checkout' }));
  await client.send(new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: '1', MessageBody: 'a' }] }));
  const { QueueUrl: other } = await client.send(new CreateQueueCommand({ QueueName: 'other' }));
  await expect(
    client.send(new SendMessageCommand({ QueueUrl: other, MessageBody: 'a' })),
  ).rejects.toMatchObject({ name: 'AccessDenied' });
});

test('tells a table from its index', async () => {
  may(['dynamodb:*', arn('dynamodb', 'table/accounts')]);
  const client = new DynamoDBClient(settings());
  const TableName = 'accounts';
  await client.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  await client.send(new GetItemCommand({ TableName, Key: { pk: { S: 'a' } } }));
  await expect(
    client.send(new QueryCommand({ TableName, IndexName: 'byDay', KeyConditionExpression: 'a = b' })),
  ).rejects.toMatchObject({ message: expect.stringContaining('table/accounts/index/byDay') });
  await expect(
    client.send(new GetItemCommand({ TableName: 'others', Key: { pk: { S: 'a' } } })),
  ).rejects.toMatchObject({ name: 'AccessDeniedException' });
});

test('lets a function invoke another only where its role says so', async () => {
  const client = new LambdaClient(settings());
  may();
  const invoke = () => client.send(new InvokeCommand({ FunctionName: 'greet' }));
  await expect(invoke()).rejects.toMatchObject({ name: 'AccessDeniedException' });
  may(['lambda:InvokeFunction', arn('lambda', 'function:greet')]);
  expect((await invoke()).Payload?.transformToString()).toBe('"hello"');
});

test('knows only the functions of the template', async () => {
  may(['*', '*']);
  const client = new SSMClient(settings('stranger'));
  await expect(client.send(new GetParameterCommand({ Name: '/a' }))).rejects.toMatchObject({
    name: 'UnrecognizedClientException',
  });
});

test('cuts the connection when the stand-in does', async () => {
  may(['*', '*']);
  ssm.block();
  const client = new SSMClient(settings());
  await expect(client.send(new GetParameterCommand({ Name: '/a' }))).rejects.toMatchObject({
    code: 'ECONNRESET',
  });
});

test('refuses a service that nothing stands in for, naming it', async () => {
  const response = await fetch(gate.url, {
    method: 'POST',
    headers: { authorization: 'AWS4-HMAC-SHA256 Credential=reader/20261122/eu-west-1/s3/aws4_request, x' },
  });
  expect(response.status).toBe(501);
  expect(await response.text()).toContain('s3');
});
