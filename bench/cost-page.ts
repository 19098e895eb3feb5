import {
  ASSUMED,
  beatsPerHour,
  beforeTransfer,
  billedMs,
  coldStartUsd,
  computeUsd,
  costOfMillion,
  followerUsdPerMonth,
  invocationsOf,
  startLinesOf,
  scaled,
  total,
  withoutMomento,
  type Cost,
  type Deployed,
  type PriceList,
} from './cost-figures.ts';
import { table } from './markdown.ts';
import type { Measured } from './measured.ts';

/** What a million heartbeats by the function URL may cost before transfer, Momento apart. */
export const MOST_USD_PER_MILLION_BEATS = 0.3;

/** The figures that are published for the same pattern, the store apart and, by what they leave for it, transfer. */
const ANCHORS = { restApi: 3.78, httpApi: 1.28 };

/** The page docs/costs.md. */
export function renderCosts({
  prices,
  measured,
  deployed,
}: {
  readonly prices: PriceList;
  readonly measured: Measured;
  readonly deployed: Deployed;
}): string {
  const invocations = invocationsOf(measured, deployed);
  const { renewSession, ingestHeartbeat, startSession } = invocations;
  const cost = {
    url: costOfMillion(prices, renewSession),
    route: costOfMillion(prices, ingestHeartbeat),
    httpApi: costOfMillion(prices, { ...ingestHeartbeat, door: 'httpApi' }),
    start: costOfMillion(prices, startSession),
  };
  const { heartbeatSeconds, functions } = deployed;
  const beats = beatsPerHour(heartbeatSeconds);
  const millionth = beats / 1e6;
  const perThousandHours = (one: Cost) => scaled(one, 1000 * millionth);
  const follower = functions.followHeartbeatTopic.memoryMb;
  const { transferGb } = prices.usd;
  const freeBeats = 100e9 / renewSession.answerBytes;

  return `${[
    `# Costs`,
    `\`npm run costs\` writes this page from the synthesized template (memory sizes, processor, log levels, tracing),
from \`docs/measured.json\`, which \`npm run bench\` writes, and from \`docs/prices.json\`: list prices of ${prices.region}, ${prices.asOf}.
No free tier and no discount is counted. Nothing here was billed: it is arithmetic.`,
    `**A million heartbeats by the function URL: ${usd(beforeTransfer(cost.url))}** for requests, processor time, logs and traces, of which
${usd(prices.usd.lambdaMillionRequests.usd)} are the requests; by the REST route ${usd(beforeTransfer(cost.route))}. The bytes of the answers come on top: ${usd(cost.url.transfer)} a million,
once the 100 GB are used up that leave an AWS account free each month (${Math.floor(freeBeats / 1e6)} million heartbeats, were there nothing else).
With them it is ${usd(withoutMomento(cost.url))}, so the limit of ${usd(MOST_USD_PER_MILLION_BEATS)} that this door was built for holds before transfer and
within the free 100 GB, **not** beyond: ${measured.sizes.sessionToken} of the ${renewSession.answerBytes} bytes of an answer are the session token, which third
parties verify, and the rest is mostly headers.`,
    table(COST_HEAD, [
      costRow('**a million heartbeats, function URL**', cost.url, usd),
      costRow('a million heartbeats, REST route', cost.route, usd),
      costRow('a million starts (`POST /sessions`)', cost.start, usd),
      costRow('a thousand stream-hours, function URL', perThousandHours(cost.url), usd4),
      costRow('a thousand stream-hours, REST route', perThousandHours(cost.route), usd4),
    ]),
    `USD. A stream beats ${beats} times an hour, every ${heartbeatSeconds} s (\`heartbeatSeconds\`): one stream-hour is ${usd6(beforeTransfer(cost.url) * millionth)} by the URL and
${usd6(beforeTransfer(cost.route) * millionth)} by the route, before transfer and Momento; half as many beats cost half.`,
    `Published figures for the same pattern, the store apart, are about ${usd(ANCHORS.restApi)} on a REST API and ${usd(ANCHORS.httpApi)} on an HTTP
API. Beside the requests they leave ${usd(ANCHORS.restApi - prices.usd.restMillionRequests.usd - prices.usd.lambdaMillionRequests.usd)}, which is no room for transfer. Counted as they are, usher comes to ${usd(beforeTransfer(cost.route))} by its REST route, would come to ${usd(beforeTransfer(cost.httpApi))} behind an
HTTP API, and comes to ${usd(beforeTransfer(cost.url))} by the function URL: ${(ANCHORS.restApi / beforeTransfer(cost.url)).toFixed(0)} and ${(ANCHORS.httpApi / beforeTransfer(cost.url)).toFixed(1)} times less.`,
    `## How it comes about`,
    table(
      ['function', 'memory MB', 'CPU ms', 'waits ms', 'billed ms', 'answer, bytes'],
      Object.values(invocations).map((one, index) => [
        `\`${['renew-session', 'ingest-heartbeat', 'start-session'][index] ?? ''}\``,
        String(one.memoryMb),
        one.cpuMs.toFixed(2),
        String(one.roundTrips * ASSUMED.roundTripMs),
        String(billedMs(one)),
        String(one.answerBytes),
      ]),
    ),
    `- **Processor time** is that of a warm invocation, measured ${measured.at} on ${measured.machine}; Lambda's
arm64 processors are others. Lambda gives a whole core at 1,769 MB and less in proportion, so billed is the time divided by that
share, and what the function waits: ${ASSUMED.roundTripMs} ms per round trip to Momento, assumed. Rounded up to the next millisecond.
- **Transfer** is the answer over HTTP/1.1 with its headers as the local stack sends it, plus ${ASSUMED.headerBytes.functionUrl} bytes (function URL) or
${ASSUMED.headerBytes.restApi} bytes (edge-optimised REST API) for headers that only AWS adds, from examples of them. TLS is not counted; nor are
preflights, of which a browser sends one an hour, and what goes to Momento in the same region. A session token has ${measured.sizes.sessionToken} bytes.
- **Logs**: heartbeats write no line when all is well, by either door, and neither does Lambda for them (system logs at \`WARN\`).
- **Traces**: X-Ray is off for all functions. Recording every invocation would cost ${usd(prices.usd.millionTraces.usd)} a million.
- **Momento** by the GB, each item counted as 1 KB at least: a heartbeat is two items (${measured.sizes.momentoPerBeat.bytes} bytes of messages in
fact), a start 35, since a batch of the snapshot and 16 slots is read twice. Its documentation counts in operations instead, by
which a heartbeat is about five (a conditional write counts double, for each of two values; an increment once), and names no price for them.`,
    `## More memory`,
    `The same heartbeat by the function URL. Processor time costs the same at any size; waiting is dearer with more memory, and a
cold start shorter.`,
    table(
      ['memory MB', 'billed ms', 'compute, USD a million', 'cold start, s of processor time'],
      [128, 256, 512, 1024].map((memoryMb) => {
        const ms = billedMs({ ...renewSession, memoryMb });
        const cold = billedMs({ memoryMb, cpuMs: measured.coldCpuMs.renewSession, roundTrips: 0 });
        const chosen = memoryMb === renewSession.memoryMb ? `**${memoryMb}**` : String(memoryMb);
        return [chosen, String(ms), usd4(computeUsd(prices, memoryMb, ms)), (cold / 1000).toFixed(1)];
      }),
    ),
    `A cold start is not in the tables above. From import to the first answer it takes ${measured.coldCpuMs.renewSession.toFixed(0)} ms of processor time: one among
10,000 heartbeats adds ${usd4(coldStartUsd(prices, renewSession.memoryMb, measured.coldCpuMs.renewSession) * 100)} to a million.`,
    `## What the log level changes`,
    `Nothing for heartbeats: \`logLevel\` \`INFO\` or lower is raised to \`WARN\` for them. A start writes one line at \`INFO\` and none at
\`WARN\`; the line that CloudWatch counts it by stays, and Lambda's own two, as for every other function.`,
    table(
      ['a million of', 'logs at `INFO`', 'logs at `WARN`'],
      [
        ['starts', usd(cost.start.logs), usd(logsOfStarts('WARN'))],
        ['heartbeats', usd(cost.url.logs), usd(cost.url.logs)],
        ['heartbeats, were they logged as starts are', usd(logsOfStarts('INFO')), usd(logsOfStarts('WARN'))],
      ],
    ),
    `## Heartbeats over the topic`,
    `Where the stage follows the topic (\`followHeartbeatTopic\`), one function of ${follower} MB listens all the time:
**${usd(followerUsdPerMonth(prices, follower))} a month**, whatever it hears (${ASSUMED.followerSeconds} s every minute, ${ASSUMED.hoursPerMonth} hours). Momento counts what is published and what is
delivered, and the increments that follow.`,
    `## Prices`,
    table(
      ['USD', 'for', 'found'],
      Object.values(prices.usd).map(({ usd: price, unit, source }) => [String(price), unit, source]),
    ),
    `None of them could be read on the provider's own present page. **Momento's could not be verified at all**; its column is an
estimate. Not verified either: the sizes of AWS's own headers and log lines, and that traffic from Lambda to Momento in the
same region is free of charge. Large users pay less: transfer is ${usd(transferGb.usd)} a GB only for the first 10 TB of a month. Alarms, metrics, the table
and Cognito are not counted: heartbeats and starts do not touch them as long as the cache holds the account's snapshot.`,
  ].join('\n\n')}\n`;

  function logsOfStarts(applicationLogLevel: string): number {
    const logLines = startLinesOf({ applicationLogLevel, systemLogLevel: 'INFO' }, measured.sizes);
    return costOfMillion(prices, { ...startSession, logLines }).logs;
  }
}

const COST_HEAD = [
  '',
  'requests',
  'compute',
  'logs',
  'tracing',
  'transfer',
  'Momento',
  'before transfer',
  'without Momento',
  'total',
];

function costRow(what: string, cost: Cost, format: (value: number) => string): readonly string[] {
  const { requests, compute, logs, tracing, transfer, momento } = cost;
  return [
    what,
    ...[requests, compute, logs, tracing, transfer, momento].map(format),
    format(beforeTransfer(cost)),
    format(withoutMomento(cost)),
    format(total(cost)),
  ];
}

function usd(value: number): string {
  return `$${value.toFixed(2)}`;
}

function usd4(value: number): string {
  return `$${value.toFixed(4)}`;
}

function usd6(value: number): string {
  return `$${value.toFixed(6)}`;
}
