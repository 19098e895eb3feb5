import { apiGatewaySupport } from './api-gateway/support.ts';
import type { Support, TypeSupport } from './cloudformation/support.ts';
import { customResourceSupport } from './custom-resource/support.ts';
import { dynamoDbSupport } from './dynamodb/tables.ts';
import { eventSourceSupport } from './event-source/support.ts';
import { functionUrlSupport } from './function-url/support.ts';
import { iamSupport } from './iam/support.ts';
import { lambdaSupport } from './lambda/support.ts';
import { sqsSupport } from './sqs/queues.ts';

const observed = 'there is no CloudWatch: the terminal shows what functions log';
const without = (why: string): TypeSupport => ({ kind: 'without-effect', why });

/** Everything a template may contain. A resource type or property that is not in here is refused by name. */
export const support: Support = {
  ...apiGatewaySupport,
  ...customResourceSupport,
  ...dynamoDbSupport,
  ...eventSourceSupport,
  ...functionUrlSupport,
  ...iamSupport,
  ...lambdaSupport,
  ...sqsSupport,
  'AWS::Cognito::UserPool': { kind: 'checked-by-stand-in' },
  'AWS::Cognito::UserPoolClient': { kind: 'checked-by-stand-in' },
  'AWS::CDK::Metadata': without('documentation'),
  'AWS::CloudWatch::Alarm': without(observed),
  'AWS::CloudWatch::CompositeAlarm': without(observed),
  'AWS::CloudWatch::Dashboard': without(observed),
  'AWS::Logs::LogGroup': without(observed),
  'AWS::Logs::MetricFilter': without(observed),
  'AWS::Logs::QueryDefinition': without(observed),
  'AWS::SNS::Subscription': without('only alarms publish to a topic, and there are none'),
  'AWS::SNS::Topic': without('only alarms publish to a topic, and there are none'),
  'AWS::SNS::TopicPolicy': without('only alarms publish to a topic, and there are none'),
};
