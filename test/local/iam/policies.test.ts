import { expect, test } from 'vitest';
import { allowing, type Statement } from '../../../local/iam/policies.ts';

const queue = 'arn:aws:sqs:eu-west-1:000000000000:checkout';
const allow = (Action: Statement['Action'], Resource: Statement['Resource']): Statement => ({
  Effect: 'Allow',
  Action,
  Resource,
});
const deny = (Action: string, Resource: string): Statement => ({ Effect: 'Deny', Action, Resource });
const send = { action: 'sqs:SendMessage', resource: queue };

test.each([
  ['exactly', [allow('sqs:SendMessage', queue)]],
  ['in a list', [allow(['sqs:GetQueueUrl', 'sqs:SendMessage'], ['arn:other', queue])]],
  ['in whatever case', [allow('SQS:sendmessage', queue)]],
  ['by a pattern', [allow('sqs:Send*', 'arn:aws:sqs:*:000000000000:check?ut')]],
  ['entirely', [allow('*', '*')]],
])('allows what is allowed %s', (_how, statements) => {
  expect(allowing(statements, send)).toBeDefined();
});

test.each([
  ['nothing is allowed', []],
  ['another action is', [allow('sqs:ReceiveMessage', queue)]],
  ['another resource is', [allow('sqs:SendMessage', `${queue}-dead-letters`)]],
  ['only a beginning is', [allow('sqs:Send', queue)]],
  ['a dot stands where a pattern would', [allow('sqs.SendMessage', queue)]],
  ['it is denied besides', [allow('*', '*'), deny('sqs:*', queue)]],
])('denies when %s', (_why, statements) => {
  expect(allowing(statements, send)).toBeUndefined();
});
