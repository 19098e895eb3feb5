import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type BuildOptions, type Metafile } from 'esbuild';
import { onTestFinished } from 'vitest';
import { bundleOptions } from '../../../lib/bundling/bundle-functions.ts';

/** A directory that is gone when the test is over. */
export async function scratchDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'usher-bundle-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export interface Bundled {
  readonly bytes: number;
  /** The files that went into it, from node_modules on. */
  readonly files: readonly string[];
  /** Loads it, once. */
  readonly load: () => Promise<Readonly<Record<string, unknown>>>;
}

/** Bundles `source` as a function is bundled, as if it lay in functions/. */
export async function bundled(source: string, options: BuildOptions = {}): Promise<Bundled> {
  const outfile = join(await scratchDirectory(), 'index.mjs');
  const { metafile } = await build({
    ...bundleOptions(),
    stdin: { contents: source, loader: 'ts', resolveDir: join(import.meta.dirname, '../../../functions') },
    outfile,
    logLevel: 'silent',
    ...options,
    metafile: true,
  });
  return {
    bytes: Object.values(metafile.outputs)[0]?.bytes ?? 0,
    files: filesIn(metafile),
    load: () => import(pathToFileURL(outfile).href) as Promise<Readonly<Record<string, unknown>>>,
  };
}

function filesIn(metafile: Metafile): readonly string[] {
  const [output] = Object.values(metafile.outputs);
  const inputs = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return inputs.map(([file]) => file.replace(/^.*node_modules\//, ''));
}
