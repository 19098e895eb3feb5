import { HOPS, prepareHops, type BareHops, type Hop, type Load } from './bare-hops.ts';
import { checkoutEvent } from './checkout-events.ts';
import { nowMs } from './clock.ts';
import type { RemoteCall } from './remote-calls.ts';
import { runStack, type RunningStack } from './run-stack.ts';
import { sequenceTo, type TimedCall } from './sequence.ts';
import { summarize, type Summary } from './statistics.ts';
import { fetchSnapshot, fetchToken, listenTo, playerClient, signIn, type Listening } from './viewer.ts';

export interface PurchaseReport {
  /** From sending the signed event to the entitlement message at the subscriber. */
  readonly purchase: Summary;
  readonly hops: Readonly<Record<Hop, Summary>>;
  /** What a purchase calls until its message arrives, in the order of the answers. */
  readonly steps: readonly Step[];
  /** Those of the steps that its message waits for, one after the other. */
  readonly sequence: readonly Step[];
}

/** One call of a purchase; medians of the milliseconds since the event was sent. */
export type Step = TimedCall;

interface Options {
  /** The synthesized app. */
  readonly assembly: string;
  readonly report: (line: string) => void;
}

const PURCHASES = 500;

/**
 * Enough for V8 to have compiled what runs often. They go on for eight seconds at least: Momento's SDK cuts the first
 * stream of a subscription after 5 s and resumes half a second later, which is no delay of ours.
 */
const WARM_UP = { purchases: 100, ms: 8000 };

/** After its message is out a function still empties its outbox, and the queue deletes: the end of a purchase. */
const LAST_CALL = 'SQS DeleteMessageBatch';

const LONG_POLL = 'SQS ReceiveMessage';

/** One at the checkout queue, one at the bare hops' own. */
const LONG_POLLS = 2;

/** Runs the whole product on loopback and measures purchases and bare hops in turn, one of each per round. */
export async function measurePurchases({ assembly, report }: Options): Promise<PurchaseReport> {
  const stack = await runStack(assembly);
  const player = await startPlayer(stack);
  const hops = await prepareHops(stack, await typicalLoad(stack, player));
  try {
    return summarizeRounds(await run({ stack, hops, player, report }));
  } finally {
    // Whoever polls or listens stops before the servers do: a connection that is cut would hide what went wrong.
    player.stop();
    await hops.stop();
    await stack.stop();
  }
}

interface Player extends Listening {
  readonly accountId: string;
  readonly idToken: string;
}

/** Signed in as the demo user and subscribed to its topic, by the token that the API vends. */
async function startPlayer(stack: RunningStack): Promise<Player> {
  const idToken = await signIn(stack);
  const token = await fetchToken(stack.config.apiUrl, idToken);
  const client = playerClient(token);
  const heard = await listenTo(client, token.cacheName, token.userId);
  let version = 0;
  return {
    accountId: token.userId,
    idToken,
    /** As players do, passes over what is not newer than they have: a message may come twice. */
    async next() {
      for (;;) {
        const message = await heard.next();
        const announced = JSON.parse(message.text) as { readonly version: number };
        if (announced.version <= version) continue;
        version = announced.version;
        return message;
      }
    },
    stop: () => heard.stop(),
  };
}

/** The account of the benchmark holds none to four purchases, most of the time two or three. */
const FIRST_PURCHASES = 3;

/** What a purchase in the middle of the run sends through the queue and writes: the bare hops carry the same. */
async function typicalLoad(stack: RunningStack, player: Player): Promise<Load> {
  let announcement = '';
  let message = '';
  for (let index = 0; index < FIRST_PURCHASES; index++) {
    const bought = await buy({ stack, player }, index);
    announcement = bought.announcement;
    message = bought.message;
  }
  const snapshot = await fetchSnapshot(stack.config.apiUrl, player.idToken);
  return { message, snapshot, announcement };
}

interface Running {
  readonly stack: RunningStack;
  readonly hops: BareHops;
  readonly player: Player;
  readonly report: (line: string) => void;
}

interface Round {
  readonly purchase: Purchase;
  readonly hops: Readonly<Record<Hop, number>>;
}

async function run(running: Running): Promise<readonly Round[]> {
  const startedMs = performance.now();
  let index = FIRST_PURCHASES;
  // To begin a poll takes work that would count against whatever is being measured meanwhile.
  const pollsBack = () => running.stack.underWay(LONG_POLL, LONG_POLLS);
  const round = async (): Promise<Round> => {
    await pollsBack();
    const purchase = await buy(running, index++);
    await pollsBack();
    return { purchase, hops: await running.hops.measure() };
  };

  running.report('purchase: warming up');
  while (index < WARM_UP.purchases || performance.now() - startedMs < WARM_UP.ms) await round();
  const rounds: Round[] = [];
  while (rounds.length < PURCHASES) {
    rounds.push(await round());
    if (rounds.length % 100 === 0) running.report(`purchase: ${rounds.length} of ${PURCHASES}`);
  }
  return rounds;
}

interface Purchase {
  readonly tookMs: number;
  /** Those that the message waited for, or that were under way when it arrived; times from the sending. */
  readonly calls: readonly RemoteCall[];
  /** What went through the queue, and what was heard. */
  readonly message: string;
  readonly announcement: string;
}

async function buy({ stack, player }: Pick<Running, 'stack' | 'player'>, index: number): Promise<Purchase> {
  const event = checkoutEvent(stack.checkoutSecret, player.accountId, index, Date.now());
  const { entitlementId, headers, body } = event;
  await stack.watch(LAST_CALL);
  const message = player.next();

  const sentMs = nowMs();
  const [response, { text, atMs }] = await Promise.all([
    fetch(`${stack.config.apiUrl}/checkout-events`, { method: 'POST', headers, body }),
    message,
  ]);
  if (response.status !== 202) throw new Error(`POST /checkout-events answered ${response.status}`);
  await response.arrayBuffer();
  const { data } = JSON.parse(text) as { readonly data: { readonly entitlementId?: string } };
  if (data.entitlementId !== entitlementId) throw new Error(`not the message of ${entitlementId}: ${text}`);

  return {
    tookMs: atMs - sentMs,
    calls: callsBetween(await stack.calls(), sentMs, atMs),
    message: JSON.stringify({ kind: 'purchase', event: JSON.parse(body) as unknown }),
    announcement: text,
  };
}

/** A long poll counts when it was answered in between, and not when it began: it had been waiting already. */
function callsBetween(calls: readonly RemoteCall[], fromMs: number, toMs: number): readonly RemoteCall[] {
  return calls
    .filter(({ name, startedMs, finishedMs = Infinity }) =>
      name === LONG_POLL
        ? finishedMs >= fromMs && finishedMs <= toMs
        : startedMs >= fromMs && startedMs <= toMs,
    )
    .map(({ name, startedMs, finishedMs = Infinity }) => ({
      name,
      startedMs: startedMs - fromMs,
      finishedMs: finishedMs - fromMs,
    }));
}

function summarizeRounds(rounds: readonly Round[]): PurchaseReport {
  const hops = HOPS.map((hop) => [hop, summarize(rounds.map((round) => round.hops[hop]))] as const);
  const steps = stepsOf(rounds.map(({ purchase }) => purchase.calls));
  return {
    purchase: summarize(rounds.map(({ purchase }) => purchase.tookMs)),
    hops: Object.fromEntries(hops) as Record<Hop, Summary>,
    steps,
    sequence: sequenceOf(steps),
  };
}

/** The second `DynamoDB GetItem` of one purchase is the same step as that of another. */
function stepsOf(purchases: readonly (readonly RemoteCall[])[]): readonly Step[] {
  const numbered = purchases.flatMap((calls) =>
    calls.map((call, index) => {
      const before = calls.slice(0, index).filter(({ name }) => name === call.name).length;
      return { ...call, step: before === 0 ? call.name : `${call.name} (${before + 1})` };
    }),
  );
  return [...Map.groupBy(numbered, ({ step }) => step)]
    .filter(([, calls]) => calls.length > purchases.length / 2) // not a retry or a reconnection now and then
    .map(([name, calls]) => ({
      name,
      arrivedMs: summarize(calls.map(({ startedMs }) => startedMs)).p50,
      answeredMs: summarize(calls.map(({ finishedMs = Infinity }) => finishedMs)).p50,
    }))
    .toSorted((a, b) => a.answeredMs - b.answeredMs);
}

/** The request comes first, though it is answered later; a send is over when the poll that waited has it. */
function sequenceOf(steps: readonly Step[]): readonly Step[] {
  const request = steps.filter(({ name }) => name.startsWith('POST '));
  const publish = steps.find(({ name }) => name === 'Momento Publish');
  if (publish === undefined) throw new Error('no purchase was published');
  const others = steps.filter((step) => !request.includes(step) && step.name !== LONG_POLL);
  return [...request, ...sequenceTo(publish, others)];
}
