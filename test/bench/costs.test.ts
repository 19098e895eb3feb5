import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { functionsOf } from '../../bench/assembly.ts';
import {
  beatsPerHour,
  beforeTransfer,
  billedMs,
  coldStartUsd,
  costOfMillion,
  deployedOf,
  followerUsdPerMonth,
  invocationsOf,
  linesOf,
  scaled,
  startLinesOf,
  total,
  withoutMomento,
  type Invocation,
  type PriceList,
} from '../../bench/cost-figures.ts';
import { MOST_USD_PER_MILLION_BEATS, renderCosts } from '../../bench/cost-page.ts';
import type { Measured } from '../../bench/measured.ts';
import { EVERYTHING, synthesize } from '../lib/synthesize.ts';

async function committed<T>(name: string): Promise<T> {
  return JSON.parse(await inDocs(name)) as T;
}

function inDocs(name: string): Promise<string> {
  return readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
}

const prices = await committed<PriceList>('prices.json');
const measured = await committed<Measured>('measured.json');

/** As `npm run costs` synthesizes it. */
function deployed() {
  const template = synthesize({ stageName: 'local', ssmStageName: 'local', ...EVERYTHING });
  return deployedOf(functionsOf({ name: 'usher-local', template: template.toJSON() as never }));
}

function price(usd: number) {
  return { usd, unit: 'one', source: 'this test' };
}

/** Round figures, so that whoever reads can reckon along. */
const round: PriceList = {
  region: 'nowhere-1',
  asOf: '2026-11-22',
  usd: {
    lambdaMillionRequests: price(0.2),
    lambdaGbSecond: price(0.00001),
    restMillionRequests: price(3.5),
    httpApiMillionRequests: price(1),
    transferGb: price(0.1),
    logsGb: price(0.5),
    millionTraces: price(5),
    momentoGb: price(0.5),
  },
};

const beat: Invocation = {
  door: 'functionUrl',
  memoryMb: 256,
  cpuMs: 1,
  roundTrips: 1,
  momento: { items: 2, bytes: 800 },
  answerBytes: 1500,
  logLines: [],
  traces: 0,
};

describe('what Lambda bills', () => {
  it('is processor time at the share that the memory buys, and waiting, up to the next millisecond', () => {
    // 1769 / 256 = 6.91; and 2 ms for the round trip.
    expect(billedMs(beat)).toBe(9);
    // 1769 / 512 = 3.46
    expect(billedMs({ ...beat, memoryMb: 512 })).toBe(6);
    // 1769 / 1769 = 1, three round trips
    expect(billedMs({ ...beat, memoryMb: 1769, roundTrips: 3 })).toBe(7);
  });

  it('is no shorter for more than a core, which one thread cannot use', () => {
    expect(billedMs({ ...beat, memoryMb: 10_240, cpuMs: 4 })).toBe(6);
  });
});

describe('the cost of a million invocations', () => {
  it('has a column for each thing that is billed', () => {
    // 9 ms × 0.25 GB × 1e-5 × 1e6 = 0.0225; 1.5 GB × 0.1; 2 GB × 0.5, since each item counts as 1 KB.
    expect(rounded(costOfMillion(round, beat))).toEqual({
      requests: 0.2,
      compute: 0.0225,
      logs: 0,
      tracing: 0,
      transfer: 0.15,
      momento: 1,
    });
  });

  it('adds what stands before the function', () => {
    expect(costOfMillion(round, { ...beat, door: 'restApi' }).requests).toBeCloseTo(3.7);
    expect(costOfMillion(round, { ...beat, door: 'httpApi' }).requests).toBeCloseTo(1.2);
  });

  it('counts log lines with what CloudWatch adds to each, and traces', () => {
    // (174 + 26 + 374 + 26) bytes = 0.6 GB a million, at 0.5
    const told = costOfMillion(round, { ...beat, logLines: [174, 374], traces: 1 });
    expect(told.logs).toBeCloseTo(0.3);
    expect(told.tracing).toBe(5);
  });

  it('counts the bytes to Momento where they are more than 1 KB an item', () => {
    expect(costOfMillion(round, { ...beat, momento: { items: 2, bytes: 5000 } }).momento).toBeCloseTo(2.5);
  });

  it('is summed up before transfer, without Momento, and whole', () => {
    const cost = { requests: 1, compute: 2, logs: 4, tracing: 8, transfer: 16, momento: 32 };
    expect([beforeTransfer(cost), withoutMomento(cost), total(cost)]).toEqual([15, 31, 63]);
    expect(total(scaled(cost, 0.5))).toBe(31.5);
  });
});

describe('other costs', () => {
  it('tells a stream-hour by the heartbeats in it', () => {
    expect(beatsPerHour(15)).toBe(240);
  });

  it('tells what listening to the topic costs a month', () => {
    // 730 h × 60 starts; each 65 s × 0.5 GB × 1e-5 = 0.000325, and 0.2 a million
    expect(followerUsdPerMonth(round, 512)).toBeCloseTo(43_800 * (0.000325 + 0.000_000_2), 6);
  });

  it('tells what a cold start costs', () => {
    // 200 ms × 1769 / 256 = 1382.03 → 1383 ms × 0.25 GB × 1e-5
    expect(coldStartUsd(round, 256, 200)).toBeCloseTo(0.000_003_457_5, 12);
  });

  it('counts the lines that the log levels let through', () => {
    const lines = (applicationLogLevel: string, systemLogLevel: string) =>
      linesOf({ applicationLogLevel, systemLogLevel }, { startLog: 200 });
    expect(lines('INFO', 'INFO')).toEqual([200, 300, 300]);
    expect(lines('WARN', 'INFO')).toEqual([300, 300]);
    expect(lines('WARN', 'WARN')).toEqual([]);
    const quiet = { applicationLogLevel: 'WARN', systemLogLevel: 'WARN' };
    expect(startLinesOf(quiet, { startLog: 200, startMetrics: 250 })).toEqual([250]);
  });
});

describe('docs/costs.md', () => {
  it('is what the script writes from the committed figures and the template', async () => {
    expect(await inDocs('costs.md')).toBe(renderCosts({ prices, measured, deployed: deployed() }));
  });

  it('keeps a million heartbeats by the function URL at $0.30 before transfer, Momento apart', () => {
    const { renewSession } = invocationsOf(measured, deployed());
    expect(renewSession).toMatchObject({ door: 'functionUrl', logLines: [], traces: 0 });
    expect(beforeTransfer(costOfMillion(prices, renewSession))).toBeLessThanOrEqual(
      MOST_USD_PER_MILLION_BEATS,
    );
  });

  it('prices arm64, and so wants every function on it', () => {
    const onArm = { applicationLogLevel: 'INFO', systemLogLevel: 'INFO', traced: false, environment: {} };
    const one = { name: 'renew-session', memoryMb: 256, architecture: 'x86_64', references: [], ...onArm };
    expect(() => deployedOf([one])).toThrow('renew-session is not in the template, on arm64');
  });
});

/** To a millionth of a dollar. */
function rounded(cost: object): object {
  const values = Object.entries(cost).map(([name, value]) => [name, Number((value as number).toFixed(6))]);
  return Object.fromEntries(values) as object;
}
