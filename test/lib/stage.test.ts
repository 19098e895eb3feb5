import { describe, expect, it } from 'vitest';
import { readStage, type Stage } from '../../lib/stage.ts';

function stageOf(context: Readonly<Record<string, unknown>>): Stage {
  return readStage((key) => context[key]);
}

describe('a stage', () => {
  it('needs nothing but its name', () => {
    expect(stageOf({ stageName: 'dev' })).toEqual({
      name: 'dev',
      ssmName: 'dev',
      origins: ['http://localhost:3000'],
      accountClaim: 'sub',
      signUp: 'open',
      tokenTtlSeconds: 1800,
      regionHeader: 'CloudFront-Viewer-Country',
      logLevel: 'INFO',
      keepsData: false,
      logRetentionDays: 7,
      operations: {
        alarmTopicArn: undefined,
        latencyAlarmMs: 3000,
        tracing: false,
        accessLogs: false,
        auditRetentionDays: 400,
        throttle: { requestsPerSecond: 500, burst: 1000 },
      },
      heartbeatSeconds: 15,
      leaseSeconds: 40,
      trackerIntervalSeconds: 60,
      whenFull: 'refuse-newest',
      followHeartbeatTopic: false,
      heartbeatUrl: false,
      stripe: 'off',
      heartbeatConcurrency: 100,
    });
  });

  it('of a branch can read the secrets of dev', () => {
    const stage = stageOf({ stageName: 'feat/x', ssmStageName: 'dev' });
    expect(stage.name).not.toBe('dev');
    expect(stage.ssmName).toBe('dev');
  });

  it('keeps its data only when it is prod, letter by letter', () => {
    expect(stageOf({ stageName: 'prod' }).keepsData).toBe(true);
    for (const stageName of ['Prod', 'prod/x', 'prod-2', 'production']) {
      expect(stageOf({ stageName }).keepsData).toBe(false);
    }
  });

  it('lets several web origins in, each once', () => {
    const origins = 'https://tv.example, http://localhost:3000,http://127.0.0.1:5173,https://tv.example';
    expect(stageOf({ stageName: 'dev', origins }).origins).toEqual([
      'https://tv.example',
      'http://localhost:3000',
      'http://127.0.0.1:5173',
    ]);
    expect(stageOf({ stageName: 'dev', origins: '*' }).origins).toEqual(['*']);
  });

  it('takes numbers from cdk.json as well as texts from the command line', () => {
    expect(stageOf({ stageName: 7, tokenTtlSeconds: 600 })).toMatchObject({
      name: '7',
      tokenTtlSeconds: 600,
    });
    expect(stageOf({ stageName: 'dev', tokenTtlSeconds: '600' })).toMatchObject({ tokenTtlSeconds: 600 });
  });

  it('slows players down together with their leases', () => {
    const context = { stageName: 'dev', heartbeatSeconds: '60', leaseSeconds: '125' };
    expect(stageOf(context)).toMatchObject({ heartbeatSeconds: 60, leaseSeconds: 125 });
  });

  it('keeps no lease that a single lost heartbeat would end, the default included', () => {
    const expected =
      'pass -c leaseSeconds=… with whole seconds between 65 (twice heartbeatSeconds and 5) and 3600';
    for (const leaseSeconds of ['64', undefined]) {
      const context = { stageName: 'dev', heartbeatSeconds: '30', leaseSeconds };
      expect(() => stageOf(context)).toThrow(expected);
    }
  });

  it('wants devices that beat as they are told to be counted in every interval', () => {
    const context = { stageName: 'dev', heartbeatSeconds: '90', leaseSeconds: '185' };
    expect(stageOf({ ...context, trackerIntervalSeconds: '90' })).toMatchObject({
      trackerIntervalSeconds: 90,
    });
    for (const trackerIntervalSeconds of ['89', undefined]) {
      expect(() => stageOf({ ...context, trackerIntervalSeconds })).toThrow(
        'pass -c trackerIntervalSeconds=… with whole seconds between 90 (heartbeatSeconds) and 3600',
      );
    }
  });

  it('is full by one of two policies', () => {
    for (const whenFull of ['refuse-newest', 'end-oldest'] as const) {
      expect(stageOf({ stageName: 'dev', whenFull }).whenFull).toBe(whenFull);
    }
  });

  it.each(['followHeartbeatTopic', 'heartbeatUrl'] as const)(
    'has %s on or off, by cdk.json and by the command line',
    (key) => {
      for (const on of [true, 'true']) expect(stageOf({ stageName: 'dev', [key]: on })[key]).toBe(true);
      for (const off of [false, 'false']) expect(stageOf({ stageName: 'dev', [key]: off })[key]).toBe(false);
    },
  );

  it.each([
    ['stageName', undefined],
    ['stageName', ''],
    ['stageName', '  '],
    ['stageName', true],
    ['stageName', { name: 'dev' }],
    ['ssmStageName', 'feat/x'],
    ['ssmStageName', '開発'],
    ['ssmStageName', 'x'.repeat(129)],
    ['origins', ''],
    ['origins', 'tv.example'],
    ['origins', 'https://tv.example/'],
    ['origins', 'https://tv.example/watch'],
    ['origins', 'https://TV.example'],
    ['origins', "https://tv'.example"],
    ['origins', 'http://tv.example'],
    ['origins', 'https://tv.example,*'],
    ['origins', 'https://tv.example,,https://m.example'],
    ['origins', 'null'],
    ['origins', 'file:///'],
    ['origins', 'https://user@tv.example'],
    ['origins', Array.from({ length: 60 }, (_, n) => `https://tv-${n}.example`).join(',')],
    ['tokenTtlSeconds', '59'],
    ['tokenTtlSeconds', '90001'],
    ['tokenTtlSeconds', '30m'],
    ['tokenTtlSeconds', 60.5],
    ['tokenTtlSeconds', -1800],
    ['regionHeader', 'X Country'],
    ['regionHeader', 'X-Country:'],
    ['logLevel', 'debug'],
    ['logLevel', 'VERBOSE'],
    ['heartbeatSeconds', '4'],
    ['heartbeatSeconds', 301],
    ['heartbeatSeconds', '15s'],
    ['heartbeatSeconds', '7.5'],
    ['heartbeatSeconds', true],
    ['leaseSeconds', '34'],
    ['leaseSeconds', '3601'],
    ['leaseSeconds', '1e2'],
    ['trackerIntervalSeconds', '9'],
    ['trackerIntervalSeconds', '3601'],
    ['trackerIntervalSeconds', '1m'],
    ['whenFull', 'refuse'],
    ['whenFull', 'End-Oldest'],
    ['whenFull', true],
    ['followHeartbeatTopic', 'yes'],
    ['followHeartbeatTopic', ''],
    ['followHeartbeatTopic', 1],
    ['heartbeatUrl', 'True'],
    ['heartbeatUrl', 'on'],
    ['heartbeatConcurrency', '0'],
    ['heartbeatConcurrency', '10001'],
    ['heartbeatConcurrency', '1.5'],
  ])('refuses %s = %j and says what to pass', (key, value) => {
    expect(() => stageOf({ stageName: 'dev', [key]: value })).toThrow(
      new RegExp(`^The context ${key} .*: pass -c ${key}=… with `),
    );
  });
});
