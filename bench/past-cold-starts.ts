/**
 * `npx node bench/past-cold-starts.ts a0fb3e5 639e9f4 …`: builds the functions of earlier commits from their sources,
 * times their imports, and puts these runs before all others in docs/cold-starts.jsonl, marked `afterwards`. Packages are
 * today's: what is compared is our own code and how it is bundled.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type * as Bundling from '../lib/bundling/bundle-functions.ts';
import { deployedFunctions, synthesize } from './assembly.ts';
import { bytesOf, readAtStart } from './bundle-contents.ts';
import { environmentOf } from './bundles.ts';
import { readHistory, writeHistory, type ColdStart, type Run } from './cold-start-history.ts';
import { bareModule, callOnce } from './first-calls.ts';
import { summarize } from './statistics.ts';

/** Imports of each bundle, each in a process of its own. */
const SAMPLES = 7;

const repository = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
const directory = await mkdtemp(path.join(tmpdir(), 'usher-past-'));
try {
  const commits = await Promise.all(process.argv.slice(2).map(abbreviated));
  await synthesize(path.join(directory, 'assembly'));
  const today = deployedFunctions(path.join(directory, 'assembly'));
  // Of functions for which nobody waits the history tells nothing.
  const told = new Set((await readHistory()).flatMap(({ functions }) => Object.keys(functions)));
  const environment = Object.assign({}, ...today.map(environmentOf)) as Record<string, string>;
  const bare = { ...(await bareModule(directory)), name: 'bare', commit: '', bytes: 0 };
  const built = (await Promise.all(commits.map(build))).flat();
  const subjects = [bare, ...built.filter(({ name }) => told.size === 0 || told.has(name))];
  const samples = new Map(subjects.map((subject) => [subject, [] as number[]]));
  for (let round = 0; round < SAMPLES; round++) {
    for (const subject of subjects) {
      const { importedMs } = await callOnce({ ...subject, environment });
      samples.get(subject)?.push(importedMs);
    }
    console.error(`${round + 1} of ${SAMPLES} rounds`);
  }
  const medianOf = (subject: (typeof subjects)[number]) => summarize(samples.get(subject) ?? []).p50;
  const past: Run[] = [];
  for (const commit of commits) {
    const { stdout: date } = await run('git', ['log', '-1', '--format=%cs', commit], { cwd: repository });
    const functions = subjects
      .filter((subject) => subject.commit === commit)
      .map((subject): [string, ColdStart] => [
        subject.name,
        { bytes: subject.bytes, importRatio: Number((medianOf(subject) / medianOf(bare)).toFixed(2)) },
      ]);
    past.push({ date: date.trim(), commit, afterwards: true, functions: Object.fromEntries(functions) });
  }
  const others = (await readHistory()).filter(({ commit }) => !commits.includes(commit));
  await writeHistory([...past, ...others]);
} finally {
  await rm(directory, { recursive: true, force: true });
}

/** As in the history. */
async function abbreviated(commit: string): Promise<string> {
  return (await run('git', ['rev-parse', '--short=9', commit], { cwd: repository })).stdout.trim();
}

async function build(commit: string) {
  const sources = path.join(directory, commit);
  await mkdir(sources);
  await run('git', ['archive', `--output=${sources}.tar`, commit], { cwd: repository });
  await run('tar', ['-xf', `${sources}.tar`, '-C', sources]);
  await symlink(path.join(repository, 'node_modules'), path.join(sources, 'node_modules'));
  const module = pathToFileURL(path.join(sources, 'lib/bundling/bundle-functions.ts')).href;
  const { bundleFunctions } = (await import(module)) as typeof Bundling;
  const bundles = await bundleFunctions({ outDir: path.join(sources, 'dist') });
  return bundles.map(({ name, metafile }) => ({
    commit,
    name,
    bytes: bytesOf(readAtStart(metafile)),
    module: pathToFileURL(path.join(sources, 'dist', name, 'index.mjs')).href,
  }));
}
