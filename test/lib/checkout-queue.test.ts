import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { resourcesOf, synthesize, theOnly } from './synthesize.ts';

const template = synthesize({ stageName: 'dev' });
const FOURTEEN_DAYS = 14 * 24 * 60 * 60;

describe('the checkout queue', () => {
  const queue = queueNamed(template, 'usher-dev-checkout');

  it('hides a message for six times as long as the function that works on it may take', () => {
    const [consumer] = Object.values(resourcesOf(template, 'AWS::Lambda::Function')).filter(
      ({ Properties }) => Properties['FunctionName'] === 'usher-dev-recompute-entitlements',
    );
    const timeout = Number(consumer?.Properties['Timeout']);
    expect(timeout).toBe(30);
    expect(queue.Properties['VisibilityTimeout']).toBeGreaterThanOrEqual(6 * timeout);
  });

  it('hands over what makes the function die ten times, and nothing sooner', () => {
    const [deadLetters] = Object.entries(resourcesOf(template, 'AWS::SQS::Queue')).filter(
      ([, { Properties }]) => Properties['QueueName'] === 'usher-dev-checkout-dead-letters',
    );
    expect(queue.Properties['RedrivePolicy']).toEqual({
      deadLetterTargetArn: { 'Fn::GetAtt': [deadLetters?.[0], 'Arn'] },
      maxReceiveCount: 10,
    });
  });

  it('delivers up to ten messages at once, without waiting for more, and takes each failure by itself', () => {
    expect(theOnly(template, 'AWS::Lambda::EventSourceMapping')).toMatchObject({
      BatchSize: 10,
      MaximumBatchingWindowInSeconds: 0,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      EventSourceArn: { 'Fn::GetAtt': [expect.stringMatching(/^CheckoutQueue/), 'Arn'] },
      FunctionName: { Ref: expect.stringMatching(/^EntitlementsRecomputeEntitlements/) },
    });
  });

  it.each(['usher-dev-checkout', 'usher-dev-checkout-dead-letters'])(
    '%s keeps messages for 14 days, encrypted',
    (name) => {
      const { Properties } = queueNamed(template, name);
      expect(Properties).toMatchObject({ MessageRetentionPeriod: FOURTEEN_DAYS, SqsManagedSseEnabled: true });
    },
  );

  it('refuses whoever comes without TLS, and so do the dead letters', () => {
    const policies = Object.values(resourcesOf(template, 'AWS::SQS::QueuePolicy'));
    expect(policies).toHaveLength(2);
    for (const { Properties } of policies) {
      expect(Properties['PolicyDocument']).toMatchObject({
        Statement: [
          { Effect: 'Deny', Action: 'sqs:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
        ],
      });
    }
  });
});

describe('the alarms', () => {
  it.each([
    ['usher-dev-checkout-dead-letters', 'ApproximateNumberOfMessagesVisible', '^CheckoutDeadLetters', 1],
    ['usher-dev-checkout-oldest-message', 'ApproximateAgeOfOldestMessage', '^CheckoutQueue', 300],
  ])('%s watches %s', (AlarmName, MetricName, queue, Threshold) => {
    expect(alarmNamed(AlarmName)).toMatchObject({
      MetricName,
      Threshold,
      Namespace: 'AWS/SQS',
      Statistic: 'Maximum',
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
      Dimensions: [
        { Name: 'QueueName', Value: { 'Fn::GetAtt': [expect.stringMatching(queue), 'QueueName'] } },
      ],
    });
  });

  it('see a message that waits for an outage, which SQS leaves out of the age of the oldest', () => {
    const filters = Object.values(resourcesOf(template, 'AWS::Logs::MetricFilter'));
    expect(filters.map(({ Properties }) => Properties)).toContainEqual({
      LogGroupName: { Ref: expect.stringMatching(/^EntitlementsRecomputeEntitlementsLogs/) },
      FilterPattern: '{ ($.message = "waits") && ($.receives >= 4) }',
      MetricTransformations: [
        { MetricNamespace: 'usher', MetricName: 'usher-dev-checkout-waiting', MetricValue: '1' },
      ],
    });
    const alarm = alarmNamed('usher-dev-checkout-waiting');
    // A renewed message comes back to its fourth receive after 5 + 20 + 80 + 300 s.
    expect(alarm['Period']).toBeGreaterThan(5 + 20 + 80 + 300);
    expect(alarm).toMatchObject({ Threshold: 1, Statistic: 'Sum', MetricName: 'usher-dev-checkout-waiting' });
  });

  it('see a consumer that crashes', () => {
    expect(alarmNamed('usher-dev-checkout-crashes')).toMatchObject({ MetricName: 'Errors', Threshold: 1 });
  });
});

function alarmNamed(name: string) {
  const alarms = Object.values(resourcesOf(template, 'AWS::CloudWatch::Alarm'));
  return alarms.find(({ Properties }) => Properties['AlarmName'] === name)!.Properties;
}

function queueNamed(of: Template, name: string) {
  const found = Object.values(resourcesOf(of, 'AWS::SQS::Queue')).find(
    ({ Properties }) => Properties['QueueName'] === name,
  );
  if (found === undefined) throw new Error(`no queue is called ${name}`);
  return found;
}
