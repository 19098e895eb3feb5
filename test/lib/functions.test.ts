import { describe, expect, it } from 'vitest';
import { resourcesOf, synthesize, textsIn } from './synthesize.ts';

interface FunctionProperties {
  readonly FunctionName: string;
  readonly Description: string;
  readonly Runtime: string;
  readonly Architectures: readonly string[];
  readonly Handler: string;
  readonly Timeout: number;
  readonly Environment: { readonly Variables: Readonly<Record<string, unknown>> };
  readonly LoggingConfig: {
    readonly LogFormat: string;
    readonly ApplicationLogLevel: string;
    readonly LogGroup: unknown;
  };
}

const STAGE = { stageName: 'pr-7', ssmStageName: 'dev', origins: 'https://tv.example,http://localhost:3000' };
const template = synthesize({
  ...STAGE,
  logLevel: 'DEBUG',
  tokenTtlSeconds: '600',
  regionHeader: 'X-Country',
});
const functions = new Map(
  Object.values(resourcesOf(template, 'AWS::Lambda::Function')).map(({ Properties }) => {
    const properties = Properties as unknown as FunctionProperties;
    return [properties.FunctionName.replace('usher-pr-7-', ''), properties];
  }),
);

const COMMON = ['POWERTOOLS_LOG_LEVEL', 'POWERTOOLS_SERVICE_NAME', 'STAGE_NAME'];
const ROUTE = ['ALLOWED_ORIGINS', 'REGION_HEADER'];
const MOMENTO_DATA = ['MOMENTO_CACHE_NAME', 'MOMENTO_DATA_KEY_PARAMETER', 'MOMENTO_ENDPOINT_PARAMETER'];
const ENVIRONMENTS: Readonly<Record<string, readonly string[]>> = {
  'accept-checkout': [...ROUTE, 'CHECKOUT_QUEUE_URL', 'CHECKOUT_SECRETS_PARAMETER'],
  'fill-cache': [...MOMENTO_DATA, 'CHECKOUT_QUEUE_URL', 'TABLE_NAME'],
  'read-catalog': ROUTE,
  'read-entitlements': [...ROUTE, ...MOMENTO_DATA, 'CHECKOUT_QUEUE_URL', 'TABLE_NAME'],
  'recompute-entitlements': [...MOMENTO_DATA, 'CHECKOUT_QUEUE_URL', 'DEAD_LETTER_QUEUE_URL', 'TABLE_NAME'],
  'request-recompute': [...ROUTE, 'CHECKOUT_QUEUE_URL', 'TABLE_NAME'],
  'vend-token': [
    ...ROUTE,
    'FILL_CACHE_FUNCTION_NAME',
    'MOMENTO_CACHE_NAME',
    'MOMENTO_ENDPOINT_PARAMETER',
    'MOMENTO_SUPER_KEY_PARAMETER',
    'TOKEN_TTL_SECONDS',
  ],
};

describe('the functions', () => {
  it('are the seven of the design', () => {
    expect([...functions.keys()].toSorted()).toEqual(Object.keys(ENVIRONMENTS));
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
      expect(LoggingConfig).toMatchObject({ LogFormat: 'JSON', ApplicationLogLevel: 'DEBUG' });
      const { Ref } = LoggingConfig.LogGroup as { readonly Ref: string };
      expect(resourcesOf(template, 'AWS::Logs::LogGroup')[Ref]?.Properties).toMatchObject({
        LogGroupName: `/aws/lambda/usher-pr-7-${name}`,
        RetentionInDays: 7,
      });
    },
  );

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
    });
  });

  it('stay within the 4 KB that Lambda allows an environment, however many origins a stage has', () => {
    const origins = Array.from({ length: 40 }, (_, n) => `https://tv-${n}.example`).join(',');
    const wide = synthesize({ stageName: 'x'.repeat(120), ssmStageName: 's'.repeat(128), origins });
    for (const { Properties } of Object.values(resourcesOf(wide, 'AWS::Lambda::Function'))) {
      const { Environment } = Properties as unknown as FunctionProperties;
      // A queue's URL, the longest value that only a deployment knows, has at most 130 characters or so.
      const text = JSON.stringify(Environment.Variables, (_key, value: unknown) =>
        typeof value === 'object' && value !== null && 'Ref' in value ? 'x'.repeat(200) : value,
      );
      expect(text.length).toBeLessThanOrEqual(4096);
    }
  });

  it('answer before API Gateway gives up, and the cache is filled before the token function gives up', () => {
    const routes = [...functions].filter(([name]) => name !== 'recompute-entitlements');
    for (const [, { Timeout }] of routes) expect(Timeout).toBeLessThan(29);
    expect(functions.get('fill-cache')!.Timeout).toBeLessThan(functions.get('vend-token')!.Timeout);
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
