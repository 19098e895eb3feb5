import { describe, expect, it } from 'vitest';
import { EVERYTHING, resourcesOf, synthesize, textsIn, theOnly } from './synthesize.ts';

const template = synthesize({ stageName: 'dev', ...EVERYTHING });

function functionsOf(of: typeof template): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  const functions = Object.values(resourcesOf(of, 'AWS::Lambda::Function'));
  return new Map(
    functions.map(({ Properties }) => [
      String(Properties['FunctionName']).replace(/^usher-[a-z]+-/, ''),
      Properties,
    ]),
  );
}

interface Metric {
  readonly Id: string;
  readonly Expression?: string;
  readonly MetricStat?: {
    readonly Metric: {
      readonly Namespace: string;
      readonly MetricName: string;
      readonly Dimensions: readonly { readonly Name: string; readonly Value: unknown }[];
    };
    readonly Stat: string;
    readonly Period: number;
  };
}

interface Alarm {
  readonly AlarmName: string;
  readonly Threshold: number;
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm?: number;
  readonly MetricName?: string;
  readonly Dimensions?: readonly object[];
  readonly Metrics?: readonly Metric[];
}

function alarmOf(of: typeof template, name: string): Alarm {
  const alarms = Object.values(resourcesOf(of, 'AWS::CloudWatch::Alarm'));
  const found = alarms.find(({ Properties }) => String(Properties['AlarmName']).endsWith(`-${name}`));
  if (!found) throw new Error(`there is no alarm ${name}`);
  return found.Properties as unknown as Alarm;
}

describe('an alarm on the API', () => {
  it('rings when more than one in a hundred requests fails, of few requests when five do', () => {
    const alarm = alarmOf(template, 'api-errors');
    expect(alarm).toMatchObject({ Threshold: 1, EvaluationPeriods: 5, DatapointsToAlarm: 3 });
    const [expression, ...metrics] = alarm.Metrics ?? [];
    expect(expression?.Expression).toBe('IF(failed >= 5, 100 * failed / requests, 0)');
    const shown = metrics.map(({ Id, MetricStat }) =>
      [Id, MetricStat?.Metric.MetricName, MetricStat?.Stat].join(' '),
    );
    expect(shown.toSorted()).toEqual(['failed 5XXError Sum', 'requests Count Sum']);
    for (const { MetricStat } of metrics) {
      expect(MetricStat?.Metric).toMatchObject({
        Namespace: 'AWS/ApiGateway',
        Dimensions: [{ Name: 'ApiName', Value: 'usher-dev' }],
      });
    }
  });

  it('rings when one in a hundred takes longer than the stage is told', () => {
    expect(alarmOf(template, 'api-latency').Threshold).toBe(3000);
    const alarm = alarmOf(synthesize({ stageName: 'dev', latencyAlarmMs: '800' }), 'api-latency');
    expect(alarm.Threshold).toBe(800);
    expect(alarm.Metrics?.map(({ MetricStat }) => MetricStat?.Stat)).toContain('p99');
  });

  it('rings when any of the functions that are called most is throttled', () => {
    const { Metrics = [] } = alarmOf(template, 'function-throttles');
    const [expression, ...metrics] = Metrics;
    expect(expression?.Expression).toBe('SUM(METRICS())');
    const watched = textsIn(metrics.map(({ MetricStat }) => MetricStat?.Metric.Dimensions[0]?.Value));
    for (const part of ['VendToken', 'IngestHeartbeat', 'StartSession', 'AcceptCheckout', 'Recompute']) {
      expect(watched).toContainEqual(expect.stringContaining(part));
    }
  });
});

describe('an alarm on what functions count', () => {
  it.each([
    ['momento-unreachable', 'MomentoUnreachable'],
    ['momento-throttled', 'MomentoThrottled'],
    ['token-limit', 'TokenLimitHits'],
    ['degraded-admissions', 'DegradedAdmissions'],
  ])('looks at the stage’s own: %s', (name, metric) => {
    expect(alarmOf(template, name)).toMatchObject({
      Namespace: 'usher',
      MetricName: metric,
      Dimensions: [
        { Name: 'service', Value: 'usher' },
        { Name: 'stage', Value: 'dev' },
      ],
      TreatMissingData: 'notBreaching',
    });
    for (const { Environment } of functionsOf(template).values()) {
      expect(Environment).toMatchObject({
        Variables: { POWERTOOLS_SERVICE_NAME: 'usher', STAGE_NAME: 'dev' },
      });
    }
  });
});

describe('tracing', () => {
  it('is off unless it is asked for', () => {
    for (const one of functionsOf(template).values()) expect(one).not.toHaveProperty('TracingConfig');
  });

  it('spares those that take heartbeats, and the API that they come by', () => {
    const traced = synthesize({ stageName: 'dev', tracing: 'true', ...EVERYTHING });
    const untraced = [...functionsOf(traced)].filter(([, one]) => one['TracingConfig'] === undefined);
    expect(untraced.map(([name]) => name).toSorted()).toEqual(['ingest-heartbeat', 'renew-session']);
    expect(theOnly(traced, 'AWS::ApiGateway::Stage')).not.toHaveProperty('TracingEnabled');
  });
});

describe('the dashboard', () => {
  const { DashboardName, DashboardBody } = theOnly(template, 'AWS::CloudWatch::Dashboard');
  const texts = textsIn(DashboardBody).join('');

  it('bears the stage’s name', () => {
    expect(DashboardName).toBe('usher-dev');
  });

  it('shows every function, and every alarm', () => {
    for (const name of functionsOf(template).keys()) expect(texts).toContain(`"label":"${name}"`);
    for (const alarm of Object.keys(resourcesOf(template, 'AWS::CloudWatch::Alarm'))) {
      expect(texts).toContain(alarm);
    }
  });

  it('shows what is counted, the queue and its dead letters, and the table', () => {
    for (const metric of [
      'PurchasesAccepted',
      'AnnouncementsPublished',
      'Admissions',
      'OverAdmissions',
      'MomentoUnreachable',
      'ApproximateAgeOfOldestMessage',
      'ConsumedWriteCapacityUnits',
      'usher-dev-boundaries-late-seconds',
    ]) {
      expect(texts).toContain(metric);
    }
    expect(texts).toContain('dead letters');
  });
});

describe('a setting of operations', () => {
  it.each([
    ['alarmTopicArn', 'usher-alarms'],
    ['alarmTopicArn', 'arn:aws:sns:eu-west-1:1234:usher-alarms'],
    ['alarmTopicArn', 'arn:aws:sqs:eu-west-1:123456789012:usher-alarms'],
    ['latencyAlarmMs', '99'],
    ['latencyAlarmMs', '30000'],
    ['requestsPerSecond', '9'],
    ['requestsPerSecond', '1e3'],
    ['tracing', 'yes'],
    ['accessLogs', '1'],
  ])('that cannot be, %s %j, is refused by name', (key, value) => {
    expect(() => synthesize({ stageName: 'dev', [key]: value })).toThrow(`The context ${key} cannot be`);
  });
});
