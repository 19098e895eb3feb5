import { CacheClient, Configurations, ReadConcern } from '@gomomento/sdk';
import { MOST_STREAMS } from '../shared/domain/entitlements.ts';
import { textOfSession } from '../shared/domain/sessions.ts';
import { credentialsFor, SILENT } from '../shared/momento/credentials.ts';
import { answered } from '../shared/momento/errors.ts';
import { parseSessionKeys } from '../shared/session-tokens/session-keys.ts';
import { sessionTokens } from '../shared/session-tokens/session-tokens.ts';
import type { SessionTokens } from '../shared/ports.ts';
import { checkoutEvent } from './checkout-events.ts';
import { deployedModule } from './deployed-module.ts';
import { exchange } from './exchange.ts';
import { startLoop, type Loop } from './loop.ts';
import {
  bareBeatOf,
  makeSessions,
  routeEventOf,
  urlEventOf,
  type MadeUpSession,
} from './made-up-sessions.ts';
import { runStack, type RunningStack } from './run-stack.ts';
import { summarize, type Summary } from './statistics.ts';
import { fetchSnapshot, signIn } from './viewer.ts';

/** What is done in a loop, in the order of the report. */
export const LOOPS = {
  renewSession: '`renew-session` (function URL)',
  ingestHeartbeat: '`ingest-heartbeat` (route)',
  momento: 'bare `SetIf` beside `DictionaryIncrement`, by the SDK',
  jose: 'bare verification and signature, by jose',
  startSession: '`start-session` (route)',
} as const;

export type LoopName = keyof typeof LOOPS;

export interface LoopFigures {
  readonly tookMs: Summary;
  /** Of the averages of blocks: processor time of the whole process. */
  readonly cpuMs: Summary;
}

export interface SessionsReport {
  readonly loops: Readonly<Record<LoopName, LoopFigures>>;
  /** Processor time from the import to the first answer. */
  readonly coldCpuMs: Readonly<Record<FunctionLoop, Summary>>;
  readonly starts: {
    readonly start: Summary;
    readonly catalog: Summary;
    readonly calls: Summary;
  };
  readonly beatsByUrl: { readonly count: number; readonly inFlight: number; readonly perSecond: number };
  readonly races: Races;
  readonly sizes: Sizes;
}

export interface Races {
  readonly count: number;
  readonly devices: number;
  readonly limit: number;
  readonly tookMs: Summary;
  readonly perSecond: number;
  readonly admitted: number;
  readonly refused: number;
  /** Turned away with a 503: too many were at it at once. */
  readonly contended: number;
  /** Sessions beyond the limit, at rest, over all races. */
  readonly overAdmissions: number;
}

/** Bytes of one call each. */
export interface Sizes {
  /** Answers over HTTP/1.1, headers included. */
  readonly renewSession: number;
  readonly ingestHeartbeat: number;
  readonly startSession: number;
  readonly sessionToken: number;
  /** Messages of all calls to Momento, both ways. */
  readonly momentoPerBeat: { readonly calls: number; readonly bytes: number };
  readonly momentoPerStart: { readonly calls: number; readonly bytes: number };
  /** What a start logs at INFO. */
  readonly startLog: number;
  /** What it tells CloudWatch to count, at any level. */
  readonly startMetrics: number;
}

interface Options {
  /** The synthesized app. */
  readonly assembly: string;
  readonly report: (line: string) => void;
}

type FunctionLoop = Extract<LoopName, 'renewSession' | 'ingestHeartbeat' | 'startSession'>;

const FUNCTIONS: Readonly<Record<FunctionLoop, string>> = {
  renewSession: 'renew-session',
  ingestHeartbeat: 'ingest-heartbeat',
  startSession: 'start-session',
};

/** 2,000 of each, after as many blocks as V8 wants to see before it compiles what runs often. */
const BLOCK = 50;
const BLOCKS = 40;
const WARM_UP_BLOCKS = 12;
const COLD_STARTS = 9;

/** Runs the whole product on loopback; clients and measured functions are in other processes than the servers. */
export async function measureSessions({ assembly, report }: Options): Promise<SessionsReport> {
  const stack = await runStack(assembly);
  const bench = await prepare(stack, assembly);
  try {
    report('sessions: heartbeats and starts in a loop');
    const { loops, coldCpuMs, momentoPerBeat, momentoPerStart, written } = await runLoops(bench);
    report('sessions: POST /sessions');
    const starts = await runStarts(bench);
    report('sessions: heartbeats by the function URL');
    const beatsByUrl = await runBeatsByUrl(bench);
    report('sessions: races');
    const races = await runRaces(bench);
    const sizes = { ...(await answerSizes(bench)), momentoPerBeat, momentoPerStart, ...written };
    return { loops, coldCpuMs, starts, beatsByUrl, races, sizes };
  } finally {
    bench.cache.close();
    await stack.stop();
  }
}

export interface Bench {
  readonly stack: RunningStack;
  readonly assembly: string;
  readonly cache: CacheClient;
  readonly cacheName: string;
  readonly tokens: SessionTokens;
  readonly idToken: string;
  /** Of the demo user, who has bought four streams. */
  readonly snapshot: string;
}

const PREMIUM_STREAMS = 4;

/** A stack that runs, with a viewer who may watch. */
export async function prepare(stack: RunningStack, assembly: string): Promise<Bench> {
  const { sessionKeys, checkoutSecret, config, outputs } = stack;
  const secrets = { get: async () => ({ keys: sessionKeys }), refresh: async () => ({ keys: sessionKeys }) };
  const idToken = await signIn(stack);
  const { accountId } = JSON.parse(await fetchSnapshot(config.apiUrl, idToken)) as { accountId: string };
  const { headers, body } = checkoutEvent(checkoutSecret, accountId, 0, Date.now());
  await fetch(`${config.apiUrl}/checkout-events`, { method: 'POST', headers, body });
  let snapshot = '';
  while (!snapshot.includes('"premium"')) snapshot = await fetchSnapshot(config.apiUrl, idToken);
  return {
    stack,
    assembly,
    cache: new CacheClient({
      credentialProvider: credentialsFor(accessTo(stack)),
      configuration: Configurations.Lambda.latest(SILENT).withReadConcern(ReadConcern.CONSISTENT),
      defaultTtlSeconds: 60,
    }),
    cacheName: outputs['MomentoCacheName'] ?? '',
    tokens: sessionTokens({ secrets, stageName: 'local' }),
    idToken,
    snapshot,
  };
}

function accessTo({ momentoDataKey, config }: RunningStack) {
  return { key: momentoDataKey, endpoint: config.momentoEndpoint };
}

/** What makes the inputs of one block; each input is used once. */
type Inputs = () => Promise<readonly string[]>;

async function runLoops(bench: Bench) {
  const { stack, cacheName } = bench;
  const inputs = inputsOf(bench);
  const coldCpuMs = {} as Record<FunctionLoop, Summary>;
  for (const name of Object.keys(FUNCTIONS) as FunctionLoop[]) {
    const samples: number[] = [];
    while (samples.length < COLD_STARTS) {
      const loop = await startFunction(bench, name);
      const { cpuMs, outputs } = await loop.run((await inputs[name]()).slice(0, 1));
      expectSuccess(name, outputs);
      samples.push(loop.readyCpuMs + cpuMs);
      loop.stop();
    }
    coldCpuMs[name] = summarize(samples);
  }

  const started = {
    renewSession: await startFunction(bench, 'renewSession'),
    ingestHeartbeat: await startFunction(bench, 'ingestHeartbeat'),
    momento: await startLoop({ kind: 'momento', access: accessTo(stack), cacheName }),
    jose: await startLoop({ kind: 'jose', key: parseSessionKeys(stack.sessionKeys).current }),
    startSession: await startFunction(bench, 'startSession'),
  } satisfies Record<LoopName, Loop>;
  const names = Object.keys(started) as LoopName[];
  const took = new Map(names.map((name) => [name, [] as number[]]));
  const cpu = new Map(names.map((name) => [name, [] as number[]]));
  const traffic = new Map(names.map((name) => [name, { calls: 0, bytes: 0 }]));
  let writtenBefore = { log: 0, metrics: 0 };

  for (let round = 0; round < WARM_UP_BLOCKS + BLOCKS; round++) {
    if (round === WARM_UP_BLOCKS) writtenBefore = started.startSession.written();
    const turn = round % names.length;
    for (const name of [...names.slice(turn), ...names.slice(0, turn)]) {
      const block = await inputs[name]();
      const before = await stack.traffic();
      const { tookMs, cpuMs, outputs } = await started[name].run(block);
      const after = await stack.traffic();
      if (name in FUNCTIONS) expectSuccess(name, outputs);
      if (round < WARM_UP_BLOCKS) continue;
      took.get(name)?.push(...tookMs);
      cpu.get(name)?.push(cpuMs / block.length);
      traffic.set(name, { calls: after.calls - before.calls, bytes: after.bytes - before.bytes });
    }
  }
  const written = started.startSession.written();
  const perStart = (kind: keyof typeof written) =>
    Math.ceil((written[kind] - writtenBefore[kind]) / (BLOCKS * BLOCK));
  for (const loop of Object.values(started)) loop.stop();
  const each = (name: LoopName) => {
    const { calls = 0, bytes = 0 } = traffic.get(name) ?? {};
    return { calls: calls / BLOCK, bytes: Math.ceil(bytes / BLOCK) };
  };
  const loops = names.map((name): [LoopName, LoopFigures] => [
    name,
    { tookMs: summarize(took.get(name) ?? []), cpuMs: summarize(cpu.get(name) ?? []) },
  ]);
  return {
    loops: Object.fromEntries(loops) as Record<LoopName, LoopFigures>,
    coldCpuMs,
    momentoPerBeat: each('renewSession'),
    momentoPerStart: each('startSession'),
    written: { startLog: perStart('log'), startMetrics: perStart('metrics') },
  };
}

function inputsOf(bench: Bench): Readonly<Record<LoopName, Inputs>> {
  const { cache, cacheName, snapshot } = bench;
  const block = async (input: (made: MadeUpSession) => string) =>
    (await makeSessions(bench, BLOCK)).map(input);
  return {
    renewSession: () => block(({ sessionToken }) => urlEventOf({ sessionToken })),
    ingestHeartbeat: () =>
      block(({ accountId, sessionToken }) => routeEventOf('/heartbeats', accountId, { sessionToken })),
    momento: () => block((made) => JSON.stringify(bareBeatOf(made))),
    jose: () => block(({ sessionToken }) => sessionToken),
    startSession: () =>
      Promise.all(
        Array.from({ length: BLOCK }, async () => {
          const accountId = crypto.randomUUID();
          const held = JSON.parse(snapshot) as object;
          answered(await cache.set(cacheName, accountId, JSON.stringify({ ...held, accountId })), 'set');
          return routeEventOf('/sessions', accountId, startBody());
        }),
      ),
  };
}

export function startBody() {
  const [deviceId, playerId] = [crypto.randomUUID(), crypto.randomUUID()];
  return { deviceId, playerId, contentId: 'harbour', deviceType: 'web' };
}

function startFunction({ stack, assembly }: Bench, name: FunctionLoop): Promise<Loop> {
  const { module, environment } = deployedModule(stack, assembly, FUNCTIONS[name]);
  return startLoop({ kind: 'handler', module }, environment);
}

function expectSuccess(name: LoopName, outputs: readonly string[]): void {
  const wrong = outputs.find((output) => !/"statusCode":20[01]/.test(output));
  if (wrong !== undefined) throw new Error(`${LOOPS[name]} answered ${wrong}`);
}

const STARTS = { warmUp: 60, counted: 300 };

/** Each start by HTTP, a bare round trip, and the bare calls to Momento that a start makes, one after the other. */
async function runStarts(bench: Bench): Promise<SessionsReport['starts']> {
  const { stack } = bench;
  const bare = await bareStart(bench);
  const samples = { start: [] as number[], catalog: [] as number[], calls: [] as number[] };
  const parts = {
    start: async () => {
      const startedMs = performance.now();
      const { sessionId } = await start(bench);
      const tookMs = performance.now() - startedMs;
      await end(bench, sessionId);
      return tookMs;
    },
    catalog: () =>
      timed(async () => {
        const response = await fetch(`${stack.config.apiUrl}/catalog`);
        await response.arrayBuffer();
      }),
    calls: async () => {
      const startedMs = performance.now();
      const undo = await bare();
      const tookMs = performance.now() - startedMs;
      await undo();
      return tookMs;
    },
  };
  const names = Object.keys(parts) as (keyof typeof parts)[];
  for (let round = 0; round < STARTS.warmUp + STARTS.counted; round++) {
    const turn = round % names.length;
    for (const name of [...names.slice(turn), ...names.slice(0, turn)]) {
      const tookMs = await parts[name]();
      if (round >= STARTS.warmUp) samples[name].push(tookMs);
    }
  }
  return {
    start: summarize(samples.start),
    catalog: summarize(samples.catalog),
    calls: summarize(samples.calls),
  };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

/** Snapshot and slots, a slot taken, snapshot and slots again; gives what frees the slot. */
async function bareStart(bench: Bench): Promise<() => Promise<() => Promise<void>>> {
  const { cache, cacheName, snapshot } = bench;
  const [made] = await makeSessions(bench, 1);
  if (made === undefined) throw new Error('no session was made');
  const { accountId, session } = made;
  const text = textOfSession(session);
  const slots = Array.from({ length: MOST_STREAMS }, (_, index) => `${accountId}:slot:${index + 1}`);
  const slot = `${accountId}:slot:2`;
  answered(await cache.set(cacheName, accountId, snapshot, { ttl: 3600 }), 'set');
  const look = async () => answered(await cache.getBatch(cacheName, [accountId, ...slots]), 'getBatch');
  return async () => {
    await look();
    answered(await cache.setIfAbsent(cacheName, slot, text, { ttl: 45 }), 'setIfAbsent');
    await look();
    return async () => {
      answered(await cache.delete(cacheName, slot), 'delete');
    };
  };
}

interface Started {
  readonly sessionId: string;
  readonly sessionToken: string;
}

async function start(bench: Bench): Promise<Started> {
  const response = await postSession(bench);
  if (response.status !== 201) throw new Error(`POST /sessions answered ${response.status}`);
  return (await response.json()) as Started;
}

function postSession({ stack, idToken }: Bench): Promise<Response> {
  return fetch(`${stack.config.apiUrl}/sessions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${idToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(startBody()),
  });
}

async function end({ stack, idToken }: Bench, sessionId: string): Promise<void> {
  const response = await fetch(`${stack.config.apiUrl}/sessions/${sessionId}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${idToken}` },
  });
  if (response.status !== 204) throw new Error(`DELETE /sessions answered ${response.status}`);
}

const URL_BEATS = { warmUp: 500, counted: 2000, inFlight: 8 };

async function runBeatsByUrl(bench: Bench): Promise<SessionsReport['beatsByUrl']> {
  const { warmUp, counted, inFlight } = URL_BEATS;
  const beatAll = async (count: number) => {
    const waiting: MadeUpSession[] = [];
    while (waiting.length < count) waiting.push(...(await makeSessions(bench, BLOCK)));
    const startedMs = performance.now();
    await Promise.all(
      Array.from({ length: inFlight }, async () => {
        for (let made = waiting.pop(); made !== undefined; made = waiting.pop()) await beatByUrl(bench, made);
      }),
    );
    return performance.now() - startedMs;
  };
  await beatAll(warmUp);
  const tookMs = await beatAll(counted);
  return { count: counted, inFlight, perSecond: counted / (tookMs / 1000) };
}

async function beatByUrl({ stack }: Bench, { sessionToken }: MadeUpSession): Promise<void> {
  const response = await fetch(stack.outputs['HeartbeatUrl'] ?? '', {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: JSON.stringify({ sessionToken }),
  });
  if (response.status !== 200) throw new Error(`the heartbeat URL answered ${response.status}`);
  await response.arrayBuffer();
}

const RACES = { warmUp: 10, counted: 100, devices: 8 };

/** Devices of one account start at the same moment; then all sessions are ended. */
async function runRaces(bench: Bench): Promise<Races> {
  const tookMs: number[] = [];
  let [admitted, refused, contended, overAdmissions] = [0, 0, 0, 0];
  for (let round = 0; round < RACES.warmUp + RACES.counted; round++) {
    const startedMs = performance.now();
    const responses = await Promise.all(Array.from({ length: RACES.devices }, () => postSession(bench)));
    const took = performance.now() - startedMs;
    const sessions = await Promise.all(
      responses.filter(({ status }) => status === 201).map(async (one) => (await one.json()) as Started),
    );
    const over = Math.max(sessions.length, await standing(bench)) - PREMIUM_STREAMS;
    const statuses = responses.map(({ status }) => status);
    const other = statuses.find((status) => ![201, 409, 503].includes(status));
    if (other !== undefined) throw new Error(`POST /sessions answered ${other} in a race`);
    await Promise.all(sessions.map(({ sessionId }) => end(bench, sessionId)));
    if (round < RACES.warmUp) continue;
    tookMs.push(took);
    admitted += sessions.length;
    refused += statuses.filter((status) => status === 409).length;
    contended += statuses.filter((status) => status === 503).length;
    overAdmissions += Math.max(0, over);
  }
  return {
    count: tookMs.length,
    devices: RACES.devices,
    limit: PREMIUM_STREAMS,
    tookMs: summarize(tookMs),
    perSecond: tookMs.length / (tookMs.reduce((sum, took) => sum + took, 0) / 1000),
    admitted,
    refused,
    contended,
    overAdmissions,
  };
}

async function standing({ stack, idToken }: Bench): Promise<number> {
  const response = await fetch(`${stack.config.apiUrl}/concurrency`, {
    headers: { authorization: `Bearer ${idToken}` },
  });
  const { sessions } = (await response.json()) as { readonly sessions: readonly unknown[] };
  return sessions.length;
}

async function answerSizes(bench: Bench) {
  const { stack, idToken } = bench;
  const { apiUrl } = stack.config;
  const viewer = { authorization: `Bearer ${idToken}` };
  const started = await exchange(`${apiUrl}/sessions`, startBody(), viewer);
  const { sessionToken, sessionId } = JSON.parse(started.body) as Started;
  const byUrl = await exchange(stack.outputs['HeartbeatUrl'] ?? '', { sessionToken });
  const byRoute = await exchange(`${apiUrl}/heartbeats`, { sessionToken }, viewer);
  await end(bench, sessionId);
  return {
    startSession: started.bytes,
    renewSession: byUrl.bytes,
    ingestHeartbeat: byRoute.bytes,
    sessionToken: sessionToken.length,
  };
}
