import type { Hop } from './bare-hops.ts';
import { momentoBytes, reasonFor, type Share } from './bundle-contents.ts';
import type { BundleReport, MeasuredBundle } from './bundles.ts';
import type { PurchaseReport, Step } from './purchase-to-player.ts';
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
  readonly purchase: PurchaseReport | undefined;
}

/** The figures as Markdown, with how to read them. */
export function renderReport({ machine, at, bundles, purchase }: Findings): string {
  const parts = [
    `# Benchmarks`,
    `\`npm run bench\` measures and writes this page; \`npm run bench -- bundles\` and \`npm run bench -- purchase\`
print one section. Nothing passes or fails by these figures: they are one run on one machine, and what counts are the
ratios between figures of the same run.`,
    `${at.toISOString().slice(0, 10)}, ${machine.cores} × ${machine.cpuModel}, Node ${machine.nodeVersion}.`,
    ...(bundles ? bundleSection(bundles) : []),
    ...(purchase ? purchaseSection(purchase) : []),
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
    `The time is that of \`import()\` of the bundle in a fresh process, ${wholeSdk.importMs.count} processes for each,
the bundles taking turns, without V8's compile cache: what a cold start spends before the handler can run, on this
machine's processor. Lambda's is slower in proportion to the function's memory. "× SDK" compares with the whole of
Momento's SDK bundled as usual, which is what any import of it would cost without \`lib/bundling/momento-slim.ts\`.`,
    table(
      ['function', 'KB', 'import, median ms', 'min–max', '× SDK', 'of @gomomento'],
      [...functions, wholeSdk].map((bundle) => bundleRow(bundle, wholeSdk)),
    ),
    `### What is in them`,
    `After minification, from esbuild's metafile; in KB of 1000 bytes. Packages under
${kb(NAMED_BYTES)} KB are summed up.`,
    table(
      ['function', 'KB'],
      functions.map(({ name, shares }) => [`\`${name}\``, contents(shares)]),
    ),
    table(['packages', 'what they are there for'], reasons),
  ];
}

function bundleRow(
  { name, bytes, shares, importMs }: MeasuredBundle,
  wholeSdk: MeasuredBundle,
): readonly string[] {
  const momento = momentoBytes(shares);
  return [
    `\`${name}\``,
    kb(bytes),
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

function purchaseSection({ purchase, hops, steps }: PurchaseReport): readonly string[] {
  const rows = Object.entries(hops).map(([hop, summary]) => summaryRow(hop, summary));
  const [once, asOften] = [sumOf(hops, () => 1), sumOf(hops, (hop) => timesIn(steps, hop))];
  const ratio = (sum: Pick<Summary, 'p50' | 'p99'>) => [
    (purchase.p50 / sum.p50).toFixed(2),
    (purchase.p99 / sum.p99).toFixed(2),
  ];
  return [
    `## From a purchase to the player`,
    `From sending a signed event to \`POST /checkout-events\` until the entitlement's message arrives at a subscriber
that uses Momento's SDK with the token of \`GET /token\`: ${purchase.count} purchases against the synthesized app on
loopback, each followed by one of each bare hop, from the same process. All servers of the local stack share that
process's one thread, so a purchase, during which several of them and two functions are at work at once, meets itself
there; in AWS it would not. There the hops themselves are longer, and the ratio is what carries over.`,
    table(
      ['milliseconds', 'p50', 'p99', 'min', 'max'],
      [summaryRow('**purchase → player**', purchase), ...rows],
    ),
    table(
      ['purchase over the sum of the hops', 'sum p50', 'sum p99', 'ratio p50', 'ratio p99'],
      [
        ['each hop once', ms(once.p50), ms(once.p99), ...ratio(once)],
        ['each as often as a purchase makes it', ms(asOften.p50), ms(asOften.p99), ...ratio(asOften)],
      ],
    ),
    `### Its ${steps.length} calls`,
    `What a purchase calls, in the order of the answers; medians of the milliseconds since the event was sent, taken
where the call arrives. What passes between one answer and the next arrival is spent in the function, its SDK and the
thread it runs in. The long poll was waiting before the event was sent.`,
    table(
      ['call', 'arrived', 'answered', 'since the answer before'],
      steps.map(({ name, arrived, answered }, index) => {
        const before = steps[index - 1]?.answered.p50 ?? 0;
        return [name, ms(arrived.p50), ms(answered.p50), ms(answered.p50 - before)];
      }),
    ),
  ];
}

/** The calls that a bare hop stands for. */
const CALLS_LIKE: Readonly<Record<Hop, RegExp>> = {
  'HTTP round trip to the API (GET /catalog)': /^POST \/.*checkout-events$/,
  'SQS send → receive': /^SQS SendMessage/,
  'table write (UpdateItem)': /^DynamoDB /,
  'cache write (Momento set)': /^Momento (Get|Set)/,
  'publish → receive (Momento topic)': /^Momento Publish/,
};

function timesIn(steps: readonly Step[], hop: Hop): number {
  return steps.filter(({ name }) => CALLS_LIKE[hop].test(name)).length;
}

function sumOf(hops: PurchaseReport['hops'], times: (hop: Hop) => number): Pick<Summary, 'p50' | 'p99'> {
  const entries = Object.entries(hops) as [Hop, Summary][];
  const sum = (of: 'p50' | 'p99') =>
    entries.reduce((total, [hop, summary]) => total + times(hop) * summary[of], 0);
  return { p50: sum('p50'), p99: sum('p99') };
}

function summaryRow(what: string, { p50, p99, min, max }: Summary): readonly string[] {
  return [what, ms(p50), ms(p99), ms(min), ms(max)];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function ms(value: number): string {
  return value.toFixed(1);
}

function kb(bytes: number): string {
  return Math.round(bytes / 1000).toString();
}
