import {
  each,
  fields,
  honoured,
  only,
  resource,
  type Support,
  withoutEffect,
} from '../cloudformation/support.ts';

const document = fields({
  Statement: each(
    fields({
      Action: honoured,
      Effect: only('Allow', 'Deny'),
      Resource: honoured,
      Sid: withoutEffect('documentation'),
    }),
  ),
  Version: only('2012-10-17'),
});

export const iamSupport: Support = {
  'AWS::IAM::Policy': resource({ PolicyDocument: document, PolicyName: honoured, Roles: honoured }),
  'AWS::IAM::Role': resource({
    AssumeRolePolicyDocument: withoutEffect('a function runs under the role that the template gives it'),
    Description: withoutEffect('documentation'),
    ManagedPolicyArns: withoutEffect('AWS’s own policies are not at hand: what only they allow is denied'),
    Policies: each(fields({ PolicyDocument: document, PolicyName: honoured })),
    RoleName: honoured,
    Tags: withoutEffect('documentation'),
  }),
};
