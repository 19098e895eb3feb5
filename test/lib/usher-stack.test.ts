import { App } from 'aws-cdk-lib';
import { Annotations, Match, type Template } from 'aws-cdk-lib/assertions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { describe, expect, it } from 'vitest';
import { NAMED_BY, valuesAt } from '../../lib/limits/longest-text.ts';
import { readStage } from '../../lib/stage.ts';
import { UsherStack } from '../../lib/usher-stack.ts';
import { EVERYTHING, resourcesOf, synthesize, theOnly, type Resource } from './synthesize.ts';

/** What no other resource of the account may be called. */
function namesOf(template: Template): readonly string[] {
  return Object.entries(NAMED_BY).flatMap(([type, property]) =>
    Object.values(resourcesOf(template, type)).flatMap(({ Properties }) =>
      valuesAt(Properties, property).map((name) => `${type} ${JSON.stringify(name)}`),
    ),
  );
}

describe('a stack', () => {
  it('shares no name with that of another branch', () => {
    const [one, other] = ['feat/x', 'feat-x'].map((stageName) =>
      namesOf(synthesize({ stageName, ...EVERYTHING })),
    );
    expect(one?.length).toBeGreaterThan(50);
    expect(one?.filter((name) => other?.includes(name))).toEqual([]);
  });

  it('shares only the paths of secrets with the stage it is told to share them with', () => {
    const branch = JSON.stringify(
      synthesize({ stageName: 'feat-x', ssmStageName: 'dev', ...EVERYTHING }).toJSON(),
    );
    expect(branch).toContain('/usher/dev/momento-endpoint');
    expect(branch.replaceAll('/usher/dev/', '')).not.toMatch(/usher[-/]dev/);
  });

  it('tells clients where to find everything', () => {
    const { Outputs } = synthesize({ stageName: 'dev' }).toJSON() as {
      Outputs: Record<string, { Value: unknown }>;
    };
    expect(Object.keys(Outputs).toSorted()).toEqual([
      'AccountClaim',
      'ApiUrl',
      'CheckoutQueueUrl',
      'DeadLetterQueueUrl',
      'MomentoCacheName',
      'Origins',
      'Region',
      'SsmStageName',
      'StageName',
      'TableName',
      'UserPoolClientId',
      'UserPoolId',
    ]);
    expect(Outputs).toMatchObject({ StageName: { Value: 'dev' }, MomentoCacheName: { Value: 'usher-dev' } });
    expect(JSON.stringify(Outputs['ApiUrl'])).not.toMatch(/\/"\]\]/);
  });

  it('tells them of the heartbeat URL where there is one', () => {
    const { Outputs } = synthesize({ stageName: 'dev', heartbeatUrl: 'true' }).toJSON() as {
      Outputs: Record<string, { Value: unknown }>;
    };
    expect(Outputs['HeartbeatUrl']?.Value).toEqual({
      'Fn::GetAtt': [expect.stringMatching(/^ConcurrencyRenewSession/), 'FunctionUrl'],
    });
  });

  it('lets viewers sign up by email and in by SRP, and never says whether an address is known', () => {
    const template = synthesize({ stageName: 'dev' });
    expect(theOnly(template, 'AWS::Cognito::UserPool')).toMatchObject({
      UsernameAttributes: ['email'],
      AutoVerifiedAttributes: ['email'],
      AdminCreateUserConfig: { AllowAdminCreateUserOnly: false },
      UsernameConfiguration: { CaseSensitive: false },
    });
    expect(theOnly(template, 'AWS::Cognito::UserPoolClient')).toMatchObject({
      ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
      PreventUserExistenceErrors: 'ENABLED',
      GenerateSecret: false,
      AllowedOAuthFlowsUserPoolClient: false,
      ReadAttributes: ['email', 'email_verified'],
      WriteAttributes: ['email'],
    });
    expect(theOnly(template, 'AWS::Cognito::UserPool')).not.toHaveProperty('Schema');
  });

  it('has mails with codes sent by SES where it is told the sender, and else by Cognito itself', () => {
    const emailOf = (settings: object) =>
      theOnly(synthesize({ stageName: 'dev', ...settings }), 'AWS::Cognito::UserPool')['EmailConfiguration'];
    expect(emailOf({})).toBeUndefined();
    const sourceArn = expect.objectContaining({
      'Fn::Join': ['', expect.arrayContaining([':ses:', ':identity/mail.tv.example'])],
    });
    expect(emailOf({ mailFrom: 'codes@mail.tv.example' })).toEqual({
      EmailSendingAccount: 'DEVELOPER',
      From: 'codes@mail.tv.example',
      SourceArn: sourceArn,
    });
    expect(() => emailOf({ mailFrom: 'TV <codes@tv.example>' })).toThrow('pass -c mailFrom=…');
  });

  it('warns of what prod lacks, and of nothing that a branch does', () => {
    const told = (settings: Readonly<Record<string, string>>) => {
      const stage = readStage((key) => settings[key]);
      const stack = new UsherStack(new App(), 'usher', { stage, code: () => Code.fromInline('//') });
      return Annotations.fromStack(stack)
        .findWarning('*', Match.anyValue())
        .map(({ entry }) => /pass -c (\w+)/.exec(JSON.stringify(entry.data))?.[1]);
    };
    const whole = {
      stageName: 'prod',
      origins: 'https://tv.example',
      alarmTopicArn: 'arn:aws:sns:eu-west-1:123456789012:alarms',
      mailFrom: 'codes@tv.example',
    };
    expect(told({ stageName: 'prod', ssmStageName: 'dev' })).toEqual([
      'ssmStageName',
      'origins',
      'alarmTopicArn',
      'mailFrom',
    ]);
    expect(told(whole)).toEqual([]);
    expect(told({ stageName: 'dev', ssmStageName: 'other' })).toEqual([]);
  });
});

describe('when a stage is taken down', () => {
  const KEPT = ['AWS::Cognito::UserPool', 'AWS::DynamoDB::GlobalTable', 'Custom::MomentoCache'];

  it('prod keeps its cache, who did what for support, and its accounts and viewers, protected, and the accounts can be restored to any minute', () => {
    const prod = synthesize({ stageName: 'prod', ...EVERYTHING });
    for (const one of Object.values(allOf(prod))) {
      const { Type, DeletionPolicy = 'Delete', UpdateReplacePolicy = 'Delete' } = one;
      const fate = KEPT.includes(Type) || isAudit(one) ? 'Retain' : 'Delete';
      // The log of a function that a failed deployment has just made goes with it: it would bar the next one's way.
      const ended = isAudit(one) ? 'RetainExceptOnCreate' : fate;
      expect([Type, DeletionPolicy, UpdateReplacePolicy]).toEqual([Type, ended, fate]);
    }
    expect(theOnly(prod, 'AWS::Cognito::UserPool')).toMatchObject({ DeletionProtection: 'ACTIVE' });
    expect(theOnly(prod, 'AWS::DynamoDB::GlobalTable')).toMatchObject({
      Replicas: [
        {
          DeletionProtectionEnabled: true,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        },
      ],
    });
  });

  it('any other leaves nothing behind', () => {
    const branch = synthesize({ stageName: 'feat/x', ...EVERYTHING });
    for (const { Type, DeletionPolicy = 'Delete' } of Object.values(allOf(branch))) {
      expect([Type, DeletionPolicy]).toEqual([Type, 'Delete']);
    }
    expect(theOnly(branch, 'AWS::Cognito::UserPool')).toMatchObject({ DeletionProtection: 'INACTIVE' });
    expect(theOnly(branch, 'AWS::DynamoDB::GlobalTable')).toMatchObject({
      Replicas: [{ DeletionProtectionEnabled: false }],
    });
  });

  it.each([
    ['prod', 30],
    ['dev', 7],
  ])('the logs of %s are %i days old at most', (stageName, days) => {
    const template = synthesize({ stageName, ...EVERYTHING });
    const groups = Object.values(resourcesOf(template, 'AWS::Logs::LogGroup'));
    expect(groups).toHaveLength(Object.keys(resourcesOf(template, 'AWS::Lambda::Function')).length);
    for (const group of groups) {
      expect(group.Properties['RetentionInDays']).toBe(isAudit(group) ? 400 : days);
    }
  });

  it('who did what for support is known as long as it is told, and is written down at any log level', () => {
    const template = synthesize({ stageName: 'dev', auditRetentionDays: '3653', logLevel: 'WARN' });
    const groups = Object.values(resourcesOf(template, 'AWS::Logs::LogGroup')).filter(isAudit);
    expect(groups.map(({ Properties }) => Properties['RetentionInDays'])).toEqual([3653, 3653, 3653]);
    const functions = Object.values(resourcesOf(template, 'AWS::Lambda::Function'));
    for (const { Properties } of functions) {
      const { ApplicationLogLevel: level } = Properties['LoggingConfig'] as { ApplicationLogLevel: string };
      const { Variables } = Properties['Environment'] as { Variables: Readonly<Record<string, string>> };
      const expected = AUDITED.test(String(Properties['FunctionName'])) ? 'INFO' : 'WARN';
      expect([level, Variables['POWERTOOLS_LOG_LEVEL']]).toEqual([expected, expected]);
    }
  });
});

const AUDITED = /-(look-up|change|erase)-account$/;

function isAudit({ Type, Properties = {} }: Pick<Resource, 'Type'> & Partial<Resource>): boolean {
  return Type === 'AWS::Logs::LogGroup' && AUDITED.test(String(Properties['LogGroupName']));
}

function allOf(template: Template) {
  return (template.toJSON() as { Resources: ReturnType<typeof resourcesOf> }).Resources;
}
