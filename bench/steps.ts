import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { bundleOptions } from '../lib/bundling/bundle-functions.ts';
import { deployedFunctions } from './assembly.ts';
import { bytesOf, readAtStart } from './bundle-contents.ts';
import { environmentOf, timeImport } from './bundles.ts';
import { summarize } from './statistics.ts';

/** Something that makes cold starts shorter, and how a bundle is made without it. */
interface Step {
  readonly name: string;
  readonly without: (made: BuildOptions) => BuildOptions;
  /** Functions that it is taken out of. */
  readonly of: readonly string[];
}

const functionsDir = fileURLToPath(new URL('../functions/', import.meta.url));

const STEPS: readonly Step[] = [
  {
    name: 'Of Momento’s SDK only what is used (`momento-slim`)',
    without: withoutPlugin('momento-slim'),
    of: ['vend-token', 'start-session', 'recompute-entitlements'],
  },
  {
    name: 'No parser for `.proto` files',
    without: (made) => ({ ...made, external: [] }),
    of: ['vend-token', 'start-session'],
  },
  {
    name: 'Credentials from the environment alone (`environment-credentials`)',
    without: withoutPlugin('environment-credentials'),
    of: ['accept-checkout', 'vend-token'],
  },
  {
    name: 'Of Stripe’s library only its webhooks (`stripe-webhooks`)',
    without: withoutPlugin('stripe-webhooks'),
    of: ['accept-stripe-event'],
  },
  {
    name: 'What is rarely needed is imported when it is needed',
    without: (made) => ({ ...made, plugins: [...(made.plugins ?? []), importedAtOnce()] }),
    of: ['start-session', 'renew-session'],
  },
  {
    name: 'What is imported late lies in files of its own',
    without: (made) => ({ ...made, splitting: false }),
    of: ['start-session', 'renew-session'],
  },
  {
    name: 'All of the above',
    without: (made) => ({ ...made, plugins: [importedAtOnce()], external: [], splitting: false }),
    of: ['vend-token', 'start-session', 'accept-stripe-event'],
  },
  {
    name: 'The cache is filled by a function of its own, `fill-cache`',
    without: (made) => ({
      ...made,
      stdin: {
        contents: `export * from './vend-token.ts'; import './fill-cache.ts';`,
        resolveDir: functionsDir,
        sourcefile: 'index.ts',
      },
      entryPoints: [],
    }),
    of: ['vend-token'],
  },
  {
    name: 'Minified',
    without: (made) => ({ ...made, minify: false }),
    of: ['vend-token', 'accept-checkout'],
  },
];

export interface StepGain {
  readonly step: string;
  readonly of: string;
  readonly bytes: { readonly without: number; readonly as: number };
  /** Import time as it is over that without the step, medians of processes that took turns. */
  readonly importRatio: number;
}

interface Options {
  readonly assembly: string;
  readonly directory: string;
  readonly report: (line: string) => void;
}

/** Of each side, each in a process of its own. */
const SAMPLES = 9;

/** Takes each step out by itself, and tells what it gives while all others stay in place. */
export async function measureSteps({ assembly, directory, report }: Options): Promise<readonly StepGain[]> {
  const environments = deployedFunctions(assembly).map((one) => [one.name, environmentOf(one)] as const);
  const environmentFor = new Map([
    ...environments,
    // Who fills the cache within the token's function is told what both are told.
    ['vend-token', Object.assign({}, ...environments.map(([, environment]) => environment))] as const,
  ]);
  const gains: StepGain[] = [];
  for (const { name, without, of } of STEPS) {
    for (const one of of) {
      const made = optionsFor(one);
      const sides = [
        await bundled(path.join(directory, `with-${one}`), made),
        await bundled(path.join(directory, `without-${gains.length}`), without(made)),
      ] as const;
      const [as, taken] = sides.map((side) => ({ ...side, tookMs: [] as number[] }));
      if (as === undefined || taken === undefined) continue;
      const environment = environmentFor.get(one) ?? {};
      for (let round = 0; round < SAMPLES; round++) {
        for (const side of round % 2 === 0 ? [as, taken] : [taken, as]) {
          side.tookMs.push(await timeImport({ file: side.file, environment }));
        }
      }
      const importRatio = summarize(as.tookMs).p50 / summarize(taken.tookMs).p50;
      gains.push({ step: name, of: one, bytes: { without: taken.bytes, as: as.bytes }, importRatio });
    }
    report(`steps: ${name}`);
  }
  return gains;
}

function optionsFor(name: string): BuildOptions {
  return { ...bundleOptions(), entryPoints: { index: `${functionsDir}${name}.ts` }, splitting: true };
}

async function bundled(outdir: string, options: BuildOptions) {
  const { metafile, outputFiles } = await build({
    ...options,
    outdir,
    outExtension: { '.js': '.mjs' },
    entryNames: 'index',
    chunkNames: '[name]-[hash]',
    write: false,
    metafile: true,
  });
  await mkdir(outdir, { recursive: true });
  await Promise.all(outputFiles.map(({ path: file, contents }) => writeFile(file, contents)));
  return { file: path.join(outdir, 'index.mjs'), bytes: bytesOf(readAtStart(metafile)) };
}

function withoutPlugin(name: string): Step['without'] {
  return (made) => ({ ...made, plugins: (made.plugins ?? []).filter((plugin) => plugin.name !== name) });
}

/** Puts `import` statements in the place of what our code awaits. */
function importedAtOnce(): Plugin {
  return {
    name: 'imported-at-once',
    setup(plugin) {
      plugin.onLoad({ filter: /[\\/](shared|functions)[\\/].*\.ts$/ }, async ({ path: file }) => {
        const heads: string[] = [];
        const source = (await readFile(file, 'utf8')).replaceAll(
          /await import\(('[^']+')\)/g,
          (_, specifier) => {
            heads.push(`import * as late${heads.length} from ${specifier};`);
            return `late${heads.length - 1}`;
          },
        );
        return { contents: [...heads, source].join('\n'), loader: 'ts' };
      });
    },
  };
}
