import { describe, expect, it } from 'vitest';
import { EVERYTHING, resourcesOf, synthesize, textsIn } from './synthesize.ts';

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

const template = synthesize({ stageName: 'dev', ...EVERYTHING });
const LOGS = ['logs:CreateLogStream', 'logs:PutLogEvents'];
const READ_PARAMETERS = ['ssm:GetParameters'];
const READ_TABLE = ['dynamodb:GetItem', 'dynamodb:Query'];

const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  VendToken: [...LOGS, ...READ_PARAMETERS, 'lambda:InvokeFunction'],
  FillCache: [...LOGS, ...READ_PARAMETERS, ...READ_TABLE, 'sqs:SendMessage'],
  ReadEntitlements: [...LOGS, ...READ_PARAMETERS, ...READ_TABLE, 'sqs:SendMessage'],
  ReadCatalog: LOGS,
  AcceptCheckout: [...LOGS, ...READ_PARAMETERS, 'sqs:SendMessage'],
  AcceptStripeEvent: [...LOGS, ...READ_PARAMETERS, 'sqs:SendMessage'],
  RequestRecompute: [...LOGS, 'dynamodb:PutItem', 'sqs:SendMessage'],
  RecomputeEntitlements: [
    ...LOGS,
    ...READ_PARAMETERS,
    ...READ_TABLE,
    'dynamodb:PutItem',
    'dynamodb:UpdateItem',
    'dynamodb:DeleteItem',
    'sqs:SendMessage',
    'sqs:ChangeMessageVisibility',
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
    'sqs:ReceiveMessage',
  ],
  AnnounceBoundaries: [...LOGS, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'sqs:SendMessage'],
  ProvideCache: [...LOGS, ...READ_PARAMETERS],
  LookUpAccount: [...LOGS, ...READ_PARAMETERS, ...READ_TABLE],
  ChangeAccount: [...LOGS, ...READ_PARAMETERS, 'dynamodb:Query', 'sqs:SendMessage'],
  EraseAccount: [...LOGS, 'dynamodb:GetItem', 'dynamodb:UpdateItem', 'sqs:SendMessage'],
  StartSession: [...LOGS, ...READ_PARAMETERS, ...READ_TABLE, 'dynamodb:PutItem', 'sqs:SendMessage'],
  IngestHeartbeat: [...LOGS, ...READ_PARAMETERS, ...READ_TABLE, 'sqs:SendMessage'],
  EndSession: [...LOGS, ...READ_PARAMETERS],
  CheckConcurrency: [...LOGS, ...READ_PARAMETERS, ...READ_TABLE, 'sqs:SendMessage'],
  ReadSessionKeys: [...LOGS, ...READ_PARAMETERS],
  RenewSession: [...LOGS, ...READ_PARAMETERS, ...READ_TABLE, 'sqs:SendMessage'],
  FollowHeartbeatTopic: [...LOGS, ...READ_PARAMETERS],
};

function statementsOf(name: string): readonly Statement[] {
  const policies = Object.entries(resourcesOf(template, 'AWS::IAM::Policy')).filter(([id]) =>
    new RegExp(`^(Entitlements|Concurrency|Momento|Stripe|Support)${name}Role`).test(id),
  );
  return policies.flatMap(
    ([, { Properties }]) =>
      (Properties['PolicyDocument'] as { readonly Statement: readonly Statement[] }).Statement,
  );
}

/** The parameters that a function may read, by the last part of their name. */
function parametersOf(name: string): readonly string[] {
  const reading = statementsOf(name).filter(({ Action }) => [Action].flat().includes('ssm:GetParameters'));
  return textsIn(reading.map(({ Resource }) => Resource))
    .filter((text) => text.includes('parameter/'))
    .map((text) => text.replace(/^.*parameter\/usher\/dev\//, ''))
    .toSorted();
}

describe('permissions', () => {
  it.each(Object.entries(ALLOWED))('%s may do its own work and nothing else', (name, actions) => {
    const statements = statementsOf(name);
    expect(statements.flatMap(({ Action }) => Action).toSorted()).toEqual(actions.toSorted());
    expect(statements.every(({ Effect }) => Effect === 'Allow')).toBe(true);
  });

  it('are stated in this stack, none taken from a managed policy', () => {
    for (const { Properties } of Object.values(resourcesOf(template, 'AWS::IAM::Role'))) {
      expect(Properties).not.toHaveProperty('ManagedPolicyArns');
      expect(Properties).not.toHaveProperty('Policies');
    }
    expect(Object.keys(resourcesOf(template, 'AWS::IAM::Policy'))).toHaveLength(Object.keys(ALLOWED).length);
  });

  it('name every resource, and every action', () => {
    for (const name of Object.keys(ALLOWED)) {
      for (const { Action, Resource } of statementsOf(name)) {
        expect(textsIn([Action, Resource]).join(' ')).not.toContain('*');
      }
    }
  });

  it('let nobody but who mints tokens and who makes the cache read the key that can do so', () => {
    const readers = Object.keys(ALLOWED).filter((name) => parametersOf(name).includes('momento-super-key'));
    expect(readers).toEqual(['VendToken', 'ProvideCache']);
    expect(textsIn(template.toJSON()).filter((text) => text.includes('momento-super-key'))).toHaveLength(4);
  });

  it.each([
    ['VendToken', ['momento-endpoint', 'momento-super-key']],
    ['FillCache', ['momento-data-key', 'momento-endpoint']],
    ['ReadEntitlements', ['momento-data-key', 'momento-endpoint']],
    ['ReadCatalog', []],
    ['AcceptCheckout', ['checkout-secrets']],
    ['AcceptStripeEvent', ['stripe-secrets']],
    ['RequestRecompute', []],
    ['RecomputeEntitlements', ['momento-data-key', 'momento-endpoint']],
    ['AnnounceBoundaries', []],
    ['ProvideCache', ['momento-endpoint', 'momento-super-key']],
    ['LookUpAccount', ['momento-data-key', 'momento-endpoint']],
    ['ChangeAccount', ['momento-data-key', 'momento-endpoint']],
    ['EraseAccount', []],
    ['StartSession', ['momento-data-key', 'momento-endpoint', 'session-keys']],
    ['IngestHeartbeat', ['momento-data-key', 'momento-endpoint', 'session-keys']],
    ['EndSession', ['momento-data-key', 'momento-endpoint']],
    ['CheckConcurrency', ['momento-data-key', 'momento-endpoint']],
    ['ReadSessionKeys', ['session-keys']],
    ['RenewSession', ['momento-data-key', 'momento-endpoint', 'session-keys']],
    ['FollowHeartbeatTopic', ['momento-data-key', 'momento-endpoint']],
  ])('let %s read %j', (name, parameters) => {
    expect(parametersOf(name)).toEqual(parameters);
  });

  it('let API Gateway call a route’s function, on that route alone', () => {
    const permissions = permissionsOf('apigateway.amazonaws.com');
    expect(permissions).toHaveLength(17);
    for (const permission of permissions) {
      expect(permission).toMatchObject({ Action: 'lambda:InvokeFunction' });
      // Whatever stands in a path in place of a parameter is an asterisk.
      expect(textsIn(permission['SourceArn']).join('')).toMatch(/\/(GET|POST|PUT|DELETE)\/[a-z/.*-]+$/);
    }
  });

  it('let nobody but who looks for boundaries query an index, and that one nothing else', () => {
    for (const name of Object.keys(ALLOWED)) {
      const querying = statementsOf(name).filter(({ Action }) => [Action].flat().includes('dynamodb:Query'));
      for (const { Resource } of querying) {
        const index = textsIn(Resource).filter((text) => text.includes('/index/'));
        expect([name, ...index]).toEqual(
          name === 'AnnounceBoundaries' ? [name, '/index/boundaries'] : [name],
        );
      }
    }
  });

  it('let the clock start who looks for boundaries, and the follower of the topic', () => {
    expect(permissionsOf('events.amazonaws.com')).toEqual([
      {
        Principal: 'events.amazonaws.com',
        Action: 'lambda:InvokeFunction',
        FunctionName: arnOf(/^EntitlementsAnnounceBoundaries/),
        SourceArn: arnOf(/^BoundariesRule/),
      },
      {
        Principal: 'events.amazonaws.com',
        Action: 'lambda:InvokeFunction',
        FunctionName: arnOf(/^ConcurrencyFollowHeartbeatTopic/),
        SourceArn: arnOf(/^HeartbeatTopicRule/),
      },
    ]);
  });

  it('let everyone call one function, and only through its URL: the two permissions that AWS asks for', () => {
    const FunctionName = arnOf(/^ConcurrencyRenewSession/);
    expect(permissionsOf('*')).toEqual([
      { Principal: '*', Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE', FunctionName },
      { Principal: '*', Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true, FunctionName },
    ]);
  });

  it('let nobody else call anything', () => {
    expect(Object.keys(resourcesOf(template, 'AWS::Lambda::Permission'))).toHaveLength(17 + 2 + 2);
  });
});

/** Who may call which function, as the functions themselves allow it. */
function permissionsOf(principal: string): readonly Readonly<Record<string, unknown>>[] {
  return Object.values(resourcesOf(template, 'AWS::Lambda::Permission'))
    .map(({ Properties }) => Properties)
    .filter(({ Principal }) => Principal === principal);
}

function arnOf(id: RegExp): unknown {
  return { 'Fn::GetAtt': [expect.stringMatching(id), 'Arn'] };
}
