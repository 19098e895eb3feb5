import {
  CognitoIdentityProviderClient,
  InitiateAuthCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { Template } from '../../local/cloudformation/assembly.ts';
import { type LocalOptions, type LocalStack, startLocal } from '../../local/stack.ts';
import { assembly, att, shop } from './fixtures/assembly.ts';

const started: LocalStack[] = [];
afterEach(() => Promise.all(started.splice(0).map((local) => local.stop())));

async function start(options: Partial<LocalOptions> = {}): Promise<LocalStack> {
  const local = await startLocal({ assembly: assembly(shop()), ...options });
  started.push(local);
  return local;
}

const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

/** Signs the demo user in, as a page would. */
async function signIn({ config }: LocalStack): Promise<string> {
  const cognito = new CognitoIdentityProviderClient({
    region: config.region,
    endpoint: config.cognitoEndpoint,
    credentials,
  });
  const { AuthenticationResult } = await cognito.send(
    new InitiateAuthCommand({
      ClientId: config.userPoolClientId,
      AuthFlow: 'USER_PASSWORD_AUTH',
      AuthParameters: { USERNAME: config.demoUser.username, PASSWORD: config.demoUser.password },
    }),
  );
  cognito.destroy();
  return AuthenticationResult?.IdToken ?? '';
}

function order({ config }: LocalStack, body: string): Promise<Response> {
  return fetch(`${config.storeUrl}/events`, { method: 'POST', body });
}

function read({ config }: LocalStack, id: string, token: string): Promise<Response> {
  return fetch(`${config.apiUrl}/checkout-events/${id}`, { headers: { authorization: `Bearer ${token}` } });
}

test('takes an order through API, queue and table, and shows it to a signed-in viewer', async () => {
  const local = await start();
  const token = await signIn(local);
  expect((await read(local, 'o1', '')).status).toBe(401);
  expect((await order(local, '{"id":"o1"}')).status).toBe(202);
  await vi.waitFor(async () => expect((await read(local, 'o1', token)).status).toBe(200), {
    timeout: 10_000,
  });
  expect(local.logs).toContainEqual({ functionName: 'shop-local-TakeOrder', line: 'order of 11 characters' });
}, 20_000);

test('moves what can never be handled to the dead letters', async () => {
  const local = await start();
  const sqs = new SQSClient({ region: local.config.region, endpoint: local.endpoints.sqs, credentials });
  await order(local, '{bad');
  const { Messages } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: local.outputs['DeadLettersUrl'], WaitTimeSeconds: 20 }),
  );
  expect(Messages?.[0]?.Body).toBe('{bad');
  sqs.destroy();
}, 20_000);

test('tells a client how to find its way', async () => {
  const local = await start();
  expect(await (await fetch(`${local.playerUrl}/config.json`)).json()).toEqual(local.config);
  expect(local.config).toEqual({
    apiUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/dev$/) as string,
    region: 'ap-northeast-1',
    userPoolId: local.outputs['UserPoolId'],
    userPoolClientId: local.outputs['UserPoolClientId'],
    cognitoEndpoint: local.endpoints.cognito,
    momentoEndpoint: local.momento.url,
    storeUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as string,
    demoUser: { username: 'demo@usher.local', password: expect.any(String) as string },
  });
});

test('gives a function its own variables, Lambda’s and the stand-ins’ addresses, and nothing else', async () => {
  const local = await start();
  const variables = (await local.invoke('ReadOrder', { probe: true })) as Record<string, string>;
  expect(variables).toMatchObject({
    TABLE_NAME: 'shop-local-Table',
    AWS_LAMBDA_FUNCTION_NAME: 'shop-local-ReadOrder',
    AWS_REGION: 'ap-northeast-1',
    AWS_ENDPOINT_URL_DYNAMODB: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as string,
    AWS_ENDPOINT_URL_LAMBDA: variables['AWS_ENDPOINT_URL_DYNAMODB'],
    AWS_ENDPOINT_URL_SQS: variables['AWS_ENDPOINT_URL_DYNAMODB'],
    AWS_ENDPOINT_URL_SSM: variables['AWS_ENDPOINT_URL_DYNAMODB'],
  });
  expect(
    Object.keys(variables).filter((name) => !/^(AWS|LAMBDA)_|^(_HANDLER|LANG|TZ|TABLE_NAME)$/.test(name)),
  ).toEqual([]);
});

/** 32 bytes in base64url. */
const coordinate = expect.stringMatching(/^[\w-]{43}$/) as string;

test('puts the secrets where an operator would, each made once', async () => {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'usher-data-'));
  const names = ['momento-super-key', 'momento-data-key', 'checkout-secrets', 'session-keys'];
  const secrets = ({ ssm }: LocalStack) => names.map((name) => ssm.get(`/usher/local/${name}`));
  const first = await start({ dataDir });
  const before = secrets(first);
  expect(before.every((value) => value !== undefined)).toBe(true);
  expect(before[2]).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(JSON.parse(before[3] ?? '')).toEqual({
    current: {
      kty: 'EC',
      crv: 'P-256',
      x: coordinate,
      y: coordinate,
      d: coordinate,
      kid: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      alg: 'ES256',
      use: 'sig',
    },
  });
  expect(first.ssm.get('/usher/local/momento-endpoint')).toBe(first.momento.url);
  await first.stop();
  const second = await start({ dataDir });
  expect(secrets(second)).toEqual(before);
  expect(second.ssm.get('/usher/local/momento-endpoint')).toBe(second.momento.url);
});

test('keeps users, queues and tables across starts, on whatever ports', async () => {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'usher-data-'));
  const first = await start({ dataDir });
  const token = await signIn(first);
  await order(first, '{"id":"o1"}');
  await vi.waitFor(async () => expect((await read(first, 'o1', token)).status).toBe(200), {
    timeout: 10_000,
  });
  await first.stop();
  const second = await start({ dataDir });
  expect(second.config.userPoolId).toBe(first.config.userPoolId);
  expect((await read(second, 'o1', token)).status).toBe(200);
  expect((await order(second, '{"id":"o2"}')).status).toBe(202);
  await vi.waitFor(async () => expect((await read(second, 'o2', token)).status).toBe(200), {
    timeout: 10_000,
  });
}, 30_000);

test('leaves nothing listening when it is stopped', async () => {
  const local = await start();
  const urls = [
    local.config.apiUrl,
    local.config.storeUrl,
    local.momento.url,
    ...Object.values(local.endpoints),
  ];
  await local.stop();
  for (const url of urls) await expect(fetch(url)).rejects.toThrow('fetch failed');
});

test('starts a schedule at once, and ends what it started when it is stopped, without a word', async () => {
  const local = await start({ assembly: assembly(watched()) });
  const said = { functionName: 'shop-local-Watch', line: 'watching' };
  await vi.waitFor(() => expect(local.logs).toContainEqual(said), { timeout: 10_000 });
  await local.stop();
  expect(local.logs).toEqual([said]);
});

/** The shop with a function that is started every minute and runs for longer than that. */
function watched(): Template {
  const { Resources, ...template } = shop();
  return {
    ...template,
    Resources: {
      ...Resources,
      Watch: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          Code: { S3Bucket: 'assets', S3Key: 'shop.zip' },
          Handler: 'index.watch',
          Runtime: 'nodejs24.x',
          Role: att('TakeOrderRole', 'Arn'),
          Timeout: 80,
        },
      },
      EveryMinute: {
        Type: 'AWS::Events::Rule',
        Properties: {
          ScheduleExpression: 'rate(1 minute)',
          State: 'ENABLED',
          Targets: [
            {
              Arn: att('Watch', 'Arn'),
              Id: 'Target0',
              RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0 },
            },
          ],
        },
      },
    },
  };
}

test('throws what a function threw, and names the functions there are', async () => {
  const local = await start();
  await expect(local.invoke('ReadOrder', {})).rejects.toMatchObject({ name: 'TypeError' });
  await expect(local.invoke('Nobody', {})).rejects.toThrow('shop-local-TakeOrder');
});

test('listens on loopback only', async () => {
  const local = await start();
  for (const url of [local.config.apiUrl, local.config.storeUrl, ...Object.values(local.endpoints)]) {
    expect(new URL(url).hostname).toBe('127.0.0.1');
  }
});

test('denies a function what its role does not allow, and says what is missing', async () => {
  const local = await start({ assembly: assembly(having('TakeOrderPolicy', { Roles: [] })) });
  expect((await order(local, '{"id":"o1"}')).status).toBe(502);
  expect(local.logs.map(({ line }) => line)).toContainEqual(
    expect.stringContaining(
      'shop-local-TakeOrder is not authorized to perform: sqs:SendMessage on resource: arn:aws:sqs:ap-northeast-1:000000000000:shop-orders',
    ),
  );
});

test('does not begin to feed a function from a queue that its role lets it not poll', async () => {
  const lacking = having('StoreOrderRole', { Policies: [] });
  await expect(start({ assembly: assembly(lacking) })).rejects.toThrow(
    /^Mapping: shop-local-StoreOrder is not authorized to perform: sqs:GetQueueAttributes/,
  );
});

test('does not begin to feed a function that has more time than the queue keeps a message back', async () => {
  await expect(start({ assembly: assembly(having('StoreOrder', { Timeout: 3 })) })).rejects.toThrow(
    'Mapping: Queue visibility timeout: 2 seconds is less than Function timeout: 3 seconds',
  );
});

function having(logicalId: string, properties: object): Template {
  const template = shop();
  const resource = template.Resources[logicalId] ?? { Type: '' };
  const changed = { ...resource, Properties: { ...resource.Properties, ...properties } };
  return { ...template, Resources: { ...template.Resources, [logicalId]: changed } };
}

test.each([
  ['a FIFO queue', having('Queue', { FifoQueue: true }), 'Queue (AWS::SQS::Queue): FifoQueue is true'],
  ['layers', having('TakeOrder', { Layers: [] }), 'TakeOrder (AWS::Lambda::Function): Layers'],
  ['another runtime', having('TakeOrder', { Runtime: 'nodejs22.x' }), 'Runtime is "nodejs22.x"'],
  [
    'a request validator',
    having('PostOrder', { RequestValidatorId: 'v' }),
    'PostOrder (AWS::ApiGateway::Method): RequestValidatorId',
  ],
  [
    'scopes',
    having('GetOrder', { AuthorizationScopes: ['a'] }),
    'GetOrder (AWS::ApiGateway::Method): AuthorizationScopes',
  ],
  [
    'a filter',
    having('Mapping', { FilterCriteria: {} }),
    'Mapping (AWS::Lambda::EventSourceMapping): FilterCriteria',
  ],
  [
    'a stream',
    having('Table', { StreamSpecification: {} }),
    'Table (AWS::DynamoDB::GlobalTable): StreamSpecification',
  ],
  [
    'an unknown variable',
    having('TakeOrder', { Environment: { Variables: { A: { Ref: 'B' } } } }),
    'TakeOrder (AWS::Lambda::Function): Ref B',
  ],
  [
    'too many variables',
    having('TakeOrder', { Environment: { Variables: { A: 'x'.repeat(4096) } } }),
    'TakeOrder: its environment variables take',
  ],
  [
    'a role from elsewhere',
    having('TakeOrder', { Role: 'arn:aws:iam::1:role/r' }),
    'TakeOrder (AWS::Lambda::Function): Role arn:aws:iam::1:role/r',
  ],
  [
    'a condition of a policy',
    having('TakeOrderPolicy', { PolicyDocument: { Statement: [{ Condition: {} }] } }),
    'TakeOrderPolicy (AWS::IAM::Policy): PolicyDocument.Statement[0].Condition',
  ],
  ['a pool with a trigger', having('Pool', { LambdaConfig: { PreSignUp: 'arn' } }), 'LambdaConfig'],
])('stops at %s, naming it', async (_what, template, message) => {
  await expect(startLocal({ assembly: assembly(template) })).rejects.toThrow(message);
});
