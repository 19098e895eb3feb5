import type { DeployedFunction } from './assembly.ts';
import type { Measured } from './measured.ts';
import type { Sizes } from './sessions.ts';

/** docs/prices.json: list prices in USD, and where each was found. */
export interface PriceList {
  readonly region: string;
  readonly asOf: string;
  readonly usd: Readonly<Record<PriceName, Price>>;
}

export interface Price {
  readonly usd: number;
  readonly unit: string;
  readonly source: string;
}

export type PriceName =
  | 'lambdaMillionRequests'
  | 'lambdaGbSecond'
  | 'restMillionRequests'
  | 'httpApiMillionRequests'
  | 'transferGb'
  | 'logsGb'
  | 'millionTraces'
  | 'momentoGb';

/** Lambda gives a whole core at 1,769 MB, and less in proportion. https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const CORE_MB = 1769;

/** What cannot be measured on a laptop. */
export const ASSUMED = {
  /** A call to Momento from the same region; calls in sequence wait for each other. */
  roundTripMs: 2,
  /**
   * Headers that AWS puts on answers and the local stack does not, each counted with its name. Function URL: the trace
   * id with parent and lineage. REST API: that one, and those of CloudFront in front of it (via, x-cache, x-amz-cf-pop,
   * x-amz-cf-id) and of API Gateway (x-amz-apigw-id).
   */
  headerBytes: { functionUrl: 115, restApi: 365 },
  /** Lambda's own two lines per invocation, `platform.start` and `platform.report`, at the system log level INFO. */
  platformLogBytes: 600,
  /** CloudWatch counts these for each log event, beside its text. */
  logEventBytes: 26,
  /** It runs for 65 s, every minute; a month has 730 hours. */
  followerSeconds: 65,
  hoursPerMonth: 730,
} as const;

/** What a call of a function is made of, as far as it costs anything. */
export interface Invocation {
  /** What stands before the function, if anything does. */
  readonly door: 'functionUrl' | 'restApi' | 'httpApi';
  readonly memoryMb: number;
  readonly cpuMs: number;
  /** Round trips to Momento, one after the other. */
  readonly roundTrips: number;
  /** Items that Momento counts, 1 KB each at least, and the bytes of all messages. */
  readonly momento: { readonly items: number; readonly bytes: number };
  /** The answer, headers included. */
  readonly answerBytes: number;
  /** Lines to CloudWatch, each with its bytes. */
  readonly logLines: readonly number[];
  /** Traces to X-Ray. */
  readonly traces: number;
}

/** USD for a million invocations. */
export interface Cost {
  readonly requests: number;
  readonly compute: number;
  readonly logs: number;
  readonly tracing: number;
  readonly transfer: number;
  readonly momento: number;
}

/** What Lambda bills: processor time at the share that the memory size buys, and waiting, up to the next millisecond. */
export function billedMs({
  memoryMb,
  cpuMs,
  roundTrips,
}: Pick<Invocation, 'memoryMb' | 'cpuMs' | 'roundTrips'>): number {
  const share = Math.min(1, memoryMb / CORE_MB);
  return Math.ceil(cpuMs / share + roundTrips * ASSUMED.roundTripMs);
}

/** USD for a million times `ms` at that memory size. */
export function computeUsd({ usd }: PriceList, memoryMb: number, ms: number): number {
  return 1e6 * (ms / 1000) * (memoryMb / 1024) * usd.lambdaGbSecond.usd;
}

export function costOfMillion(prices: PriceList, invocation: Invocation): Cost {
  const { usd } = prices;
  const { door, memoryMb, momento, answerBytes, logLines, traces } = invocation;
  const doors = {
    functionUrl: 0,
    restApi: usd.restMillionRequests.usd,
    httpApi: usd.httpApiMillionRequests.usd,
  };
  const logBytes = logLines.reduce((sum, bytes) => sum + bytes + ASSUMED.logEventBytes, 0);
  return {
    requests: doors[door] + usd.lambdaMillionRequests.usd,
    compute: computeUsd(prices, memoryMb, billedMs(invocation)),
    logs: millionTimes(logBytes) * usd.logsGb.usd,
    tracing: traces * usd.millionTraces.usd,
    transfer: millionTimes(answerBytes) * usd.transferGb.usd,
    momento: millionTimes(Math.max(momento.items * 1000, momento.bytes)) * usd.momentoGb.usd,
  };
}

/** GB of 10⁹ bytes. */
function millionTimes(bytes: number): number {
  return (1e6 * bytes) / 1e9;
}

/** What AWS bills before a byte leaves it: the figure that others state, and the one that has a limit. */
export function beforeTransfer({ requests, compute, logs, tracing }: Cost): number {
  return requests + compute + logs + tracing;
}

export function withoutMomento(cost: Cost): number {
  return beforeTransfer(cost) + cost.transfer;
}

export function total(cost: Cost): number {
  return withoutMomento(cost) + cost.momento;
}

/** The heartbeats of one stream in an hour. */
export function beatsPerHour(heartbeatSeconds: number): number {
  return 3600 / heartbeatSeconds;
}

export function scaled(cost: Cost, factor: number): Cost {
  const { requests, compute, logs, tracing, transfer, momento } = cost;
  return {
    requests: requests * factor,
    compute: compute * factor,
    logs: logs * factor,
    tracing: tracing * factor,
    transfer: transfer * factor,
    momento: momento * factor,
  };
}

/** USD a month for what listens to the topic: its memory for 65 of every 60 seconds, and its starts. */
export function followerUsdPerMonth(prices: PriceList, memoryMb: number): number {
  const starts = ASSUMED.hoursPerMonth * 60;
  const one =
    computeUsd(prices, memoryMb, ASSUMED.followerSeconds * 1000) + prices.usd.lambdaMillionRequests.usd;
  return (starts / 1e6) * one;
}

/** USD that each cold start costs, at the share of a core that the memory size buys. */
export function coldStartUsd(prices: PriceList, memoryMb: number, cpuMs: number): number {
  return computeUsd(prices, memoryMb, billedMs({ memoryMb, cpuMs, roundTrips: 0 })) / 1e6;
}

type Billed = 'renewSession' | 'ingestHeartbeat' | 'startSession';

/** What the template says that costs depend on. */
export interface Deployed {
  readonly functions: Readonly<Record<Billed | 'followHeartbeatTopic', DeployedFunction>>;
  readonly heartbeatSeconds: number;
}

/** A batch of the snapshot and 16 slots, each an item, before and after the slot is taken. */
const START_ITEMS = 2 * (1 + 16) + 1;

/** The invocations that docs/costs.md tells of. */
export function invocationsOf(
  { cpuMs, sizes }: Measured,
  { functions }: Deployed,
): Readonly<Record<Billed, Invocation>> {
  const { functionUrl, restApi } = ASSUMED.headerBytes;
  const of = (name: Billed) => ({
    memoryMb: functions[name].memoryMb,
    cpuMs: cpuMs[name],
    logLines: linesOf(functions[name], sizes),
    traces: functions[name].traced ? 1 : 0,
  });
  // Two calls, side by side.
  const beat = { roundTrips: 1, momento: { items: 2, bytes: sizes.momentoPerBeat.bytes } };
  return {
    renewSession: {
      ...of('renewSession'),
      ...beat,
      door: 'functionUrl',
      answerBytes: sizes.renewSession + functionUrl,
    },
    ingestHeartbeat: {
      ...of('ingestHeartbeat'),
      ...beat,
      door: 'restApi',
      answerBytes: sizes.ingestHeartbeat + restApi,
    },
    startSession: {
      ...of('startSession'),
      logLines: startLinesOf(functions.startSession, sizes),
      door: 'restApi',
      roundTrips: 3,
      momento: { items: START_ITEMS, bytes: sizes.momentoPerStart.bytes },
      answerBytes: sizes.startSession + restApi,
    },
  };
}

/** What an invocation that goes well writes: a line of ours, and two of Lambda's, where the levels let them through. */
export function linesOf(
  { applicationLogLevel, systemLogLevel }: Pick<DeployedFunction, 'applicationLogLevel' | 'systemLogLevel'>,
  { startLog }: Pick<Sizes, 'startLog'>,
): readonly number[] {
  const tells = (level: string) => ['TRACE', 'DEBUG', 'INFO'].includes(level);
  const own = tells(applicationLogLevel) ? [startLog] : [];
  const platform = tells(systemLogLevel) ? Array<number>(2).fill(ASSUMED.platformLogBytes / 2) : [];
  return [...own, ...platform];
}

/** The same and the line that CloudWatch counts a start by, which no level keeps back. A heartbeat is not counted so. */
export function startLinesOf(
  levels: Parameters<typeof linesOf>[0],
  sizes: Pick<Sizes, 'startLog' | 'startMetrics'>,
): readonly number[] {
  return [...linesOf(levels, sizes), sizes.startMetrics];
}

/** @throws Error when a function is missing, or is not on the processor that the price is for. */
export function deployedOf(functions: readonly DeployedFunction[]): Deployed {
  const named = (name: string) => {
    const found = functions.find((one) => one.name === name);
    if (found?.architecture !== 'arm64') throw new Error(`${name} is not in the template, on arm64`);
    return found;
  };
  const renewSession = named('renew-session');
  return {
    functions: {
      renewSession,
      ingestHeartbeat: named('ingest-heartbeat'),
      startSession: named('start-session'),
      followHeartbeatTopic: named('follow-heartbeat-topic'),
    },
    heartbeatSeconds: Number(renewSession.environment['HEARTBEAT_SECONDS']),
  };
}
