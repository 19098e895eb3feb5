import { expect, test } from 'vitest';
import { createResolver, type Surroundings } from '../../../local/cloudformation/resolver.ts';
import type { Template } from '../../../local/cloudformation/assembly.ts';

function resolverFor(template: Partial<Template>, surroundings: Partial<Surroundings> = {}) {
  return createResolver({
    template: { Resources: {}, ...template },
    pseudoParameters: { 'AWS::Region': 'eu-west-1', 'AWS::NoValue': undefined },
    identityOf: (logicalId) =>
      logicalId === 'Queue' ? { ref: 'http://queue', attributes: { Arn: 'arn:queue' } } : undefined,
    ...surroundings,
  });
}

function resolved(
  value: unknown,
  template: Partial<Template> = {},
  surroundings: Partial<Surroundings> = {},
) {
  const Resources = { Queue: { Type: 'AWS::SQS::Queue' }, It: { Type: 'Test', Properties: { value } } };
  return resolverFor({ Resources, ...template }, surroundings).properties('It')['value'];
}

test.each([
  ['a reference', { Ref: 'Queue' }, 'http://queue'],
  ['a pseudo parameter', { Ref: 'AWS::Region' }, 'eu-west-1'],
  ['an attribute', { 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:queue'],
  ['an attribute in short form', { 'Fn::GetAtt': 'Queue.Arn' }, 'arn:queue'],
  ['a join', { 'Fn::Join': ['-', ['a', { Ref: 'AWS::Region' }]] }, 'a-eu-west-1'],
  [
    'a substitution',
    { 'Fn::Sub': '${AWS::Region}/${Queue.Arn}/${!Literal}' },
    'eu-west-1/arn:queue/${Literal}',
  ],
  [
    'a substitution with its own',
    { 'Fn::Sub': ['${a}${Queue}', { a: { Ref: 'AWS::Region' } }] },
    'eu-west-1http://queue',
  ],
  ['a selection', { 'Fn::Select': [1, { 'Fn::Split': [':', 'a:b:c'] }] }, 'b'],
  ['base64', { 'Fn::Base64': 'hello' }, 'aGVsbG8='],
  ['nested values', [{ a: { Ref: 'Queue' } }, 1, true], [{ a: 'http://queue' }, 1, true]],
  ['values that are not there', { a: { Ref: 'AWS::NoValue' }, b: [{ Ref: 'AWS::NoValue' }] }, { b: [] }],
])('resolves %s', (_what, value, expected) => {
  expect(resolved(value)).toEqual(expected);
});

test('resolves parameters, those that lie in Parameter Store included', () => {
  const Parameters = {
    Plain: { Type: 'String', Default: 'p' },
    Stored: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/name' },
  };
  const ssmParameter = (name: string) => `value of ${name}`;
  expect(resolved([{ Ref: 'Plain' }, { Ref: 'Stored' }], { Parameters }, { ssmParameter })).toEqual([
    'p',
    'value of /name',
  ]);
});

test('resolves maps and conditions', () => {
  const template = {
    Mappings: { Sizes: { 'eu-west-1': { small: 1 } } },
    Conditions: {
      InIreland: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-west-1'] },
      Elsewhere: { 'Fn::Not': [{ Condition: 'InIreland' }] },
      Both: { 'Fn::And': [{ Condition: 'InIreland' }, { Condition: 'Elsewhere' }] },
      Either: { 'Fn::Or': [{ Condition: 'Both' }, { Condition: 'InIreland' }] },
    },
  };
  expect(resolved({ 'Fn::FindInMap': ['Sizes', { Ref: 'AWS::Region' }, 'small'] }, template)).toBe(1);
  expect(resolved({ 'Fn::If': ['Elsewhere', 'there', 'here'] }, template)).toBe('here');
  expect(resolved({ 'Fn::If': ['Either', 'yes', 'no'] }, template)).toBe('yes');
  expect(resolved({ 'Fn::If': ['Both', 'yes', 'no'] }, template)).toBe('no');
});

test('leaves out resources and outputs whose condition does not hold', () => {
  const resolver = resolverFor({
    Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } },
    Resources: { Kept: { Type: 'T' }, Dropped: { Type: 'T', Condition: 'Never' } },
    Outputs: { Shown: { Value: 's' }, Hidden: { Value: { Ref: 'Dropped' }, Condition: 'Never' } },
  });
  expect(resolver.resources('T').map(([logicalId]) => logicalId)).toEqual(['Kept']);
  expect(resolver.outputs()).toEqual({ Shown: 's' });
});

test('puts the address on this machine where the template names the one in AWS', () => {
  const addresses = new Map([['https://api.example', 'http://127.0.0.1:1']]);
  const value = { 'Fn::Join': ['', ['https://', 'api.example', '/dev']] };
  expect(resolved(value, {}, { addresses })).toBe('http://127.0.0.1:1/dev');
});

test.each([
  ['an unknown function', { 'Fn::Cidr': ['10.0.0.0/16', 6] }, 'It (Test): Fn::Cidr is not supported'],
  ['a reference to nothing', { Ref: 'Nowhere' }, 'It (Test): Ref Nowhere is not supported'],
  [
    'an attribute that the stand-in does not have',
    { 'Fn::GetAtt': ['Queue', 'X'] },
    'Queue.X (AWS::SQS::Queue)',
  ],
  ['a dynamic reference', '{{resolve:ssm:/a}}', 'It (Test): the dynamic reference {{resolve:ssm:/a}}'],
  ['a selection beyond the end', { 'Fn::Select': [3, ['a']] }, 'It (Test): Fn::Select finds nothing at 3'],
  ['an unknown map', { 'Fn::FindInMap': ['a', 'b', 'c'] }, 'It (Test): Fn::FindInMap finds no a.b.c'],
  ['an unknown condition', { 'Fn::If': ['c', 1, 2] }, 'It (Test): The template has no condition c'],
])('refuses %s, naming the resource that has it', (_what, value, message) => {
  expect(() => resolved(value)).toThrow(message);
});
