import { describe, expect, it } from 'vitest';
import { EVERYTHING, resourcesOf, synthesize } from './synthesize.ts';

const template = synthesize({ stageName: 'dev', ...EVERYTHING });
const plain = synthesize({ stageName: 'dev' });

describe('the log lines that are counted', () => {
  it.each([
    [
      'ConcurrencyFollowHeartbeatTopicLogs',
      'followed heartbeats',
      'usher-dev-malformed-heartbeats',
      '$.malformedTotal',
    ],
  ])('of %s: “%s”', (logs, message, MetricName, MetricValue) => {
    expect(filtersOf(template)).toContainEqual({
      LogGroupName: { Ref: expect.stringMatching(`^${logs}`) },
      FilterPattern: `{ $.message = "${message}" }`,
      MetricTransformations: [{ MetricNamespace: 'usher', MetricName, MetricValue }],
    });
  });

  it('are only those of functions that are there', () => {
    const counted = (of: typeof template) =>
      filtersOf(of).filter(({ FilterPattern }) => !/waits|boundaries/.test(String(FilterPattern)));
    expect(counted(template)).toHaveLength(1);
    expect(counted(plain)).toHaveLength(0);
  });
});

describe('the alarms', () => {
  const calm = {
    Period: 300,
    EvaluationPeriods: 1,
    Statistic: 'Sum',
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    TreatMissingData: 'notBreaching',
  };

  it('ring when sessions start without a slot', () => {
    expect(alarmsOf(plain).get('usher-dev-degraded-admissions')).toMatchObject({
      ...calm,
      Namespace: 'usher',
      MetricName: 'DegradedAdmissions',
      Dimensions: [
        { Name: 'service', Value: 'usher' },
        { Name: 'stage', Value: 'dev' },
      ],
    });
  });

  it('ring when the heartbeat URL turns players away, where there is one', () => {
    expect(alarmsOf(template).get('usher-dev-heartbeat-url-throttles')).toMatchObject({
      ...calm,
      Namespace: 'AWS/Lambda',
      MetricName: 'Throttles',
      Dimensions: [
        { Name: 'FunctionName', Value: { Ref: expect.stringMatching(/^ConcurrencyRenewSession/) } },
      ],
    });
    expect(alarmsOf(plain).has('usher-dev-heartbeat-url-throttles')).toBe(false);
  });
});

function filtersOf(of: typeof template): readonly Readonly<Record<string, unknown>>[] {
  return Object.values(resourcesOf(of, 'AWS::Logs::MetricFilter')).map(({ Properties }) => Properties);
}

function alarmsOf(of: typeof template): ReadonlyMap<unknown, Readonly<Record<string, unknown>>> {
  const alarms = Object.values(resourcesOf(of, 'AWS::CloudWatch::Alarm'));
  return new Map(alarms.map(({ Properties }) => [Properties['AlarmName'], Properties]));
}
