import type { FirstCall, FirstCallReport } from './first-calls.ts';
import { kb, ms, table } from './markdown.ts';
import type { StepGain } from './steps.ts';

export interface ColdStartReport {
  readonly firstCalls: FirstCallReport;
  readonly steps: readonly StepGain[];
  /** Of runs in the history. */
  readonly runs: number;
}

export function coldStartSection({ firstCalls, steps, runs }: ColdStartReport): readonly string[] {
  const { bare, functions } = firstCalls;
  return [
    `## Cold starts`,
    `A new process for each call, ${bare.answeredMs.count} for each function, which take turns: Node starts, the bundle as
it is deployed is imported, and the handler answers its first event, with the stand-ins on loopback. "×" compares
with a function that imports nothing and answers at once (${ms(bare.answeredMs.p50)} ms, nearly all of it the start of Node), so the
machine's speed cancels out; "adds" is what a viewer waits for beyond that. The first answer holds what no import does: clients are
made, connections opened, secrets fetched. Left out are functions for which nobody waits: \`provide-cache\`,
\`follow-heartbeat-topic\`, and those of support.`,
    table(
      ['function', 'import, ×', 'first answer, ×', 'median ms', 'min–max', 'adds ms'],
      functions.map((one) => firstCallRow(one, bare)),
    ),
    `![Import and first answer of each function by commit](cold-starts.svg)`,
    `The plot shows the ${runs} runs of [cold-starts.jsonl](cold-starts.jsonl), to which \`npm run bench\` adds one for each
commit. Those marked \`afterwards\` were measured later from the sources of their commit, import alone, on the machine and
with the packages of that later day.`,
    `### What made them shorter`,
    `Each step is taken out by itself while all others stay, and both sides are built and imported in turn in this very run:
so the gains overlap, and do not add up. KB are those that the import reads.`,
    table(
      ['step', 'function', 'KB without', 'KB with', 'import time with, of that without'],
      steps.map(({ step, of, bytes, importRatio }) => [
        step,
        `\`${of}\``,
        kb(bytes.without),
        kb(bytes.as),
        importRatio.toFixed(2),
      ]),
    ),
    `Why, and how, is in [decision 1](decisions/0001-bundle-before-synth.md) and, of \`fill-cache\`, in
[decision 2](decisions/0002-fill-cache-is-a-function.md).`,
  ];
}

function firstCallRow({ name, importedMs, answeredMs }: FirstCall, bare: FirstCall): readonly string[] {
  return [
    `\`${name}\``,
    (importedMs.p50 / bare.importedMs.p50).toFixed(2),
    (answeredMs.p50 / bare.answeredMs.p50).toFixed(2),
    ms(answeredMs.p50),
    `${ms(answeredMs.min)}–${ms(answeredMs.max)}`,
    ms(answeredMs.p50 - bare.answeredMs.p50),
  ];
}
