import { valuesAt } from './longest-text.ts';
import { count, number, size, text, type Rule } from './rule.ts';

const COGNITO_NAME = /^[\w\s+=,.@-]+$/;
const IAM_NAME = /^[\w+=,.@-]+$/;
const KB = 1024;
/** No address, no reserved beginning or end: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const BUCKET_NAME =
  /^(?!\d+\.\d+\.\d+\.\d+$|xn--|sthree-|amzn-s3-demo-)(?!.*(-s3alias|--ol-s3|\.mrap|--x-s3)$)[a-z0-9]([a-z0-9-]|\.(?!\.))*[a-z0-9]$/;

/**
 * What each type of resource is held to, where CDK's own validation does not look: it measures no reference, and AWS's
 * schemas leave out many a limit. A type with nothing to measure says so by an empty list; one that is not here at all
 * is refused.
 *
 * The figures were looked up in November 2026: those of CloudWatch, Logs, Cognito, DynamoDB, EventBridge, Lambda and
 * IAM's names in AWS's own API models (github.com/aws/api-models-aws, of 2025), the others in the services' developer
 * guides and API references (docs.aws.amazon.com, in copies of 2023 to 2026). Nothing was tried against AWS. A figure
 * that neither has is marked as unconfirmed; no template of ours comes near one, so that such a rule can only be too
 * careful.
 */
export const RESOURCE_RULES: Readonly<Record<string, readonly Rule[]>> = {
  'AWS::ApiGateway::Account': [],
  // Unconfirmed, both.
  'AWS::ApiGateway::Authorizer': [text('Name', 128), count('ProviderARNs', 1000)],
  // Unconfirmed.
  'AWS::ApiGateway::Deployment': [text('Description', 1024, { least: 0 })],
  // Said of mapping templates, of which these are a kind.
  'AWS::ApiGateway::GatewayResponse': [size('ResponseTemplates.*', 300 * KB)],
  // An integration is given up after 29 s, unless AWS has raised that for an account.
  'AWS::ApiGateway::Method': [number('Integration.TimeoutInMillis', 50, 29_000)],
  // Unconfirmed, the length as well as the characters.
  'AWS::ApiGateway::Resource': [text('PathPart', 256, { of: /^([\w.:-]+|\{[\w.:-]+\+?\})$/ })],
  // Unconfirmed, both.
  'AWS::ApiGateway::RestApi': [text('Name', 1024), text('Description', 1024, { least: 0 })],
  'AWS::ApiGateway::Stage': [
    text('StageName', 128, { of: /^[\w-]+$/ }),
    // Said of HTTP APIs; the page of REST APIs names no such quota.
    text('AccessLogSetting.Format', 3 * KB),
  ],
  'AWS::CloudFront::Distribution': [
    text('DistributionConfig.Comment', 128, { least: 0 }),
    count('DistributionConfig.Aliases', 100),
    // By the guide; lists of the account's quotas have 100 by now.
    count('DistributionConfig.Origins', 25),
  ],
  'AWS::CloudFront::OriginAccessControl': [
    text('OriginAccessControlConfig.Name', 64),
    // Unconfirmed.
    text('OriginAccessControlConfig.Description', 256, { least: 0 }),
  ],
  'AWS::CloudFront::ResponseHeadersPolicy': [
    // Where CDK cuts a name; of the characters, unconfirmed.
    text('ResponseHeadersPolicyConfig.Name', 128, { of: /^[\w-]+$/ }),
    text('ResponseHeadersPolicyConfig.Comment', 128, { least: 0 }),
    count('ResponseHeadersPolicyConfig.CustomHeadersConfig.Items', 10),
    // The guide's quotas have the same figure for the value of a custom header and for this policy.
    text('ResponseHeadersPolicyConfig.CustomHeadersConfig.Items.*.Value', 1783, { least: 0 }),
    text(
      'ResponseHeadersPolicyConfig.SecurityHeadersConfig.ContentSecurityPolicy.ContentSecurityPolicy',
      1783,
    ),
  ],
  'AWS::CloudWatch::Alarm': [
    text('AlarmName', 255, { of: /^\P{Cc}+$/u }),
    text('AlarmDescription', 1024, { least: 0 }),
    text('MetricName', 255),
    text('Metrics.*.MetricStat.Metric.MetricName', 255),
    count('AlarmActions', 5),
    count('OKActions', 5),
    count('Dimensions', 30),
    { property: 'Metrics', fault: metricsFault },
  ],
  'AWS::CloudWatch::Dashboard': [
    text('DashboardName', 255, { of: /^[\w-]+$/ }),
    { property: 'DashboardBody', fault: dashboardFault },
  ],
  'AWS::Cognito::UserPool': [text('UserPoolName', 128, { of: COGNITO_NAME })],
  'AWS::Cognito::UserPoolClient': [text('ClientName', 128, { of: COGNITO_NAME })],
  'AWS::DynamoDB::GlobalTable': [
    text('TableName', 255, { least: 3, of: /^[\w.-]+$/ }),
    text('GlobalSecondaryIndexes.*.IndexName', 255, { least: 3, of: /^[\w.-]+$/ }),
    count('GlobalSecondaryIndexes', 20),
  ],
  'AWS::Events::Rule': [
    text('Name', 64, { of: /^[\w.-]+$/ }),
    text('Description', 512, { least: 0 }),
    count('Targets', 5),
    text('Targets.*.Id', 64, { of: /^[\w.-]+$/ }),
    text('Targets.*.Input', 8192),
    number('Targets.*.RetryPolicy.MaximumEventAgeInSeconds', 60, 86_400),
  ],
  'AWS::IAM::ManagedPolicy': [
    text('ManagedPolicyName', 128, { of: IAM_NAME }),
    text('Description', 1000, { least: 0 }),
    size('PolicyDocument', 6144),
  ],
  // How long the policies of a role are together, joint-rules.ts says.
  'AWS::IAM::Policy': [text('PolicyName', 128, { of: IAM_NAME })],
  'AWS::IAM::Role': [
    text('RoleName', 64, { of: IAM_NAME }),
    text('Description', 1000, { least: 0 }),
    size('AssumeRolePolicyDocument', 2048),
    count('ManagedPolicyArns', 10),
    text('Policies.*.PolicyName', 128, { of: IAM_NAME }),
  ],
  'AWS::Lambda::EventInvokeConfig': [
    number('MaximumEventAgeInSeconds', 60, 21_600),
    number('MaximumRetryAttempts', 0, 2),
  ],
  'AWS::Lambda::EventSourceMapping': [
    number('BatchSize', 1, 10_000),
    number('MaximumBatchingWindowInSeconds', 0, 300),
    number('ScalingConfig.MaximumConcurrency', 2, 1000),
  ],
  'AWS::Lambda::Function': [
    text('FunctionName', 64, { of: /^[\w-]+$/ }),
    text('Description', 256, { least: 0 }),
    size('Environment.Variables', 4 * KB),
    { property: 'Environment.Variables', fault: variableFault },
    number('Timeout', 1, 900),
    number('MemorySize', 128, 10_240),
    count('Layers', 5),
  ],
  'AWS::Lambda::LayerVersion': [text('LayerName', 140), text('Description', 256, { least: 0 })],
  'AWS::Lambda::Permission': [],
  'AWS::Lambda::Url': [
    count('Cors.AllowOrigins', 100),
    text('Cors.AllowOrigins.*', 253),
    // Hence not OPTIONS: Lambda answers preflights without being told.
    text('Cors.AllowMethods.*', 6),
    count('Cors.AllowHeaders', 100),
    count('Cors.ExposeHeaders', 100),
    number('Cors.MaxAge', 0, 86_400),
  ],
  'AWS::Logs::LogGroup': [text('LogGroupName', 512, { of: /^[\w./#-]+$/ })],
  'AWS::Logs::MetricFilter': [
    text('FilterName', 512, { of: /^[^:*]+$/ }),
    text('FilterPattern', 1024, { least: 0 }),
    text('MetricTransformations.*.MetricName', 255, { of: /^[^:*$]+$/ }),
    text('MetricTransformations.*.MetricNamespace', 255, { of: /^[^:*$]+$/ }),
    count('MetricTransformations', 1),
    count('MetricTransformations.*.Dimensions', 3),
  ],
  'AWS::S3::Bucket': [text('BucketName', 63, { least: 3, of: BUCKET_NAME })],
  'AWS::S3::BucketPolicy': [size('PolicyDocument', 20 * KB)],
  'AWS::SQS::Queue': [
    text('QueueName', 80, { of: /^[\w-]+$/ }),
    number('VisibilityTimeout', 0, 43_200),
    number('MessageRetentionPeriod', 60, 1_209_600),
    number('DelaySeconds', 0, 900),
    number('ReceiveMessageWaitTimeSeconds', 0, 20),
    // Unconfirmed by SQS itself; AWS's Modern Data Architecture Accelerator checks for it.
    number('RedrivePolicy.maxReceiveCount', 1, 1000),
  ],
  'AWS::SQS::QueuePolicy': [size('PolicyDocument', 8192), count('PolicyDocument.Statement', 20)],
};

/**
 * CloudFormation invokes the function behind a custom resource asynchronously, and such an event may have 256 KB, both
 * by Lambda's guide. That of an update carries the new properties and the old ones; 16 KB are left to the rest of it.
 * The timeout's limits are those that CDK has.
 */
export const CUSTOM_RESOURCE_RULES: readonly Rule[] = [number('ServiceTimeout', 1, 3600), size('', 120 * KB)];

/** The rules for a type; `undefined` where nobody has looked its limits up. */
export function rulesFor(type: string): readonly Rule[] | undefined {
  const custom = type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource';
  return custom ? CUSTOM_RESOURCE_RULES : RESOURCE_RULES[type];
}

/** Of the metrics that an alarm's expression takes in; the expressions beside them do not count. */
function metricsFault(queries: unknown): string | undefined {
  const { length } = valuesAt(queries, '*.MetricStat');
  return length > 10 ? `has ${length} metrics, more than 10` : undefined;
}

interface DashboardBody {
  readonly widgets: readonly {
    readonly properties?: { readonly alarms?: readonly unknown[]; readonly metrics?: readonly unknown[] };
  }[];
}

function dashboardFault(body: unknown): string | undefined {
  const { widgets } = JSON.parse(String(body)) as DashboardBody;
  const counts = widgets.map(({ properties: { metrics = [], alarms = [] } = {} }) => [
    metrics.length,
    alarms.length,
  ]);
  const most = (column: 0 | 1) => Math.max(0, ...counts.map((one) => one[column] ?? 0));
  const metrics = counts.reduce((sum, [of = 0]) => sum + of, 0);
  if (widgets.length > 500) return `has ${widgets.length} widgets, more than 500`;
  if (most(0) > 500) return `has a widget with ${most(0)} metrics, more than 500`;
  if (metrics > 2500) return `has ${metrics} metrics, more than 2500`;
  return most(1) > 100 ? `has a widget with ${most(1)} alarms, more than 100` : undefined;
}

/** Two characters at least, and none of those that Lambda's guide has as reserved; `_HANDLER` begins with no letter. */
const VARIABLE =
  /^(?!(AWS_(REGION|DEFAULT_REGION|EXECUTION_ENV|ACCESS_KEY|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|LAMBDA_(FUNCTION_\w+|LOG_(GROUP|STREAM)_NAME|INITIALIZATION_TYPE|RUNTIME_API))|LAMBDA_(TASK_ROOT|RUNTIME_DIR))$)[a-zA-Z]\w+$/;

function variableFault(variables: unknown): string | undefined {
  const wrong = Object.keys(variables as object).find((name) => !VARIABLE.test(name));
  return wrong === undefined ? undefined : `cannot name a variable ${wrong}`;
}
