import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readStage } from '../../lib/stage.ts';
import { EVERYTHING, synthesize, theOnly } from './synthesize.ts';

const page = await readFile(new URL('../../docs/limits.md', import.meta.url), 'utf8');
const template = synthesize({ stageName: 'prod', ...EVERYTHING });
const { tokenTtlSeconds, heartbeatSeconds } = readStage((key) => ({ stageName: 'prod' })[key]);

/** The cells of each row of the table under a heading, by the row's first. */
function tableUnder(heading: string): ReadonlyMap<string, readonly string[]> {
  const section = page.split(/^## /m).find((one) => one.startsWith(`${heading}\n`)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| ---'));
  return new Map(
    rows.slice(1).map((row): [string, readonly string[]] => {
      const [first = '', ...others] = row.slice(2, -2).split(' | ');
      return [first, others];
    }),
  );
}

describe('the worked example', () => {
  /** What the library does: it renews a minute before a token ends, and reads every five minutes. */
  const renewals = (viewers: number, ttl = tokenTtlSeconds) => viewers / (ttl - 60);
  const beats = (viewers: number) => viewers / 2 / heartbeatSeconds;
  const starts = (viewers: number) => viewers / 2 / 2400;
  const reads = (viewers: number) => viewers / 300;
  const others = (viewers: number) => 2 * starts(viewers) + reads(viewers) + renewals(viewers);

  const FORMULAS: Readonly<Record<string, (viewers: number) => number>> = {
    Subscriptions: (viewers) => 2 * viewers,
    'Tokens a second, renewed': (viewers) => 2 * renewals(viewers),
    'the same with `tokenTtlSeconds=90000`': (viewers) => 2 * renewals(viewers, 90_000),
    'Tokens a second, all signing in within half an hour': (viewers) => (2 * viewers) / 1800,
    'Sign-ins and refreshes of Cognito a second, the same half hour': (viewers) =>
      viewers / 1800 + viewers / 3600,
    'Heartbeats a second': beats,
    'Cache operations a second for them': (viewers) => 5 * beats(viewers),
    'Starts a second': starts,
    'Items a second for them': (viewers) => 35 * starts(viewers),
    'Reads of entitlements a second': reads,
    'Requests a second to API Gateway, heartbeats among them': (viewers) => beats(viewers) + others(viewers),
    'the same, heartbeats by the URL': others,
    '`heartbeatConcurrency` for that': (viewers) => beats(viewers) / 10,
    'Functions at once': (viewers) => 0.02 * beats(viewers) + 0.05 * others(viewers),
  };
  const table = tableUnder('The example');

  it('has a formula here for every row', () => {
    expect([...table.keys()]).toEqual(Object.keys(FORMULAS));
  });

  it.each(Object.entries(FORMULAS))('is reckoned right: %s', (row, formula) => {
    const [, ...told] = table.get(row) ?? [];
    expect(told).toEqual([10_000, 100_000, 1_000_000].map((viewers) => rounded(formula(viewers))));
  });
});

describe('the throttle of each route', () => {
  const { MethodSettings } = theOnly(template, 'AWS::ApiGateway::Stage') as {
    readonly MethodSettings: readonly {
      readonly HttpMethod: string;
      readonly ResourcePath: string;
      readonly ThrottlingRateLimit: number;
    }[];
  };
  const deployed = new Map(
    MethodSettings.map(({ HttpMethod, ResourcePath, ThrottlingRateLimit }): [string, number] => [
      `${HttpMethod} ${ResourcePath.slice(1).replaceAll('~1', '/')}`,
      ThrottlingRateLimit,
    ]),
  );
  const whole = deployed.get('* *') ?? NaN;
  const told = tableUnder('The throttle of each route');

  it('is told as it is deployed', () => {
    for (const [route, [share, rate]] of told) {
      const inForce = deployed.get(route.replaceAll('`', '')) ?? whole * 0.1;
      expect([route, rate, Number(share)]).toEqual([route, rounded(inForce), inForce / whole]);
    }
  });

  it('is told of every route that is not a tenth', () => {
    const larger = [...deployed].filter(([route, rate]) => route !== '* *' && rate !== whole * 0.1);
    for (const [route] of larger) expect([...told.keys()]).toContain(`\`${route}\``);
  });
});

it('a stage stays well under what CloudFormation takes', () => {
  const { Resources } = template.toJSON() as { readonly Resources: object };
  expect(Object.keys(Resources).length).toBeLessThan(250);
});

/** Whole above ten, with commas. */
function rounded(value: number): string {
  return value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en');
}
