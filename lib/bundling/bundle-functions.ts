import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions, type Metafile } from 'esbuild';
import { environmentCredentials } from './environment-credentials.ts';
import { momentoSlim } from './momento-slim.ts';

/** One function's bundle, as built. */
export interface Bundle {
  /** The file in functions/, without `.ts`. */
  readonly name: string;
  /** Holds `index.mjs` and nothing else: what is uploaded. */
  readonly directory: string;
  readonly bytes: number;
  /** What esbuild put into it, for those who weigh it. */
  readonly metafile: Metafile;
}

export interface BundleFunctionsOptions {
  /** `{outDir}/{name}/index.mjs` is written for each function, and whatever else lies there is removed. */
  readonly outDir: string;
  /** Each `.ts` file in it is one function. */
  readonly functionsDir?: string;
}

/** CommonJS inside an ES module still calls `require`, for Node's own modules at least. */
const REQUIRE =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

/** How every function is bundled: one ES module, with all it needs but Node itself. */
export function bundleOptions(): BuildOptions {
  return {
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    // Names of classes are shortened too: an error that is told apart by its name has to state it, as ours do.
    minify: true,
    legalComments: 'none',
    banner: { js: REQUIRE },
    // grpc-js requires it when someone asks for its channelz or ORCA services, and then reads .proto files from its
    // own directory. Neither works in a bundle, so carrying 220 KB of parser serves nobody; whoever asks is told.
    external: ['@grpc/proto-loader'],
    plugins: [momentoSlim(), environmentCredentials()],
    metafile: true,
    logLevel: 'warning',
  };
}

/**
 * Bundles every function, before the stack is made: CDK's own NodejsFunction takes no esbuild plugins.
 * See docs/decisions/0001-bundle-before-synth.md. Throws what esbuild finds wrong, and then has written nothing.
 */
export async function bundleFunctions({
  outDir,
  functionsDir = fileURLToPath(new URL('../../functions', import.meta.url)),
}: BundleFunctionsOptions): Promise<readonly Bundle[]> {
  const entries = (await readdir(functionsDir)).filter((file) => file.endsWith('.ts')).toSorted();
  const built = await Promise.all(entries.map((file) => bundle(join(functionsDir, file), outDir)));
  await mkdir(outDir, { recursive: true });
  // Two builds may run side by side, such as a test's and a deployment's: each file appears whole, or stays as it was.
  const names = new Set(built.map(({ name }) => name));
  const gone = (await readdir(outDir)).filter((name) => !names.has(name) && !name.startsWith(UNFINISHED));
  await Promise.all(gone.map((name) => rm(join(outDir, name), { recursive: true, force: true })));
  await Promise.all(built.map(({ directory, contents }) => writeWhole(outDir, directory, contents)));
  return built.map(({ contents, ...rest }) => ({ ...rest, bytes: contents.byteLength }));
}

const UNFINISHED = '.unfinished-';

async function bundle(entry: string, outDir: string) {
  const directory = join(outDir, basename(entry, '.ts'));
  const { metafile, outputFiles } = await build({
    ...bundleOptions(),
    entryPoints: [entry],
    outfile: join(directory, 'index.mjs'),
    write: false,
    metafile: true,
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error(`esbuild made nothing of ${entry}`);
  return { name: basename(directory), directory, contents: output.contents, metafile };
}

async function writeWhole(outDir: string, directory: string, contents: Uint8Array): Promise<void> {
  const unfinished = join(outDir, `${UNFINISHED}${randomUUID()}`);
  await Promise.all([mkdir(directory, { recursive: true }), writeFile(unfinished, contents)]);
  await rename(unfinished, join(directory, 'index.mjs'));
}
