import { describe, expect, it } from 'vitest';
import { NEAR_MS } from '../../shared/domain/boundaries.ts';
import { resourcesOf, synthesize, theOnly } from './synthesize.ts';

const template = synthesize({ stageName: 'dev' });

describe('the boundaries in time', () => {
  it('stand in an index of the table, by minute and moment, with nothing but the account’s key', () => {
    const table = theOnly(template, 'AWS::DynamoDB::GlobalTable');
    expect(table['GlobalSecondaryIndexes']).toEqual([
      {
        IndexName: 'boundaries',
        KeySchema: [
          { AttributeName: 'boundaryBucket', KeyType: 'HASH' },
          { AttributeName: 'boundaryAtMs', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ]);
    expect(table['AttributeDefinitions']).toContainEqual({
      AttributeName: 'boundaryAtMs',
      AttributeType: 'N',
    });
  });

  it('raise an alarm when nobody looks for them, which silence tells', () => {
    const alarm = alarmNamed('usher-dev-boundaries-not-looked-for');
    expect(alarm).toMatchObject({
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      TreatMissingData: 'breaching',
    });
    expect(alarm['Metrics']).toMatchObject([
      { Expression: 'started - failed' },
      { Id: 'started', MetricStat: { Metric: { MetricName: 'Invocations' } } },
      { Id: 'failed', MetricStat: { Metric: { MetricName: 'Errors' } } },
    ]);
  });

  it('raise an alarm when more is due than can be looked through', () => {
    const filters = Object.values(resourcesOf(template, 'AWS::Logs::MetricFilter'));
    expect(filters.map(({ Properties }) => Properties)).toContainEqual({
      LogGroupName: { Ref: expect.stringMatching(/^EntitlementsAnnounceBoundariesLogs/) },
      FilterPattern: '{ ($.message = "looked for boundaries") && ($.lateSeconds > 0) }',
      MetricTransformations: [
        {
          MetricNamespace: 'usher',
          MetricName: 'usher-dev-boundaries-late-seconds',
          MetricValue: '$.lateSeconds',
        },
      ],
    });
    expect(alarmNamed('usher-dev-boundaries-late')).toMatchObject({
      MetricName: 'usher-dev-boundaries-late-seconds',
      Statistic: 'Maximum',
      Threshold: 300,
      TreatMissingData: 'notBreaching',
    });
  });

  it('wait in the queue for less time than rings there', () => {
    expect(NEAR_MS / 1000).toBeLessThan(Number(alarmNamed('usher-dev-checkout-oldest-message')['Threshold']));
  });
});

function alarmNamed(name: string) {
  const alarms = Object.values(resourcesOf(template, 'AWS::CloudWatch::Alarm'));
  return alarms.find(({ Properties }) => Properties['AlarmName'] === name)!.Properties;
}
