import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import Stripe from 'stripe';
import { answered } from '../shared/momento/errors.ts';
import { RUNTIME } from './bundles.ts';
import { checkoutEvent } from './checkout-events.ts';
import { deployedModule, type DeployedModule } from './deployed-module.ts';
import { makeSessions, routeEventOf, urlEventOf } from './made-up-sessions.ts';
import { runStack } from './run-stack.ts';
import { prepare, startBody, type Bench } from './sessions.ts';
import { summarize, type Summary } from './statistics.ts';

/** What a new process does, in milliseconds since its start: that of Node itself is in it. */
export interface FirstCall {
  readonly name: string;
  readonly importedMs: Summary;
  readonly answeredMs: Summary;
}

export interface FirstCallReport {
  /** A function that imports nothing and answers at once. */
  readonly bare: FirstCall;
  readonly functions: readonly FirstCall[];
}

interface Options {
  readonly assembly: string;
  /** The bare function is written in here. */
  readonly directory: string;
  readonly report: (line: string) => void;
}

/** Processes for each function. */
const SAMPLES = 11;

/** An event that the function answers well, made anew for each call. */
type MakeEvent = (bench: Bench) => Promise<string> | string;

/**
 * What each function is first called with. Left out are those for which nobody waits: `provide-cache` works during
 * deployments, `follow-heartbeat-topic` runs for a minute whenever it is called, and support's are called by hand.
 */
const EVENTS: Readonly<Record<string, MakeEvent>> = {
  'accept-checkout': ({ stack }) => {
    const { headers, body } = checkoutEvent(stack.checkoutSecret, randomUUID(), 0, Date.now());
    return postOf('/checkout-events', body, headers);
  },
  'accept-stripe-event': ({ stack }) => {
    const payload = JSON.stringify({
      id: `evt_${randomUUID()}`,
      object: 'event',
      type: 'product.created',
      livemode: false,
      created: Math.floor(Date.now() / 1000),
      data: { object: {} },
    });
    const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret: stack.stripeSecret });
    return postOf('/webhooks/stripe', payload, { 'stripe-signature': signature });
  },
  'announce-boundaries': () => '{}',
  'check-concurrency': async (bench) => getOf('/concurrency', await held(bench)),
  'end-session': async (bench) => {
    const { accountId, session } = await madeUp(bench);
    const pathParameters = { sessionId: session.sessionId };
    return getOf('/sessions/{sessionId}', accountId, { httpMethod: 'DELETE', pathParameters });
  },
  'fill-cache': () => JSON.stringify({ accountId: randomUUID() }),
  'ingest-heartbeat': async (bench) => {
    const { accountId, sessionToken } = await madeUp(bench);
    return routeEventOf('/heartbeats', accountId, { sessionToken });
  },
  'read-catalog': () => getOf('/catalog', ''),
  'read-entitlements': async (bench) => getOf('/entitlements', await held(bench)),
  'read-session-keys': () => getOf('/.well-known/jwks.json', ''),
  'recompute-entitlements': () => {
    const body = JSON.stringify({ kind: 'recompute', accountId: randomUUID() });
    const record = { messageId: randomUUID(), receiptHandle: 'r', body, attributes: RECEIVED_ONCE };
    return JSON.stringify({ Records: [record] });
  },
  'renew-session': async (bench) => urlEventOf({ sessionToken: (await madeUp(bench)).sessionToken }),
  'request-recompute': () => routeEventOf('/entitlements/recompute', randomUUID(), {}),
  'start-session': async (bench) => routeEventOf('/sessions', await held(bench), startBody()),
  'vend-token': async (bench) => getOf('/token', await held(bench)),
};

const RECEIVED_ONCE = { ApproximateReceiveCount: '1', SentTimestamp: '0' };

/**
 * Runs each function in processes of its own beside the stack: import and first answer. The functions take turns, the
 * bare one among them, so that what is told as a ratio to it does not depend on the machine's mood.
 */
export async function measureFirstCalls({ assembly, directory, report }: Options): Promise<FirstCallReport> {
  const stack = await runStack(assembly);
  const bench = await prepare(stack, assembly);
  try {
    const subjects = [
      { name: 'bare', makeEvent: () => '{}', ...(await bareModule(directory)) },
      ...Object.entries(EVENTS).map(([name, makeEvent]) => ({
        name,
        makeEvent,
        ...deployedModule(stack, assembly, name),
      })),
    ];
    const samples = new Map(subjects.map(({ name }) => [name, [] as Times[]]));
    for (let round = 0; round < SAMPLES; round++) {
      const turn = round % subjects.length;
      for (const subject of [...subjects.slice(turn), ...subjects.slice(0, turn)]) {
        const { name, makeEvent } = subject;
        samples.get(name)?.push(await callOnce(subject, await makeEvent(bench)));
      }
      report(`first calls: ${round + 1} of ${SAMPLES} rounds`);
    }
    const [bare, ...functions] = [...samples].map(([name, times]): FirstCall => ({
      name,
      importedMs: summarize(times.map(({ importedMs }) => importedMs)),
      answeredMs: summarize(times.map(({ answeredMs }) => answeredMs)),
    }));
    if (bare === undefined) throw new Error('nothing was measured');
    return { bare, functions };
  } finally {
    bench.cache.close();
    await stack.stop();
  }
}

interface Times {
  readonly importedMs: number;
  readonly answeredMs: number;
}

const script = fileURLToPath(new URL('time-first-call.mjs', import.meta.url));

/** One process: the import and, where there is an event, the answer to it. @throws Error when that is none that is wanted */
export async function callOnce(
  { name, module, environment }: DeployedModule & { readonly name: string },
  ...event: readonly string[]
) {
  const { stdout } = await promisify(execFile)(process.execPath, [script, module, ...event], {
    env: { ...RUNTIME, ...environment },
  });
  const last = stdout.split('\n').at(-1) ?? '';
  const { answer, ...times } = JSON.parse(last) as Times & { readonly answer: string };
  if (/"statusCode":[^2]|"itemIdentifier"/.test(answer)) throw new Error(`${name} answered ${answer}`);
  return times;
}

/** A function that imports nothing. */
export async function bareModule(directory: string): Promise<DeployedModule> {
  const file = path.join(directory, 'bare', 'index.mjs');
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, 'export const handler = async () => ({ statusCode: 200 });\n');
  return { module: pathToFileURL(file).href, environment: {} };
}

function getOf(resource: string, accountId: string, changes: object = {}): string {
  const event = JSON.parse(routeEventOf(resource, accountId, {})) as object;
  return JSON.stringify({ ...event, httpMethod: 'GET', body: null, ...changes });
}

function postOf(resource: string, body: string, headers: Readonly<Record<string, string>>): string {
  const event = JSON.parse(routeEventOf(resource, '', {})) as object;
  return JSON.stringify({ ...event, headers, body });
}

/** An account that may watch, as the cache has it. */
async function held({ cache, cacheName, snapshot }: Bench): Promise<string> {
  const accountId = randomUUID();
  const text = JSON.stringify({ ...(JSON.parse(snapshot) as object), accountId });
  answered(await cache.set(cacheName, accountId, text), 'set');
  return accountId;
}

async function madeUp(bench: Bench) {
  const [made] = await makeSessions(bench, 1);
  if (made === undefined) throw new Error('no session was made');
  return made;
}
