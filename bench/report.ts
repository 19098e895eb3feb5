import type { Hop } from './bare-hops.ts';
import { momentoBytes, reasonFor, type Share } from './bundle-contents.ts';
import type { BundleReport, MeasuredBundle } from './bundles.ts';
import { coldStartSection, type ColdStartReport } from './cold-start-section.ts';
import { kb, ms, summaryRow, table } from './markdown.ts';
import type { PurchaseReport, Step } from './purchase-to-player.ts';
import { sessionsSection } from './sessions-section.ts';
import type { SessionsReport } from './sessions.ts';
import type { Summary } from './statistics.ts';

export interface Machine {
  readonly cores: number;
  readonly cpuModel: string;
  readonly nodeVersion: string;
}

export interface Findings {
  readonly machine: Machine;
  readonly at: Date;
  readonly bundles: BundleReport | undefined;
  readonly coldStarts: ColdStartReport | undefined;
  readonly purchase: PurchaseReport | undefined;
  readonly sessions: SessionsReport | undefined;
}

/** The figures as Markdown, with how to read them. */
export function renderReport({ machine, at, bundles, coldStarts, purchase, sessions }: Findings): string {
  const parts = [
    `# Benchmarks`,
    `\`npm run bench\` measures and writes this page; \`npm run bench -- bundles\` (cold starts included),
\`npm run bench -- purchase\` and \`npm run bench -- sessions\` print one section. Nothing passes or fails by these figures: they are one run on one machine, and what counts are the
ratios between figures of the same run.`,
    `${at.toISOString().slice(0, 10)}, ${machine.cores} × ${machine.cpuModel}, Node ${machine.nodeVersion}.`,
    ...(bundles ? bundleSection(bundles) : []),
    ...(coldStarts ? coldStartSection(coldStarts) : []),
    ...(purchase ? purchaseSection(purchase) : []),
    ...(sessions ? sessionsSection(sessions) : []),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** A package below this share of a bundle is not named. */
const NAMED_BYTES = 20_000;

function bundleSection({ functions, wholeSdk }: BundleReport): readonly string[] {
  const packages = new Set(functions.flatMap(({ shares }) => named(shares)).map(nameOf));
  const reasons = [...Map.groupBy(packages, reasonFor)].map(([reason, names]) => [names.join(', '), reason]);
  return [
    `## Bundles`,
    `The time is that of \`import()\` of the bundle in a fresh process, ${wholeSdk.importMs.count} processes for each, the
bundles taking turns, without V8's compile cache: what a cold start spends on this machine's processor before the
handler can run. (Lambda gives processor time in proportion to memory.) "× SDK" compares with the whole of Momento's
SDK, bundled with the same options but without the plugins of \`lib/bundling/\`: what any import of it would cost. "KB
later" lies in files that are read when a function first needs them: for sessions, the clients of table and queue.`,
    table(
      ['function', 'KB', 'KB later', 'import, median ms', 'min–max', '× SDK', 'of @gomomento'],
      [...functions, wholeSdk].map((bundle) => bundleRow(bundle, wholeSdk)),
    ),
    `### What is in them`,
    `What the import reads, after minification, from esbuild's metafile, in KB of 1000 bytes. Packages under ${kb(NAMED_BYTES)} KB are summed up.`,
    table(
      ['function', 'KB'],
      functions.map(({ name, shares }) => [`\`${name}\``, contents(shares)]),
    ),
    table(['packages', 'what they are there for'], reasons),
  ];
}

function bundleRow(
  { name, bytes, laterBytes, shares, importMs }: MeasuredBundle,
  wholeSdk: MeasuredBundle,
): readonly string[] {
  const momento = momentoBytes(shares);
  return [
    `\`${name}\``,
    kb(bytes),
    kb(laterBytes),
    ms(importMs.p50),
    `${ms(importMs.min)}–${ms(importMs.max)}`,
    (importMs.p50 / wholeSdk.importMs.p50).toFixed(2),
    momento === 0 ? 'nothing' : `${kb(momento)} KB`,
  ];
}

function contents(shares: readonly Share[]): string {
  const rest = shares.filter(({ bytes }) => bytes < NAMED_BYTES);
  const parts = named(shares).map(({ packageName, bytes }) => `${packageName} ${kb(bytes)}`);
  const restBytes = rest.reduce((sum, { bytes }) => sum + bytes, 0);
  return [...parts, `${rest.length} others ${kb(restBytes)}`].join(', ');
}

function nameOf({ packageName }: Share): string {
  return packageName;
}

function named(shares: readonly Share[]): readonly Share[] {
  return shares.filter(({ bytes }) => bytes >= NAMED_BYTES);
}

function purchaseSection({ purchase, hops, steps, sequence }: PurchaseReport): readonly string[] {
  const rows = Object.entries(hops).map(([hop, summary]) => summaryRow(hop, summary));
  const once = sumOf(hops, () => 1);
  const inSequence = sumOf(hops, (hop) => timesIn(sequence, hop));
  return [
    `## From a purchase to the player`,
    `From sending a signed event to \`POST /checkout-events\` until the entitlement's message arrives at a subscriber
that uses Momento's SDK with the token of \`GET /token\`: ${purchase.count} purchases against the synthesized app on
loopback, each followed by one of each bare hop with the same bytes, by the same client, in another process than the
servers. Functions reach the stand-ins directly, as the bare hops do, without the gate that enforces permissions under \`npm start\`.
Two things make a purchase slower here than its hops: all servers of the local stack share one thread, on which a
purchase that keeps several of them and two functions busy waits for itself; and a function's own work, the passing of
an event to its thread and back included, counts on top. A profile of that work is flat: signing, serializing and
parsing in the AWS and Momento SDKs, garbage collection and socket writes, none of them above a tenth of it.`,
    table(
      ['milliseconds', 'p50', 'p99', 'min', 'max'],
      [summaryRow('**purchase → player**', purchase), ...rows],
    ),
    `The ratio is the purchase over the sum of the hops. A purchase writes the table more than once, so the second row
counts each hop as often as it stands in sequence below, a read like a write. (The sum of the p99 is more than the p99
of a sum: they seldom meet.)`,
    table(
      ['hops', 'sum p50', 'sum p99', 'ratio p50', 'ratio p99'],
      [
        ['each once', ...sumAndRatio(purchase, once)],
        ['each as often as in sequence', ...sumAndRatio(purchase, inSequence)],
      ],
    ),
    `### ${steps.length} calls, ${sequence.length} of them in sequence`,
    `What a purchase calls, in the order of the answers: medians of the milliseconds since the event was sent, taken
where the call arrives. In sequence are those that its message waits for, one after the other; what passes between
their answers and arrivals is spent in functions, SDKs and threads. The long poll was waiting before, as it is before the
hops, so that neither is measured while the other's poll is being begun.`,
    table(
      ['call', 'arrived', 'answered', 'in sequence'],
      steps.map((step) => [
        step.name,
        ms(step.arrivedMs),
        ms(step.answeredMs),
        sequence.includes(step) ? 'yes' : '',
      ]),
    ),
  ];
}

type Sum = Pick<Summary, 'p50' | 'p99'>;

function sumAndRatio(purchase: Summary, sum: Sum): readonly string[] {
  return [ms(sum.p50), ms(sum.p99), (purchase.p50 / sum.p50).toFixed(2), (purchase.p99 / sum.p99).toFixed(2)];
}

/** The calls that a bare hop stands for. */
const CALLS_LIKE: Readonly<Record<Hop, RegExp>> = {
  'HTTP round trip to the API (GET /catalog)': /^POST \/.*checkout-events$/,
  'SQS send → receive': /^SQS SendMessage/,
  'table write (conditional UpdateItem)': /^DynamoDB /,
  'cache write (Momento set)': /^Momento (Get|Set)/,
  'publish → receive (Momento topic)': /^Momento Publish/,
};

function timesIn(steps: readonly Step[], hop: Hop): number {
  return steps.filter(({ name }) => CALLS_LIKE[hop].test(name)).length;
}

function sumOf(hops: PurchaseReport['hops'], times: (hop: Hop) => number): Sum {
  const entries = Object.entries(hops) as [Hop, Summary][];
  const sum = (of: 'p50' | 'p99') =>
    entries.reduce((total, [hop, summary]) => total + times(hop) * summary[of], 0);
  return { p50: sum('p50'), p99: sum('p99') };
}
