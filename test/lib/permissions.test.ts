import { describe, expect, it } from 'vitest';
import { resourcesOf, synthesize, textsIn } from './synthesize.ts';

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

const template = synthesize({ stageName: 'dev' });
const LOGS = ['logs:CreateLogStream', 'logs:PutLogEvents'];
const READ_PARAMETERS = ['ssm:GetParameter', 'ssm:GetParameters'];
const READ_TABLE = ['dynamodb:GetItem', 'dynamodb:Query'];

const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  VendToken: [...LOGS, ...READ_PARAMETERS, 'lambda:InvokeFunction'],
  FillCache: [...LOGS, ...READ_PARAMETERS, ...READ_TABLE, 'sqs:SendMessage'],
  ReadEntitlements: [...LOGS, ...READ_PARAMETERS, ...READ_TABLE, 'sqs:SendMessage'],
  ReadCatalog: LOGS,
  AcceptCheckout: [...LOGS, ...READ_PARAMETERS, 'sqs:SendMessage'],
  RequestRecompute: [...LOGS, 'dynamodb:PutItem', 'sqs:SendMessage'],
  RecomputeEntitlements: [
    ...LOGS,
    ...READ_PARAMETERS,
    ...READ_TABLE,
    'dynamodb:PutItem',
    'dynamodb:UpdateItem',
    'sqs:SendMessage',
    'sqs:ChangeMessageVisibility',
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
    'sqs:GetQueueUrl',
    'sqs:ReceiveMessage',
  ],
};

function statementsOf(name: string): readonly Statement[] {
  const policies = Object.entries(resourcesOf(template, 'AWS::IAM::Policy')).filter(([id]) =>
    id.startsWith(`Functions${name}Role`),
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

  it('let the token function alone read the key that mints tokens', () => {
    const readers = Object.keys(ALLOWED).filter((name) => parametersOf(name).includes('momento-super-key'));
    expect(readers).toEqual(['VendToken']);
    expect(textsIn(template.toJSON()).filter((text) => text.includes('momento-super-key'))).toHaveLength(2);
  });

  it.each([
    ['VendToken', ['momento-endpoint', 'momento-super-key']],
    ['FillCache', ['momento-data-key', 'momento-endpoint']],
    ['ReadEntitlements', ['momento-data-key', 'momento-endpoint']],
    ['ReadCatalog', []],
    ['AcceptCheckout', ['checkout-secrets']],
    ['RequestRecompute', []],
    ['RecomputeEntitlements', ['momento-data-key', 'momento-endpoint']],
  ])('let %s read %j', (name, parameters) => {
    expect(parametersOf(name)).toEqual(parameters);
  });

  it('let only API Gateway call a route’s function, on that route alone', () => {
    const permissions = Object.values(resourcesOf(template, 'AWS::Lambda::Permission'));
    expect(permissions).toHaveLength(5);
    for (const { Properties } of permissions) {
      expect(Properties).toMatchObject({
        Principal: 'apigateway.amazonaws.com',
        Action: 'lambda:InvokeFunction',
      });
      expect(textsIn(Properties['SourceArn']).join('')).toMatch(/\/(GET|POST)\/[a-z/-]+$/);
    }
  });
});
