import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { App, CfnResource, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JOINT_RULES } from '../../lib/limits/joint-rules.ts';
import { CUSTOM_RESOURCE_RULES, RESOURCE_RULES } from '../../lib/limits/resource-rules.ts';
import { breachesOf, TemplateLimits } from '../../lib/limits/template-limits.ts';
import { nameIn, readStage } from '../../lib/stage.ts';
import { UsherStack } from '../../lib/usher-stack.ts';
import { EVERYTHING } from './synthesize.ts';

const NAMES = [
  'dev',
  'prod',
  'feature/ABC-123_x',
  'feature/a-very-long-name-of-a-branch_'.repeat(4).slice(0, 120),
  '機能/視聴権の更新',
];

describe('a stage', () => {
  let scratch: string;
  beforeAll(() => {
    scratch = mkdtempSync(path.join(tmpdir(), 'usher-limits-'));
    for (const part of ['page', 'immutable']) {
      mkdirSync(path.join(scratch, part));
      writeFileSync(path.join(scratch, part, 'index.html'), 'a page');
    }
  });
  afterAll(() => rmSync(scratch, { recursive: true }));

  function breachesOfStage(settings: Readonly<Record<string, string>>) {
    const stage = readStage((key) => settings[key]);
    const playerBuild = {
      pageDir: path.join(scratch, 'page'),
      immutableDir: path.join(scratch, 'immutable'),
    };
    const code = () => Code.fromInline('export const handler = () => undefined;');
    const stack = new UsherStack(new App(), nameIn(stage), { stage, code, playerBuild });
    return breachesOf(stack.stackName, JSON.stringify(Template.fromStack(stack).toJSON()));
  }

  const all = {
    ...EVERYTHING,
    player: 'true',
    accessLogs: 'true',
    tracing: 'true',
    alarmTopicArn: `arn:aws:sns:ap-southeast-2:123456789012:${'x'.repeat(256)}`,
  };

  it.each(NAMES)(
    'called %s is one that AWS takes, with everything on and with everything off',
    (stageName) => {
      expect(breachesOfStage({ stageName, ...all })).toEqual([]);
      expect(breachesOfStage({ stageName })).toEqual([]);
    },
  );

  it('is one that AWS takes with the longest settings that it may have', () => {
    const origins = Array.from({ length: 39 }, (_, n) => `https://web-${10 + n}.tv.example`).join(',');
    expect(origins.length).toBeGreaterThan(1000);
    const longest = {
      origins,
      ssmStageName: 'x'.repeat(128),
      regionHeader: 'CloudFront-Viewer-Country',
      requestsPerSecond: '100000',
    };
    expect(breachesOfStage({ stageName: NAMES[3]!, ...all, ...longest })).toEqual([]);
  });
});

const KB = 1024;
const chars = (length: number) => 'x'.repeat(length);
const list = (length: number, of: unknown = 'x') => Array.from({ length }, () => of);
/** An object that takes so many bytes as JSON. */
const taking = (bytes: number) => ({ xx: chars(bytes - '{"xx":""}'.length) });
const page = (...widgets: readonly object[]) => JSON.stringify({ widgets });
const showing = (what: object, times = 1) => list(times, { properties: what }) as readonly object[];

/** What AWS just takes, and what it does not. */
type Sides = readonly [taken: unknown, refused: unknown];
const text = (most: number, ...others: readonly unknown[]): readonly Sides[] => [
  [chars(most), chars(most + 1)],
  ...others.map((other): Sides => [chars(most), other]),
];
const between = (least: number, most: number): readonly Sides[] => [
  [least, least - 1],
  [most, most + 1],
];
const count = (most: number): readonly Sides[] => [[list(most), list(most + 1)]];
const size = (most: number): readonly Sides[] => [[taking(most), taking(most + 1)]];

const SINGLE: Readonly<Record<string, readonly Sides[]>> = {
  'AWS::ApiGateway::Authorizer.Name': text(128, ''),
  'AWS::ApiGateway::Authorizer.ProviderARNs': count(1000),
  'AWS::ApiGateway::Deployment.Description': text(1024),
  'AWS::ApiGateway::GatewayResponse.ResponseTemplates.*': text(300 * KB),
  'AWS::ApiGateway::Method.Integration.TimeoutInMillis': between(50, 29_000),
  'AWS::ApiGateway::Resource.PathPart': [...text(256, 'a/b'), ['{sessionId}', '{sessionId']],
  'AWS::ApiGateway::RestApi.Name': text(1024, ''),
  'AWS::ApiGateway::RestApi.Description': text(1024),
  'AWS::ApiGateway::Stage.StageName': text(128, '', 'a.b', '視聴'),
  'AWS::ApiGateway::Stage.AccessLogSetting.Format': text(3 * KB),
  'AWS::CloudFront::Distribution.DistributionConfig.Comment': text(128),
  'AWS::CloudFront::Distribution.DistributionConfig.Aliases': count(100),
  'AWS::CloudFront::Distribution.DistributionConfig.Origins': count(25),
  'AWS::CloudFront::OriginAccessControl.OriginAccessControlConfig.Name': text(64, ''),
  'AWS::CloudFront::OriginAccessControl.OriginAccessControlConfig.Description': text(256),
  'AWS::CloudFront::ResponseHeadersPolicy.ResponseHeadersPolicyConfig.Name': text(128, '', 'a b'),
  'AWS::CloudFront::ResponseHeadersPolicy.ResponseHeadersPolicyConfig.Comment': text(128),
  'AWS::CloudFront::ResponseHeadersPolicy.ResponseHeadersPolicyConfig.CustomHeadersConfig.Items': count(10),
  'AWS::CloudFront::ResponseHeadersPolicy.ResponseHeadersPolicyConfig.CustomHeadersConfig.Items.*.Value':
    text(1783),
  'AWS::CloudFront::ResponseHeadersPolicy.ResponseHeadersPolicyConfig.SecurityHeadersConfig.ContentSecurityPolicy.ContentSecurityPolicy':
    text(1783),
  'AWS::CloudWatch::Alarm.AlarmName': [...text(255, '', 'two\nlines'), ['視聴', '']],
  'AWS::CloudWatch::Alarm.AlarmDescription': text(1024),
  'AWS::CloudWatch::Alarm.MetricName': text(255),
  'AWS::CloudWatch::Alarm.Metrics.*.MetricStat.Metric.MetricName': text(255),
  'AWS::CloudWatch::Alarm.AlarmActions': count(5),
  'AWS::CloudWatch::Alarm.OKActions': count(5),
  'AWS::CloudWatch::Alarm.Dimensions': count(30),
  'AWS::CloudWatch::Alarm.Metrics': [
    [list(10, { MetricStat: {} }), list(11, { MetricStat: {} })],
    [[...list(10, { MetricStat: {} }), { Expression: 'm1' }], list(11, { MetricStat: {} })],
  ],
  'AWS::CloudWatch::Dashboard.DashboardName': text(255, '', 'a b'),
  'AWS::CloudWatch::Dashboard.DashboardBody': [
    [page(...showing({}, 500)), page(...showing({}, 501))],
    [page(...showing({ metrics: list(500) })), page(...showing({ metrics: list(501) }))],
    [page(...showing({ metrics: list(500) }, 5)), page(...showing({ metrics: list(417) }, 6))],
    [page(...showing({ alarms: list(100) })), page(...showing({ alarms: list(101) }))],
  ],
  'AWS::Cognito::UserPool.UserPoolName': text(128, '', 'a/b'),
  'AWS::Cognito::UserPoolClient.ClientName': text(128, '', 'a/b'),
  'AWS::DynamoDB::GlobalTable.TableName': text(255, 'ab', 'a/b'),
  'AWS::DynamoDB::GlobalTable.GlobalSecondaryIndexes.*.IndexName': text(255, 'ab', 'a/b'),
  'AWS::DynamoDB::GlobalTable.GlobalSecondaryIndexes': count(20),
  'AWS::Events::Rule.Name': text(64, '', 'a/b'),
  'AWS::Events::Rule.Description': text(512),
  'AWS::Events::Rule.Targets': count(5),
  'AWS::Events::Rule.Targets.*.Id': text(64, '', 'a b'),
  'AWS::Events::Rule.Targets.*.Input': text(8192),
  'AWS::Events::Rule.Targets.*.RetryPolicy.MaximumEventAgeInSeconds': between(60, 86_400),
  'AWS::IAM::ManagedPolicy.ManagedPolicyName': text(128, 'a/b'),
  'AWS::IAM::ManagedPolicy.Description': text(1000),
  'AWS::IAM::ManagedPolicy.PolicyDocument': size(6144),
  'AWS::IAM::Policy.PolicyName': text(128, 'a/b'),
  'AWS::IAM::Role.RoleName': text(64, 'a/b'),
  'AWS::IAM::Role.Description': text(1000),
  'AWS::IAM::Role.AssumeRolePolicyDocument': size(2048),
  'AWS::IAM::Role.ManagedPolicyArns': count(10),
  'AWS::IAM::Role.Policies.*.PolicyName': text(128, 'a/b'),
  'AWS::Lambda::EventInvokeConfig.MaximumEventAgeInSeconds': between(60, 21_600),
  'AWS::Lambda::EventInvokeConfig.MaximumRetryAttempts': between(0, 2),
  'AWS::Lambda::EventSourceMapping.BatchSize': between(1, 10_000),
  'AWS::Lambda::EventSourceMapping.MaximumBatchingWindowInSeconds': between(0, 300),
  'AWS::Lambda::EventSourceMapping.ScalingConfig.MaximumConcurrency': between(2, 1000),
  'AWS::Lambda::Function.FunctionName': text(64, '', 'a.b'),
  'AWS::Lambda::Function.Description': text(256),
  'AWS::Lambda::Function.Environment.Variables': [
    ...size(4 * KB),
    [{ AWS_ENDPOINT_URL: 'x' }, { AWS_REGION: 'x' }],
    [{ AWS_LAMBDA_EXEC_WRAPPER: 'x' }, { AWS_LAMBDA_LOG_GROUP_NAME: 'x' }],
    [{ LAMBDA_TASK: 'x' }, { LAMBDA_TASK_ROOT: 'x' }],
    [{ A1: 'x' }, { A: 'x' }],
    [{ AB: 'x' }, { 'A-B': 'x' }],
  ],
  'AWS::Lambda::Function.Timeout': between(1, 900),
  'AWS::Lambda::Function.MemorySize': between(128, 10_240),
  'AWS::Lambda::Function.Layers': count(5),
  'AWS::Lambda::LayerVersion.LayerName': text(140),
  'AWS::Lambda::LayerVersion.Description': text(256),
  'AWS::Lambda::Url.Cors.AllowOrigins': count(100),
  'AWS::Lambda::Url.Cors.AllowOrigins.*': text(253),
  'AWS::Lambda::Url.Cors.AllowMethods.*': [['DELETE', 'OPTIONS']],
  'AWS::Lambda::Url.Cors.AllowHeaders': count(100),
  'AWS::Lambda::Url.Cors.ExposeHeaders': count(100),
  'AWS::Lambda::Url.Cors.MaxAge': between(0, 86_400),
  'AWS::Logs::LogGroup.LogGroupName': text(512, '', 'a b'),
  'AWS::Logs::MetricFilter.FilterName': text(512, 'a:b'),
  'AWS::Logs::MetricFilter.FilterPattern': text(1024),
  'AWS::Logs::MetricFilter.MetricTransformations.*.MetricName': text(255, 'a:b'),
  'AWS::Logs::MetricFilter.MetricTransformations.*.MetricNamespace': text(255, 'a:b'),
  'AWS::Logs::MetricFilter.MetricTransformations': count(1),
  'AWS::Logs::MetricFilter.MetricTransformations.*.Dimensions': count(3),
  'AWS::S3::Bucket.BucketName': [
    ...text(63, 'ab', 'A-bucket', 'a_bucket', '-bucket', 'a..bucket', '10.0.0.1', 'xn--bucket'),
    ['tv.example', 'tv.example-'],
    ['usher-s3', 'usher-s3alias'],
    ['usher--s3', 'usher--x-s3'],
    ['s3-usher', 'amzn-s3-demo-usher'],
  ],
  'AWS::S3::BucketPolicy.PolicyDocument': size(20 * KB),
  'AWS::SQS::Queue.QueueName': text(80, '', 'a.b'),
  'AWS::SQS::Queue.VisibilityTimeout': between(0, 43_200),
  'AWS::SQS::Queue.MessageRetentionPeriod': between(60, 1_209_600),
  'AWS::SQS::Queue.DelaySeconds': between(0, 900),
  'AWS::SQS::Queue.ReceiveMessageWaitTimeSeconds': between(0, 20),
  'AWS::SQS::Queue.RedrivePolicy.maxReceiveCount': between(1, 1000),
  'AWS::SQS::QueuePolicy.PolicyDocument': size(8192),
  'AWS::SQS::QueuePolicy.PolicyDocument.Statement': count(20),
  'Custom::Cache.ServiceTimeout': between(1, 3600),
};

/** What is refused of a resource whose only property is this one. */
function refusals(rule: string, value: unknown): readonly string[] {
  const [type = '', ...steps] = rule.split('.');
  const properties = steps.reduceRight((inner, step) => (step === '*' ? [inner] : { [step]: inner }), value);
  return refused({ One: { Type: type, Properties: properties as object } });
}

function refused(resources: object, others: object = {}, stackName = 'usher-dev'): readonly string[] {
  const breaches = breachesOf(stackName, JSON.stringify({ Resources: resources, ...others }));
  return [...new Set(breaches.map(({ rule }) => rule))];
}

describe('AWS’s limits', () => {
  it.each(Object.entries(SINGLE))('%s', (rule, sides) => {
    for (const [taken, tooMuch] of sides) {
      expect(refusals(rule, taken)).toEqual([]);
      expect(refusals(rule, tooMuch)).toEqual([rule]);
    }
  });

  it('are all of them seen here from both sides', () => {
    const rules = Object.entries({ ...RESOURCE_RULES, 'Custom::Cache': CUSTOM_RESOURCE_RULES }).flatMap(
      ([type, ofType]) => ofType.map(({ property }) => (property === '' ? type : `${type}.${property}`)),
    );
    expect(rules.filter((rule) => !(rule in SINGLE || rule in JOINT))).toEqual([]);
    expect(JOINT_RULES.filter(({ name }) => !(name in JOINT))).toEqual([]);
  });

  const names = (length: number, value: unknown = {}) =>
    Object.fromEntries(Array.from({ length }, (_, n) => [`R${n}`, value]));
  const queue = { Type: 'AWS::SQS::Queue' };
  const role = { Type: 'AWS::IAM::Role' };
  const policyOf = (bytes: number) => ({
    Type: 'AWS::IAM::Policy',
    Properties: { PolicyDocument: taking(bytes), Roles: [{ Ref: 'Role' }] },
  });
  const inline = (bytes: number) => ({
    ...role,
    Properties: { Policies: [{ PolicyDocument: taking(bytes) }] },
  });
  const permission = {
    Type: 'AWS::Lambda::Permission',
    Properties: { FunctionName: { 'Fn::GetAtt': ['Function', 'Arn'] }, SourceArn: chars(200) },
  };
  const invokedBy = (many: number) => ({
    Function: { Type: 'AWS::Lambda::Function' },
    ...names(many, permission),
  });
  /** As an argument list of {@link refused}. */
  const JOINT: Readonly<Record<string, readonly Sides[]>> = {
    'Custom::Cache': [
      [
        [{ One: { Type: 'Custom::Cache', Properties: taking(120 * KB) } }],
        [{ One: { Type: 'Custom::Cache', Properties: taking(120 * KB + 1) } }],
      ],
    ],
    'Stack.Name': [
      [
        [{}, {}, chars(128)],
        [{}, {}, chars(129)],
      ],
      [
        [{}, {}, 'usher-b'],
        [{}, {}, '視聴'],
      ],
    ],
    'Template.Size': [
      [
        [{}, { X: chars(KB * KB - 30) }],
        [{}, { X: chars(KB * KB) }],
      ],
    ],
    'Template.Description': [
      [
        [{}, { Description: chars(KB) }],
        [{}, { Description: '視'.repeat(342) }],
      ],
    ],
    'Template.Resources': [[[names(500, queue)], [names(501, queue)]]],
    'Template.Outputs': [
      [
        [{}, { Outputs: names(200) }],
        [{}, { Outputs: names(201) }],
      ],
    ],
    'Template.Parameters': [
      [
        [{}, { Parameters: names(200) }],
        [{}, { Parameters: names(201) }],
      ],
    ],
    'Template.Mappings': [
      [
        [{}, { Mappings: names(200) }],
        [{}, { Mappings: names(201) }],
      ],
    ],
    LogicalIds: [
      [[{ [chars(255)]: queue }], [{ [chars(256)]: queue }]],
      [[{ Queue: queue }], [{ 'The-Queue': queue }]],
      [
        [{}, { Outputs: { Url: {} } }],
        [{}, { Outputs: { 'The-Url': {} } }],
      ],
    ],
    'Outputs.Description': [
      [
        [{}, { Outputs: { Url: { Description: chars(KB) } } }],
        [{}, { Outputs: { Url: { Description: chars(KB + 1) } } }],
      ],
    ],
    'Outputs.Export.Name': [
      [
        [{}, { Outputs: { Url: { Export: { Name: chars(256) } } } }],
        [{}, { Outputs: { Url: { Export: { Name: chars(257) } } } }],
      ],
      [
        [{}, { Outputs: { Url: { Export: { Name: 'usher:url' } } } }],
        [{}, { Outputs: { Url: { Export: { Name: 'usher/url' } } } }],
      ],
    ],
    Names: [
      [
        [
          {
            One: { ...queue, Properties: { QueueName: 'a' } },
            Two: { ...queue, Properties: { QueueName: 'b' } },
          },
        ],
        [
          {
            One: { ...queue, Properties: { QueueName: 'a' } },
            Two: { ...queue, Properties: { QueueName: 'a' } },
          },
        ],
      ],
    ],
    'AWS::ApiGateway::Resource': [
      [
        [names(300, { Type: 'AWS::ApiGateway::Resource' })],
        [names(301, { Type: 'AWS::ApiGateway::Resource' })],
      ],
    ],
    'AWS::IAM::Role': [
      [[{ Role: inline(10_240) }], [{ Role: inline(10_241) }]],
      [
        [{ Role: inline(5000), One: policyOf(5000), Two: policyOf(240) }],
        [{ Role: inline(5000), One: policyOf(5000), Two: policyOf(241) }],
      ],
    ],
    'AWS::Lambda::Function': [[[invokedBy(30)], [invokedBy(40)]]],
  };

  it.each(Object.entries(JOINT))('of a whole stack: %s', (rule, sides) => {
    for (const [taken, tooMuch] of sides) {
      expect(refused(...(taken as Parameters<typeof refused>))).toEqual([]);
      expect(refused(...(tooMuch as Parameters<typeof refused>))).toEqual([rule]);
    }
  });

  it('hold for what is known after the deployment only', () => {
    const named = (Name: unknown) => ({
      Access: {
        Type: 'AWS::CloudFront::OriginAccessControl',
        Properties: { OriginAccessControlConfig: { Name } },
      },
    });
    const inRegion = (length: number) => ({ 'Fn::Join': ['-', [chars(length), { Ref: 'AWS::Region' }]] });
    expect(refused(named(inRegion(64 - '-ap-southeast-2'.length)))).toEqual([]);
    expect(refused(named(inRegion(64 - '-ap-southeast-2'.length + 1)))).toHaveLength(1);
    expect(refused(named({ 'Fn::Sub': `${chars(49)}-\${AWS::Region}` }))).toEqual([]);
    expect(refused(named({ 'Fn::Sub': `${chars(50)}-\${AWS::Region}` }))).toHaveLength(1);
    expect(refused({ ...named({ 'Fn::GetAtt': ['Queue', 'Arn'] }), Queue: queue })).toHaveLength(1);
    const tables = { Type: 'AWS::DynamoDB::GlobalTable', Properties: { TableName: chars(60) } };
    expect(refused({ ...named({ Ref: 'Table' }), Table: tables })).toEqual([]);
    expect(
      refused({ ...named({ 'Fn::Join': ['', ['usher', { Ref: 'Table' }]] }), Table: tables }),
    ).toHaveLength(1);
  });

  it('of a type that nobody has looked up are not taken for kept', () => {
    expect(breachesOf('usher-dev', '{"Resources":{"Cluster":{"Type":"AWS::EKS::Cluster"}}}')).toEqual([
      {
        rule: 'AWS::EKS::Cluster',
        logicalId: 'Cluster',
        fault: expect.stringContaining('nobody has looked up'),
      },
    ]);
  });
});

it('synth says which resource of which stack AWS would refuse, and why', () => {
  const app = new App();
  const stack = new Stack(app, 'One', { stackName: 'usher-dev' });
  new CfnResource(stack, 'Queue', { type: 'AWS::SQS::Queue', properties: { QueueName: chars(81) } });
  const { directory, stacks } = app.synth();
  const templateFullPath = stacks[0]?.templateFullPath ?? '';
  const stackTemplates = [
    { stackConstructPath: 'One', templatePath: templateFullPath, accountId: undefined, region: undefined },
  ];
  const report = new TemplateLimits().validate({ templatePaths: [], stackTemplates, appConstruct: app });
  rmSync(directory, { recursive: true });
  expect(report).toMatchObject({
    success: false,
    violations: [
      {
        ruleName: expect.not.stringContaining('::') as unknown, // which CDK refuses
        description: `AWS::SQS::Queue.QueueName has 81 characters, more than 80: ${chars(81)}`,
        violatingResources: [{ resourceLogicalId: 'Queue', templatePath: templateFullPath }],
      },
    ],
  });
});
