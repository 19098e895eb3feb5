import { App, Stack } from 'aws-cdk-lib';
import { AccountRecovery, Mfa, UserPool } from 'aws-cdk-lib/aws-cognito';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCognito, type CognitoStandIn } from '../../../local/cognito/server.ts';

let standIn: CognitoStandIn;
beforeAll(async () => {
  standIn = await startCognito({ region: 'ap-northeast-1', onCode: () => {} });
});
afterAll(() => standIn.stop());

const pool = (properties: Record<string, unknown>, name = 'Viewers') =>
  standIn.ensureUserPool({ name, properties });
const client = (properties: Record<string, unknown>) =>
  standIn.ensureUserPoolClient({ name: 'Web', userPoolId: pool({}, 'Any').userPoolId, properties });

/** The properties the CDK writes into a template. */
function synthesized(type: string, build: (stack: Stack) => void): Record<string, unknown> {
  const stack = new Stack(new App());
  build(stack);
  const [resource] = Object.values(Template.fromStack(stack).findResources(type));
  return (resource as { Properties: Record<string, unknown> }).Properties;
}

describe('the resources of a template', () => {
  it('become a pool and a client with ids like real ones, the same ones every time', () => {
    const { userPoolId } = pool({ UsernameAttributes: ['email'] });
    expect(userPoolId).toMatch(/^ap-northeast-1_[A-Za-z0-9]{9}$/);
    expect(pool({ UsernameAttributes: ['email'], UserPoolName: 'renamed' })).toEqual({ userPoolId });
    const { clientId } = client({});
    expect(clientId).toMatch(/^[a-z0-9]{26}$/);
    expect(client({ ClientName: 'renamed' })).toEqual({ clientId });
    expect(standIn.issuer(userPoolId)).toBe(`https://cognito-idp.ap-northeast-1.amazonaws.com/${userPoolId}`);
  });

  it('are taken as the CDK writes them', () => {
    const poolProperties = synthesized('AWS::Cognito::UserPool', (stack) => {
      new UserPool(stack, 'Viewers', {
        selfSignUpEnabled: true,
        signInAliases: { email: true },
        signInCaseSensitive: false,
        autoVerify: { email: true },
        accountRecovery: AccountRecovery.EMAIL_ONLY,
        standardAttributes: { email: { required: true } },
        passwordPolicy: { minLength: 12, requireSymbols: false },
      });
    });
    const clientProperties = synthesized('AWS::Cognito::UserPoolClient', (stack) => {
      new UserPool(stack, 'Viewers').addClient('Web', {
        authFlows: { userSrp: true },
        disableOAuth: true,
        preventUserExistenceErrors: true,
        generateSecret: false,
      });
    });
    expect(() => pool(poolProperties, 'FromCdk')).not.toThrow();
    expect(() => client(clientProperties)).not.toThrow();
  });

  it.each([
    ['MfaConfiguration', { MfaConfiguration: 'ON', EnabledMfas: ['SOFTWARE_TOKEN_MFA'] }],
    ['EnabledMfas', { EnabledMfas: ['SOFTWARE_TOKEN_MFA'] }],
    ['LambdaConfig', { LambdaConfig: { PreSignUp: 'arn' } }],
    ['AliasAttributes', { AliasAttributes: ['email'] }],
    ['UsernameAttributes', { UsernameAttributes: ['phone_number'] }],
    ['Schema', { Schema: [{ Name: 'plan', AttributeDataType: 'String' }] }],
    [
      'Policies.PasswordPolicy.PasswordHistorySize',
      { Policies: { PasswordPolicy: { PasswordHistorySize: 3 } } },
    ],
    ['Policies.PasswordPolicy.MinimumLength', { Policies: { PasswordPolicy: { MinimumLength: 5 } } }],
    ['UserPoolAddOns.AdvancedSecurityMode', { UserPoolAddOns: { AdvancedSecurityMode: 'ENFORCED' } }],
    ['Invented', { Invented: true }],
  ])('are refused by name where a pool asks for %s', (name, properties) => {
    expect(() => pool(properties)).toThrow(
      new RegExp(`cannot honour user pool Viewers:.*${name.replaceAll('.', '\\.')}`),
    );
  });

  it.each([
    ['GenerateSecret', { GenerateSecret: true }],
    ['ExplicitAuthFlows', { ExplicitAuthFlows: ['ALLOW_CUSTOM_AUTH'] }],
    ['AllowedOAuthFlowsUserPoolClient', { AllowedOAuthFlowsUserPoolClient: true }],
    ['CallbackURLs', { CallbackURLs: ['https://example.com'] }],
    ['EnableTokenRevocation', { EnableTokenRevocation: false }],
    ['RefreshTokenRotation', { RefreshTokenRotation: { Feature: 'ENABLED' } }],
    ['SupportedIdentityProviders', { SupportedIdentityProviders: ['Google'] }],
    ['AccessTokenValidity', { AccessTokenValidity: 25 }],
    ['IdTokenValidity', { IdTokenValidity: 4, TokenValidityUnits: { IdToken: 'minutes' } }],
    ['RefreshTokenValidity', { RefreshTokenValidity: 3651 }],
  ])('are refused by name where a client asks for %s', (name, properties) => {
    expect(() => client(properties)).toThrow(new RegExp(`cannot honour user pool client Web:.*${name}`));
  });

  it('name everything that cannot be honoured at once', () => {
    const mfa = synthesized('AWS::Cognito::UserPool', (stack) => {
      new UserPool(stack, 'Viewers', { mfa: Mfa.REQUIRED });
    });
    expect(() => pool({ ...mfa, LambdaConfig: {} })).toThrow(/MfaConfiguration.*LambdaConfig/);
  });

  it('never lose people’s accounts in passing: how they sign in cannot change', () => {
    pool({ UsernameAttributes: ['email'] }, 'Kept');
    expect(() => pool({}, 'Kept')).toThrow(/UsernameAttributes cannot be changed/);
  });

  it('need a pool that exists', () => {
    expect(() =>
      standIn.ensureUserPoolClient({ name: 'Web', userPoolId: 'ap-northeast-1_nowhere00', properties: {} }),
    ).toThrow(/does not exist/);
  });
});
