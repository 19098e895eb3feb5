import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { bundleFunctions, bundleOptions } from '../lib/bundling/bundle-functions.ts';
import { type DeployedFunction, deployedFunctions } from './assembly.ts';
import { bytesOf, packageShares, readAtStart, type Share } from './bundle-contents.ts';
import { summarize, type Summary } from './statistics.ts';

export interface MeasuredBundle {
  readonly name: string;
  /** Of what its import reads. */
  readonly bytes: number;
  /** Of what is read when it is first needed. */
  readonly laterBytes: number;
  /** Of what its import reads. */
  readonly shares: readonly Share[];
  readonly importMs: Summary;
}

export interface BundleReport {
  readonly functions: readonly MeasuredBundle[];
  /** All of Momento's SDK by itself, bundled as usual: what any import of it costs whoever does not slim it. */
  readonly wholeSdk: MeasuredBundle;
}

interface Options {
  /** The synthesized app, whose template says what each function's environment holds. */
  readonly assembly: string;
  /** Bundles are made in here. */
  readonly directory: string;
  readonly report: (line: string) => void;
}

interface Subject extends Omit<MeasuredBundle, 'importMs'> {
  readonly file: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Imports per subject, each in a process of its own. */
const SAMPLES = 41;

/**
 * Weighs every function's bundle and times its import. The subjects take turns, each round beginning with another
 * one, so that a noisy moment of the machine does not hit one of them alone.
 */
export async function measureBundles({ assembly, directory, report }: Options): Promise<BundleReport> {
  const wholeSdk = await bundleWholeSdk(path.join(directory, 'whole-sdk'));
  const subjects = [wholeSdk, ...(await functionSubjects(assembly, path.join(directory, 'functions')))];
  const samples = new Map(subjects.map((subject) => [subject, [] as number[]]));

  for (let round = 0; round < SAMPLES; round++) {
    const turn = round % subjects.length;
    for (const subject of [...subjects.slice(turn), ...subjects.slice(0, turn)]) {
      samples.get(subject)?.push(await timeImport(subject));
    }
    report(`bundles: ${round + 1} of ${SAMPLES} rounds`);
  }
  const measured = subjects.map((subject): MeasuredBundle => {
    const { name, bytes, laterBytes, shares } = subject;
    return { name, bytes, laterBytes, shares, importMs: summarize(samples.get(subject) ?? []) };
  });
  const [baseline, ...functions] = measured as [MeasuredBundle, ...MeasuredBundle[]];
  return { wholeSdk: baseline, functions };
}

async function functionSubjects(assembly: string, outDir: string): Promise<readonly Subject[]> {
  const environments = new Map(
    deployedFunctions(assembly).map((deployed) => [deployed.name, environmentOf(deployed)]),
  );
  const bundles = await bundleFunctions({ outDir });
  return bundles.flatMap(({ name, directory, bytes, metafile }) => {
    const environment = environments.get(name);
    if (environment === undefined) return []; // no part of the stack, so nobody waits for its import
    const file = path.join(directory, 'index.mjs');
    const start = readAtStart(metafile);
    const startBytes = bytesOf(start);
    const laterBytes = bytes - startBytes;
    return [{ name, bytes: startBytes, laterBytes, shares: packageShares(start), file, environment }];
  });
}

/** What no import looks at: the address of a queue or table is only used by a call. */
const NOWHERE = 'http://127.0.0.1:9/nowhere';

/** What an import finds in its environment. */
export function environmentOf({
  environment,
  references,
}: DeployedFunction): Readonly<Record<string, string>> {
  return { ...environment, ...Object.fromEntries(references.map((variable) => [variable, NOWHERE])) };
}

/** The same options, but for the plugins: those are what is to be compared. */
async function bundleWholeSdk(directory: string): Promise<Subject> {
  const file = path.join(directory, 'index.mjs');
  const { metafile, outputFiles } = await build({
    ...bundleOptions(),
    plugins: [],
    stdin: {
      contents: `import * as momento from '@gomomento/sdk'; export { momento };`,
      resolveDir: fileURLToPath(new URL('..', import.meta.url)),
    },
    outfile: file,
    write: false,
    metafile: true,
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error('esbuild made nothing of @gomomento/sdk');
  await mkdir(directory, { recursive: true });
  await writeFile(file, output.contents);
  const bytes = output.contents.byteLength;
  const shares = packageShares(metafile);
  return { name: 'all of @gomomento/sdk', bytes, laterBytes: 0, shares, file, environment: {} };
}

const timer = fileURLToPath(new URL('time-import.mjs', import.meta.url));

/** As Lambda runs it: nothing of this process's environment, and no compile cache. */
export const RUNTIME = {
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'nobody',
  AWS_SECRET_ACCESS_KEY: 'nothing',
  NODE_DISABLE_COMPILE_CACHE: '1',
};

/** Milliseconds of one import in a process of its own. */
export async function timeImport({
  file,
  environment,
}: Pick<Subject, 'file' | 'environment'>): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [timer, pathToFileURL(file).href], {
    env: { ...RUNTIME, ...environment },
  });
  const ms = Number(stdout);
  if (!(ms > 0)) throw new Error(`the import of ${file} printed ${JSON.stringify(stdout)} instead of a time`);
  return ms;
}
