import { describe, expect, it } from 'vitest';
import { EVERYTHING, resourcesOf, synthesize, textsIn } from './synthesize.ts';

interface FunctionProperties {
  readonly FunctionName: string;
  readonly Description: string;
  readonly Runtime: string;
  readonly Architectures: readonly string[];
  readonly Handler: string;
  readonly Timeout: number;
  readonly MemorySize: number;
  readonly ReservedConcurrentExecutions?: number;
  readonly TracingConfig?: unknown;
  readonly Environment: { readonly Variables: Readonly<Record<string, unknown>> };
  readonly LoggingConfig: {
    readonly LogFormat: string;
    readonly ApplicationLogLevel: string;
    readonly SystemLogLevel?: string;
    readonly LogGroup: unknown;
  };
}

const STAGE = { stageName: 'pr-7', ssmStageName: 'dev', origins: 'https://tv.example,http://localhost:3000' };
const template = synthesize({
  ...STAGE,
  ...EVERYTHING,
  logLevel: 'DEBUG',
  tokenTtlSeconds: '600',
  regionHeader: 'X-Country',
  heartbeatSeconds: '20',
  leaseSeconds: '50',
  trackerIntervalSeconds: '30',
  whenFull: 'end-oldest',
  heartbeatConcurrency: '7',
});
const functions = functionsIn(template);

const COMMON = ['POWERTOOLS_LOG_LEVEL', 'POWERTOOLS_SERVICE_NAME', 'STAGE_NAME'];
const ROUTE = ['ALLOWED_ORIGINS', 'REGION_HEADER'];
const VIEWER_ROUTE = [...ROUTE, 'ACCOUNT_CLAIM'];
const MOMENTO_DATA = ['MOMENTO_CACHE_NAME', 'MOMENTO_DATA_KEY_PARAMETER', 'MOMENTO_ENDPOINT_PARAMETER'];
const SNAPSHOTS = [...MOMENTO_DATA, 'CHECKOUT_QUEUE_URL', 'TABLE_NAME'];
const LEASE = ['HEARTBEAT_SECONDS', 'LEASE_SECONDS'];
const TRACKER = 'TRACKER_INTERVAL_SECONDS';
const ENVIRONMENTS: Readonly<Record<string, readonly string[]>> = {
  'accept-checkout': [...ROUTE, 'CHECKOUT_QUEUE_URL', 'CHECKOUT_SECRETS_PARAMETER'],
  'accept-stripe-event': [
    ...ROUTE,
    'CHECKOUT_QUEUE_URL',
    'DEAD_LETTER_QUEUE_URL',
    'STRIPE_MODE',
    'STRIPE_SECRETS_PARAMETER',
  ],
  'announce-boundaries': ['CHECKOUT_QUEUE_URL', 'TABLE_NAME'],
  'change-account': [...ROUTE, ...SNAPSHOTS, 'LEASE_SECONDS'],
  'check-concurrency': [...VIEWER_ROUTE, ...SNAPSHOTS, 'LEASE_SECONDS', TRACKER],
  'end-session': [...VIEWER_ROUTE, ...MOMENTO_DATA, 'LEASE_SECONDS'],
  'erase-account': [...ROUTE, 'CHECKOUT_QUEUE_URL', 'TABLE_NAME'],
  'fill-cache': SNAPSHOTS,
  'follow-heartbeat-topic': [...MOMENTO_DATA, TRACKER],
  'ingest-heartbeat': [...VIEWER_ROUTE, ...SNAPSHOTS, ...LEASE, TRACKER, 'SESSION_KEYS_PARAMETER'],
  'look-up-account': [...ROUTE, ...MOMENTO_DATA, 'LEASE_SECONDS', 'TABLE_NAME'],
  'provide-cache': ['MOMENTO_ENDPOINT_PARAMETER', 'MOMENTO_SUPER_KEY_PARAMETER'],
  'read-catalog': ROUTE,
  'read-entitlements': [...VIEWER_ROUTE, ...SNAPSHOTS],
  'read-session-keys': [...ROUTE, 'SESSION_KEYS_PARAMETER'],
  'recompute-entitlements': [...SNAPSHOTS, 'DEAD_LETTER_QUEUE_URL', 'LEASE_SECONDS'],
  'renew-session': [...SNAPSHOTS, ...LEASE, TRACKER, 'SESSION_KEYS_PARAMETER'],
  'request-recompute': [...VIEWER_ROUTE, 'CHECKOUT_QUEUE_URL', 'TABLE_NAME'],
  'start-session': [
    ...VIEWER_ROUTE,
    ...SNAPSHOTS,
    ...LEASE,
    'HEARTBEAT_URL',
    'SESSION_KEYS_PARAMETER',
    'WHEN_FULL',
  ],
  'vend-token': [
    ...VIEWER_ROUTE,
    'FOLLOWS_HEARTBEAT_TOPIC',
    'FILL_CACHE_FUNCTION_NAME',
    'MOMENTO_CACHE_NAME',
    'MOMENTO_ENDPOINT_PARAMETER',
    'MOMENTO_SUPER_KEY_PARAMETER',
    'TOKEN_TTL_SECONDS',
  ],
};

describe('the functions', () => {
  it('are those of the design', () => {
    expect([...functions.keys()].toSorted()).toEqual(Object.keys(ENVIRONMENTS));
  });

  it('are fewer, and nothing is told of them, where heartbeats come by the API alone and payments not from Stripe', () => {
    const plain = functionsIn(synthesize(STAGE));
    const absent = [...functions.keys()].filter((name) => !plain.has(name));
    expect(absent.toSorted()).toEqual(['accept-stripe-event', 'follow-heartbeat-topic', 'renew-session']);
    const variables = [...plain.values()].flatMap(({ Environment }) => Object.keys(Environment.Variables));
    expect(variables).not.toContain('HEARTBEAT_URL');
    expect(variables).not.toContain('FOLLOWS_HEARTBEAT_TOPIC');
  });

  it.each(Object.keys(ENVIRONMENTS))(
    '%s runs on Node 24 and arm64, and logs JSON into a group of the stack',
    (name) => {
      const { Runtime, Architectures, Handler, LoggingConfig } = functions.get(name)!;
      expect({ Runtime, Architectures, Handler }).toEqual({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Handler: 'index.handler',
      });
      expect(LoggingConfig).toMatchObject({ LogFormat: 'JSON' });
      const { Ref } = LoggingConfig.LogGroup as { readonly Ref: string };
      expect(resourcesOf(template, 'AWS::Logs::LogGroup')[Ref]?.Properties).toMatchObject({
        LogGroupName: `/aws/lambda/usher-pr-7-${name}`,
        RetentionInDays: name.endsWith('-account') ? 400 : 7,
      });
    },
  );

  it('log what the stage wants to read, but for those that take heartbeats', () => {
    const quiet = ['renew-session', 'ingest-heartbeat'];
    for (const [name, { LoggingConfig, TracingConfig, Environment }] of functions) {
      const { ApplicationLogLevel, SystemLogLevel } = LoggingConfig;
      const expected = quiet.includes(name) ? ['WARN', 'WARN', 'WARN'] : ['DEBUG', undefined, 'DEBUG'];
      const found = [ApplicationLogLevel, SystemLogLevel, Environment.Variables['POWERTOOLS_LOG_LEVEL']];
      expect([name, ...found]).toEqual([name, ...expected]);
      expect(TracingConfig).toBeUndefined();
    }
  });

  it('share what the AWS account may run, but for the URL that strangers reach: it has its own part', () => {
    for (const [name, { ReservedConcurrentExecutions }] of functions) {
      expect([name, ReservedConcurrentExecutions]).toEqual([name, name === 'renew-session' ? 7 : undefined]);
    }
  });

  it('that take heartbeats are small enough for a million to cost $0.30, if each takes 30 ms', () => {
    for (const name of ['renew-session', 'ingest-heartbeat']) {
      const gigabyteSeconds = (1e6 * 0.03 * functions.get(name)!.MemorySize) / 1024;
      expect(0.2 + gigabyteSeconds * 0.0000133334).toBeLessThan(0.301);
    }
  });

  it.each(Object.entries(ENVIRONMENTS))('%s is told just what it needs', (name, variables) => {
    expect(Object.keys(functions.get(name)!.Environment.Variables).toSorted()).toEqual(
      [...COMMON, ...variables].toSorted(),
    );
  });

  it('are told where secrets lie, never what they are', () => {
    for (const { Environment } of functions.values()) {
      const variables = Object.entries(Environment.Variables);
      const paths = variables.filter(([variable]) => variable.endsWith('_PARAMETER'));
      for (const [, path] of paths) expect(path).toMatch(/^\/usher\/dev\/[a-z-]+$/);
      const others = variables
        .map(([variable]) => variable)
        .filter((variable) => !variable.endsWith('_PARAMETER'));
      expect(others.filter((variable) => /KEY|SECRET|TOKEN(?!_TTL)|PASSWORD/.test(variable))).toEqual([]);
      expect(JSON.stringify(Environment)).not.toContain('{{resolve');
    }
  });

  it('share the settings of their stage', () => {
    expect(functions.get('vend-token')!.Environment.Variables).toMatchObject({
      STAGE_NAME: 'pr-7',
      ALLOWED_ORIGINS: 'https://tv.example,http://localhost:3000',
      REGION_HEADER: 'X-Country',
      POWERTOOLS_LOG_LEVEL: 'DEBUG',
      MOMENTO_CACHE_NAME: 'usher-pr-7',
      TOKEN_TTL_SECONDS: '600',
      FOLLOWS_HEARTBEAT_TOPIC: 'true',
    });
    expect(functions.get('start-session')!.Environment.Variables).toMatchObject({
      HEARTBEAT_SECONDS: '20',
      LEASE_SECONDS: '50',
      WHEN_FULL: 'end-oldest',
      HEARTBEAT_URL: { 'Fn::GetAtt': [expect.stringMatching(/^ConcurrencyRenewSession/), 'FunctionUrl'] },
    });
    expect(functions.get('ingest-heartbeat')!.Environment.Variables).toMatchObject({
      HEARTBEAT_SECONDS: '20',
      TRACKER_INTERVAL_SECONDS: '30',
    });
  });

  it('stay within the 4 KB that Lambda allows an environment, however many origins a stage has', () => {
    const origins = Array.from({ length: 40 }, (_, n) => `https://tv-${n}.example`).join(',');
    const context = { ...EVERYTHING, stageName: 'x'.repeat(120), ssmStageName: 's'.repeat(128), origins };
    for (const { Environment } of functionsIn(synthesize(context)).values()) {
      // A queue's URL, the longest value that only a deployment knows, has at most 130 characters or so.
      const text = JSON.stringify(Environment.Variables, (_key, value: unknown) =>
        typeof value === 'object' && value !== null && ('Ref' in value || 'Fn::GetAtt' in value)
          ? 'x'.repeat(200)
          : value,
      );
      expect(text.length).toBeLessThanOrEqual(4096);
    }
  });

  it('answer before API Gateway gives up, and the cache is filled before the token function gives up', () => {
    const byThemselves = [
      'announce-boundaries',
      'follow-heartbeat-topic',
      'provide-cache',
      'recompute-entitlements',
    ];
    const answering = [...functions].filter(([name]) => !byThemselves.includes(name));
    for (const [, { Timeout }] of answering) expect(Timeout).toBeLessThan(29);
    expect(functions.get('fill-cache')!.Timeout).toBeLessThan(functions.get('vend-token')!.Timeout);
  });

  it('that look for boundaries end before they are started again', () => {
    expect(functions.get('announce-boundaries')!.Timeout).toBeLessThan(60);
  });

  it('describe themselves in ASCII', () => {
    for (const { Description } of functions.values()) expect(Description).toMatch(/^[\x20-\x7e]{1,256}$/);
  });

  it('take their code from the bundle of the same name', () => {
    expect(textsIn(template.toJSON()).filter((text) => text.startsWith('export const handler'))).toHaveLength(
      functions.size,
    );
  });
});

/** By the name of their file. */
function functionsIn(of: ReturnType<typeof synthesize>): ReadonlyMap<string, FunctionProperties> {
  return new Map(
    Object.values(resourcesOf(of, 'AWS::Lambda::Function')).map(({ Properties }) => {
      const properties = Properties as unknown as FunctionProperties;
      return [properties.FunctionName.replace('usher-pr-7-', ''), properties];
    }),
  );
}
