import { describe, expect, it } from 'vitest';
import { readStage } from '../../lib/stage.ts';
import { synthesize, theOnly } from './synthesize.ts';

const claimOf = (accountClaim: unknown) =>
  readStage((key) => ({ stageName: 'dev', accountClaim })[key]).accountClaim;

describe('the claim that names the account', () => {
  it('is the subject, or an attribute of the pool by a name that Cognito takes', () => {
    const names = ['household', 'h', 'Billing_Account-2', 'x'.repeat(20)];
    expect(claimOf(undefined)).toBe('sub');
    for (const claim of ['sub', ...names.map((name) => `custom:${name}`)]) expect(claimOf(claim)).toBe(claim);
  });

  it.each([
    'email',
    'preferred_username',
    'cognito:username',
    'cognito:groups',
    'household',
    'custom:',
    `custom:${'x'.repeat(21)}`,
    'custom:house hold',
    'custom:家',
    'custom:custom:x',
    'dev:custom:x',
    'SUB',
    '',
    7,
    true,
  ])('is never %j', (claim) => {
    expect(() => claimOf(claim)).toThrow(
      /accountClaim cannot be .*custom:household|accountClaim .*not empty/,
    );
  });
});

describe('a stage whose accounts are an attribute of the pool', () => {
  const template = synthesize({
    stageName: 'dev',
    accountClaim: 'custom:household',
    signUp: 'closed',
    accessLogs: 'true',
  });
  const pool = theOnly(template, 'AWS::Cognito::UserPool');
  const client = theOnly(template, 'AWS::Cognito::UserPoolClient');

  it('has that attribute, which can be changed, and by viewers cannot', () => {
    expect(pool['Schema']).toEqual([{ Name: 'household', AttributeDataType: 'String', Mutable: true }]);
    expect(client['WriteAttributes']).toEqual(['email']);
    expect(client['ReadAttributes']).toEqual(['custom:household', 'email', 'email_verified']);
  });

  it('takes no sign-up where it signs its viewers up itself', () => {
    expect(pool['AdminCreateUserConfig']).toEqual({ AllowAdminCreateUserOnly: true });
  });

  it('does not call in its access logs an account what is none', () => {
    const { AccessLogSetting } = theOnly(template, 'AWS::ApiGateway::Stage') as {
      readonly AccessLogSetting: { readonly Format: string };
    };
    expect(JSON.parse(AccessLogSetting.Format)).not.toHaveProperty('accountId');
    expect(JSON.parse(AccessLogSetting.Format)).toHaveProperty('viewerId', '$context.authorizer.claims.sub');
  });

  it('tells clients the claim', () => {
    const { Outputs } = template.toJSON() as { readonly Outputs: Readonly<Record<string, unknown>> };
    expect(Outputs['AccountClaim']).toEqual({ Value: 'custom:household' });
  });
});
