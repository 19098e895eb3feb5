import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { BundleReport } from './bundles.ts';
import { plotHistory } from './cold-start-plot.ts';
import type { FirstCallReport } from './first-calls.ts';

/** What a run found of one function; ratios are to a function that imports nothing, of the same run. */
export interface ColdStart {
  /** Of what its import reads. */
  readonly bytes: number;
  readonly importRatio: number;
  /** Import and first answer. Left out where nothing calls it, and of commits that were measured afterwards. */
  readonly firstCallRatio?: number;
}

/** A line of docs/cold-starts.jsonl. */
export interface Run {
  readonly date: string;
  /** Abbreviated; with a plus when functions or how they are bundled were changed since. */
  readonly commit: string;
  /** Not measured when it was the newest, but later, from its sources. */
  readonly afterwards?: true;
  readonly functions: Readonly<Record<string, ColdStart>>;
}

export function runOf(
  at: Date,
  commit: string,
  { functions }: BundleReport,
  { bare, functions: called }: FirstCallReport,
): Run {
  const ratio = (one: number, of: number) => Number((one / of).toFixed(2));
  const found = new Map(called.map((one) => [one.name, one]));
  return {
    date: at.toISOString().slice(0, 10),
    commit,
    functions: Object.fromEntries(
      functions.flatMap(({ name, bytes }): [string, ColdStart][] => {
        const first = found.get(name);
        if (first === undefined) return [];
        return [
          [
            name,
            {
              bytes,
              importRatio: ratio(first.importedMs.p50, bare.importedMs.p50),
              firstCallRatio: ratio(first.answeredMs.p50, bare.answeredMs.p50),
            },
          ],
        ];
      }),
    ),
  };
}

/** The history with one more run; of a commit that was measured before it takes that run's place. */
export function withRun(history: readonly Run[], run: Run): readonly Run[] {
  const others = history.filter(({ commit }) => commit !== run.commit);
  const place = history.findIndex(({ commit }) => commit === run.commit);
  return others.toSpliced(place === -1 ? others.length : place, 0, run);
}

const file = fileURLToPath(new URL('../docs/cold-starts.jsonl', import.meta.url));
const plot = fileURLToPath(new URL('../docs/cold-starts.svg', import.meta.url));

/** Empty before the first run. */
export async function readHistory(): Promise<readonly Run[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Run);
}

/** Writes it, and draws it anew. */
export async function writeHistory(history: readonly Run[]): Promise<void> {
  await writeFile(file, history.map((run) => `${JSON.stringify(run)}\n`).join(''));
  await writeFile(plot, plotHistory(history));
}

const repository = fileURLToPath(new URL('..', import.meta.url));

/** What a function's bundle is made of. */
const SOURCES = ['functions', 'shared', 'lib/bundling', 'catalog.json', 'package-lock.json'];

export async function currentCommit(): Promise<string> {
  const git = async (...args: readonly string[]) =>
    (await promisify(execFile)('git', args, { cwd: repository })).stdout.trim();
  const commit = await git('rev-parse', '--short=9', 'HEAD');
  return (await git('status', '--porcelain', '--', ...SOURCES)) === '' ? commit : `${commit}+`;
}
