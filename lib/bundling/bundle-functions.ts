import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions, type Metafile } from 'esbuild';
import { buildCache, type BuildCache, type Built } from './build-cache.ts';
import { environmentCredentials } from './environment-credentials.ts';
import { momentoSlim } from './momento-slim.ts';
import { stripeWebhooks } from './stripe-webhooks.ts';

/** One function's bundle, as built. */
export interface Bundle {
  /** The file in functions/, without `.ts`. */
  readonly name: string;
  /** Holds `index.mjs` and what that imports: what is uploaded. */
  readonly directory: string;
  /** Of all files. */
  readonly bytes: number;
  /** What esbuild put into it, for those who weigh it. */
  readonly metafile: Metafile;
}

export interface BundleFunctionsOptions {
  /** `{outDir}/{name}/index.mjs` and its chunks are written for each function, and whatever else lies there is removed. */
  readonly outDir: string;
  /** Each `.ts` file in it is one function. */
  readonly functionsDir?: string;
  /** Where to keep what was built, for the next time (build-cache.ts). Without it everything is built anew. */
  readonly cacheDir?: string;
}

/** CommonJS inside an ES module still calls `require`, for Node's own modules at least. */
const REQUIRE =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

/** How every function is bundled: as ES modules, with all they need but Node itself. */
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
    plugins: [momentoSlim(), environmentCredentials(), stripeWebhooks()],
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
  cacheDir,
}: BundleFunctionsOptions): Promise<readonly Bundle[]> {
  const cached: BuildCache = cacheDir === undefined ? (_, anew) => anew() : buildCache(cacheDir);
  const entries = (await readdir(functionsDir)).filter((file) => file.endsWith('.ts')).toSorted();
  const built = await Promise.all(entries.map((file) => bundle(join(functionsDir, file), outDir, cached)));
  await mkdir(outDir, { recursive: true });
  // Two builds may run side by side, such as a test's and a deployment's: each file appears whole, or stays as it was.
  const names = new Set(built.map(({ name }) => name));
  const gone = (await readdir(outDir)).filter((name) => !names.has(name) && !name.startsWith(UNFINISHED));
  await Promise.all(gone.map((name) => rm(join(outDir, name), { recursive: true, force: true })));
  await Promise.all(built.map(({ directory, files }) => writeFunction(outDir, directory, files)));
  return built.map(({ files, ...rest }) => ({
    ...rest,
    bytes: files.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0),
  }));
}

const UNFINISHED = '.unfinished-';

const ENTRY = 'index.mjs';

/**
 * What a function imports when it first needs it (`await import(…)`) becomes a file of its own. Were it all in one,
 * esbuild would keep every export of whatever both sides import, and wrap each module in a function: 250 KB and a sixth
 * of the time more than without any such import. See docs/decisions/0001-bundle-before-synth.md.
 */
async function bundle(entry: string, outDir: string, cached: BuildCache) {
  const directory = join(outDir, basename(entry, '.ts'));
  const { files, metafile } = await cached(entry, () => buildOne(entry, directory));
  return { name: basename(directory), directory, files, metafile };
}

async function buildOne(entry: string, directory: string): Promise<Built> {
  const { metafile, outputFiles } = await build({
    ...bundleOptions(),
    entryPoints: { index: entry },
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    splitting: true,
    chunkNames: '[name]-[hash]',
    write: false,
    metafile: true,
  });
  return {
    metafile,
    files: outputFiles.map(({ path, text }) => ({ name: relative(directory, path), text })),
  };
}

/** Another build that runs now, of sources that were just changed, may have written this and not yet its entry. */
const YOUNG_MS = 60_000;

/** The entry comes last, so that whatever it names is there. What no entry names any more goes when it is old. */
async function writeFunction(outDir: string, directory: string, files: Built['files']): Promise<void> {
  const write = (some: Built['files']) =>
    Promise.all(some.map(({ name, text }) => writeWhole(outDir, join(directory, name), text)));
  await write(files.filter(({ name }) => name !== ENTRY));
  await write(files.filter(({ name }) => name === ENTRY));
  const written = new Set(files.map(({ name }) => name));
  const others = (await readdir(directory)).filter((name) => !written.has(name));
  await Promise.all(others.map((name) => removeOld(join(directory, name))));
}

async function removeOld(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined); // gone already
  if (found && Date.now() - found.mtimeMs > YOUNG_MS) await rm(file, { recursive: true, force: true });
}

async function writeWhole(outDir: string, path: string, text: string): Promise<void> {
  const unfinished = join(outDir, `${UNFINISHED}${randomUUID()}`);
  await Promise.all([mkdir(dirname(path), { recursive: true }), writeFile(unfinished, text)]);
  await rename(unfinished, path);
}
