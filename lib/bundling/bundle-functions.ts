import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
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
  /** Emptied first. `{outDir}/{name}/index.mjs` is written for each function. */
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
    minify: true,
    // Errors are told apart by name, in logs and by the AWS SDK.
    keepNames: true,
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
 * See docs/decisions/0001-bundle-before-synth.md. Throws what esbuild finds wrong.
 */
export async function bundleFunctions({
  outDir,
  functionsDir = fileURLToPath(new URL('../../functions', import.meta.url)),
}: BundleFunctionsOptions): Promise<readonly Bundle[]> {
  const entries = (await readdir(functionsDir)).filter((file) => file.endsWith('.ts')).toSorted();
  // A bundle of a function that is no more would otherwise be deployed by whoever still names it.
  await rm(outDir, { recursive: true, force: true });
  return Promise.all(
    entries.map((file) => bundle(join(functionsDir, file), join(outDir, basename(file, '.ts')))),
  );
}

async function bundle(entry: string, directory: string): Promise<Bundle> {
  const outfile = join(directory, 'index.mjs');
  const { metafile, outputFiles } = await build({
    ...bundleOptions(),
    entryPoints: [entry],
    outfile,
    write: false,
    metafile: true,
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error(`esbuild made nothing of ${entry}`);
  await mkdir(dirname(outfile), { recursive: true });
  await writeFile(outfile, output.contents);
  return { name: basename(directory), directory, bytes: output.contents.byteLength, metafile };
}
