import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import fc from 'fast-check';
import type { JWK } from 'jose';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import { synthesized } from '../support/synthesized.ts';
import { askOf, faults, type Ask, type Fault } from './bad-requests/asks.ts';
import type { BadWorld } from './bad-requests/bad-world.ts';
import { EXPIRED } from './bad-requests/broken-tokens.ts';
import { checkoutReport, DOORS, MESSAGES, ROUTES, routesIn, stripeReports } from './bad-requests/doors.ts';
import { heap, type Heap } from './bad-requests/heap.ts';
import { edits, writeJson } from './bad-requests/json-edits.ts';
import { keptState } from './bad-requests/kept-state.ts';
import { connections, send, spelled, type Told } from './bad-requests/send.ts';
import { admitted, beat, queueEmpty, until, type Lease } from './session-support.ts';
import { depthOf, newViewer, ORIGIN, snapshotOf, sqsOf, startStack, tokensOf } from './support.ts';

/** Another seed or number to look further, or to send the same requests again. */
const BAD_REQUESTS = Number(process.env['BAD_REQUESTS'] ?? 1000);
const SEED = Number(process.env['BAD_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** Memory is compared with what it was after so many. */
const SETTLED = 2000;

/** Leases last 40 s: they are renewed well before. */
const BEAT_MS = 10_000;

let stack: LocalStack;
let sqs: SQSClient;
let world: BadWorld;
/** The newest lease of each device that watches. */
const leases = new Map<string, Lease>();
/** The device of the viewer's whose session token is shown in bad requests. */
let shown = 'own-0';

/** The problems that a client may meet, which is all that docs tell of. */
const SLUGS = new Set([
  'malformed',
  'too-large',
  'unauthenticated',
  'forbidden',
  'bad-signature',
  'stale-signature',
  'invalid-session-token',
  'unknown-product',
  'not-entitled',
  'too-many-streams',
  'session-over',
  'too-often',
  'unknown-account',
  'unknown-promotion',
]);

/** What the stage logs of a request that it did not foresee. */
const TROUBLES =
  /"message":"(failed|not settled)"|"status":5\d\d|Invoke Error|Task timed out|Runtime\.|a request was cut short/;
const troubles: string[] = [];

/** What no answer may hold: a stack trace, a file's path, an ARN, the name of a library or a table. */
const INTERNALS =
  /\bat \S+ ?\(|:\d+:\d+\)|arn:aws|node_modules|file:\/\/|\/(tmp|var|home|usr)\/|\.[cm]?[jt]s\b|usher-local|dynamodb|momento|zod/i;

beforeAll(async () => {
  stack = await startStack({ log: (_, line) => void (TROUBLES.test(line) && troubles.push(line)) });
  sqs = sqsOf(stack);
  world = await newWorld();
});
afterAll(async () => {
  connections.destroy();
  sqs?.destroy();
  await stack?.stop();
});

async function newWorld(): Promise<BadWorld> {
  const [viewer, victim] = [await newViewer(stack), await newViewer(stack)];
  const boughtAt = Math.floor(Date.now() / 1000);
  const secrets = (name: string) => stack.ssm.get(`/usher/local/${name}`)!;
  const early = {
    stack,
    origin: ORIGIN(),
    viewer,
    victim,
    boughtAt,
    momentoToken: (await tokensOf(stack, viewer)).token,
    checkoutSecret: secrets('checkout-secrets'),
    stripeSecret: secrets('stripe-secrets'),
    sessionKey: (JSON.parse(secrets('session-keys')) as { current: JWK }).current,
  };
  const nobody = { sessionId: '', sessionToken: '', expiresAt: '', heartbeatSeconds: 0 };
  const buyer = { ...early, ownLease: nobody, victimLease: nobody };
  const [checkout] = ROUTES['POST /checkout-events']!;
  const [stripe] = ROUTES['POST /webhooks/stripe']!;
  const bought = [
    { ...checkout!, body: () => checkoutReport(buyer, boughtAt) },
    { ...checkout!, body: () => checkoutReport({ ...buyer, viewer: victim }, boughtAt) },
    ...stripeReports(buyer, boughtAt).map((report) => ({ ...stripe!, body: () => report })),
  ];
  for (const door of bought) expect((await send(await askOf(buyer, door, []))).status).toBe(202);
  await queueEmpty(stack);
  await until(async () => (await snapshotOf(stack, victim)).version === 1);
  const { access } = await snapshotOf(stack, viewer);
  for (let n = 0; n < access.maxStreams; n += 1) {
    leases.set(`own-${n}`, await admitted(stack, viewer, { deviceId: `own-${n}` }));
  }
  leases.set('victim', await admitted(stack, victim, { deviceId: 'victim' }));
  return { ...early, ownLease: leases.get('own-0')!, victimLease: leases.get('victim')! };
}

/** Keeps the sessions alive, and shows another of the viewer's from then on: a device may not beat too often. */
async function keepWatching(): Promise<void> {
  for (const [device, { sessionToken }] of leases) {
    const answer = await beat(stack, device === 'victim' ? world.victim : world.viewer, { sessionToken });
    if (answer.status !== 200)
      throw new Error(`the session on ${device} is over: ${answer.status} ${answer.text}`);
    leases.set(device, answer.body);
  }
  const own = [...leases.keys()].filter((device) => device !== 'victim');
  const next = own[(own.indexOf(shown) + 1) % own.length]!;
  shown = next;
  world = { ...world, ownLease: leases.get(next)!, victimLease: leases.get('victim')! };
}

type Bad =
  | { readonly door: number; readonly wrong: readonly Fault[] }
  | { readonly message: number; readonly edit: Parameters<typeof writeJson>[1][number] };

const bad: fc.Arbitrary<Bad> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc
      .nat(DOORS.length - 1)
      .chain((door) => fc.record({ door: fc.constant(door), wrong: faults(DOORS[door]!) })),
  },
  { weight: 1, arbitrary: fc.record({ message: fc.nat(MESSAGES.length - 1), edit: edits }) },
);

/** What is wrong with an answer, in words. */
function complaintsAbout(
  { door, wrong }: Extract<Bad, { readonly door: number }>,
  ask: Ask,
  told: Told,
): readonly string[] {
  const { harmless, seal } = DOORS[door]!;
  const { status, headers, text } = told;
  const complaints: string[] = [];
  if (status >= 500) complaints.push('it is a 5xx');
  const forged = wrong.some(({ kind }) => ['id token', 'session token', 'signature'].includes(kind));
  const done = { OPTIONS: [200, 204], GET: [200, 304] }[ask.method] ?? harmless;
  if (status < 400 && (forged || !done.includes(status))) complaints.push('it was served');
  if (status < 400) return complaints;
  if (INTERNALS.test(text) || INTERNALS.test(JSON.stringify(headers)))
    complaints.push('it tells of the inside');
  if (ask.method === 'HEAD' || seal === 'momento') return complaints;
  if (headers['content-type'] !== 'application/problem+json') complaints.push('it is no problem document');
  const problem = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
  const slug = String(problem['type']).replace('urn:usher:problem:', '');
  if (!SLUGS.has(slug) || problem['status'] !== status || typeof problem['title'] !== 'string')
    complaints.push('its problem is none of ours');
  if (status === 429 && !/^\d+$/.test(headers['retry-after'] ?? ''))
    complaints.push('it does not say when to come again');
  return complaints;
}

test('every route of the API has requests that are broken here', () => {
  const { assembly } = synthesized();
  const template = readdirSync(assembly).find((name) => name.endsWith('.template.json'))!;
  const forgotten = routesIn(join(assembly, template)).filter((route) => !Object.hasOwn(ROUTES, route));
  expect(
    forgotten,
    'these routes need a line each in ROUTES of test/e2e/bad-requests/doors.ts: plain(route, seal), and with `body` what a valid one says',
  ).toEqual([]);
});

test('no bad request fails the stage, hangs, changes anything or makes it grow', async () => {
  console.log(`BAD_SEED=${SEED}`);
  const before = await keptState(stack);
  const seen = new Map<string, number>();
  let settled: Heap | undefined;
  let beatAtMs = Date.now();
  let letters = 0;
  const wrong: string[] = [];
  for (const [number, each] of fc.sample(bad, { numRuns: BAD_REQUESTS, seed: SEED }).entries()) {
    if (Date.now() - beatAtMs > BEAT_MS) {
      await keepWatching();
      beatAtMs = Date.now();
    }
    if (number === SETTLED) {
      letters += await takeLetters();
      settled = await heap();
    }
    if ('message' in each) await put(writeJson(MESSAGES[each.message]!(world), [each.edit]));
    else {
      const ask = await askOf(world, DOORS[each.door]!, each.wrong);
      const told = await (isLate(each.wrong) ? sendLate(ask) : send(ask)).catch(String);
      const complaints = typeof told === 'string' ? [told] : complaintsAbout(each, ask, told);
      if (complaints.length > 0) {
        const what = `${complaints.join(', ')}\n${JSON.stringify(told)}`;
        wrong.push(
          `BAD_SEED=${SEED}, request ${number}, ${JSON.stringify(each.wrong)}: ${what}\n${spelled(ask)}`,
        );
      }
      const status = typeof told === 'string' ? 'none' : String(told.status);
      seen.set(status, (seen.get(status) ?? 0) + 1);
    }
  }
  await queueEmpty(stack);
  letters += await takeLetters();
  console.log({ ...Object.fromEntries(seen), letters });

  expect(wrong.slice(0, 5).join('\n\n')).toBe('');
  const after = await keptState(stack);
  expect(Object.fromEntries(after)).toEqual(Object.fromEntries(before));
  expectOnlyOwnDevicesCounted();
  expect(troubles).toEqual([]);

  const end = settled && (await heap());
  if (end) console.log({ settled, end });
  expect(grown(settled, end, ({ own, functions }) => own + functions)).toBeLessThan(1.1);
  // The system may not have got back what was collected.
  expect(grown(settled, end, ({ resident }) => resident)).toBeLessThan(1.25);
}, 600_000);

/** By which factor more is in use; 1 when it was not measured. */
function grown(before: Heap | undefined, after: Heap | undefined, inUse: (heap: Heap) => number): number {
  return before && after ? inUse(after) / inUse(before) : 1;
}

function isLate(wrong: readonly Fault[]): boolean {
  return wrong.some((fault) => fault.kind === 'id token' && fault.how === EXPIRED);
}

/** When the viewer's ID token, which lives for an hour, is one no more. */
async function sendLate(ask: Ask): Promise<Told> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61 * 60_000 });
  try {
    return await send(ask);
  } finally {
    vi.useRealTimers();
  }
}

async function put(body: string): Promise<void> {
  // SQS itself refuses a few characters: JSON can spell them.
  const MessageBody = body.replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  await sqs.send(new SendMessageCommand({ QueueUrl: stack.outputs['CheckoutQueueUrl'], MessageBody }));
}

/** Takes all dead letters, each of which must say why it is one. @returns how many there were */
async function takeLetters(): Promise<number> {
  await queueEmpty(stack);
  const QueueUrl = stack.outputs['DeadLetterQueueUrl'];
  let taken = 0;
  while ((await depthOf(stack, QueueUrl)) > 0) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] }),
    );
    for (const { MessageAttributes, ReceiptHandle } of Messages) {
      expect(MessageAttributes?.['reason']?.StringValue).toMatch(/^[\x20-\x7e]+$/);
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      taken += 1;
    }
  }
  return taken;
}

/** Whose heartbeats were counted, and of which devices: nobody speaks for the victim but its own. */
function expectOnlyOwnDevicesCounted(): void {
  const counted = [...stack.momento.items(stack.outputs['MomentoCacheName']!)].flatMap(([key, value]) =>
    value.kind === 'dictionary' ? [[key.replace(/-\d+$/, ''), [...value.fields.keys()]] as const] : [],
  );
  const { viewer, victim } = world;
  expect(counted.map(([accountId]) => accountId)).toEqual(
    counted.map(() => expect.toBeOneOf([viewer.accountId, victim.accountId])),
  );
  const ofVictim = counted
    .filter(([accountId]) => accountId === victim.accountId)
    .flatMap(([, devices]) => devices);
  expect(new Set(ofVictim)).toEqual(new Set(ofVictim.length > 0 ? ['victim'] : []));
}
