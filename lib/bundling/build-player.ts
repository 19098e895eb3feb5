import { execFile } from 'node:child_process';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { PlayerBuild } from '../player/player-files.ts';

const script = fileURLToPath(new URL('../../player/build.ts', import.meta.url));

/** esbuild's names of what it splits off: `{name}-{hash of the contents}.js`. */
const NAMED_BY_CONTENTS = /-[A-Z0-9]{8}\.js$/;

/**
 * Builds the demo player, its clip included, for a stage that serves it. It replaces what lies in `outDir`.
 * The first time it draws the clip, which takes some seconds.
 * @throws Error with what the build said
 */
export async function buildPlayer({ outDir }: { readonly outDir: string }): Promise<PlayerBuild> {
  const pageDir = join(outDir, 'page');
  const immutableDir = join(outDir, 'immutable');
  await rm(outDir, { recursive: true, force: true });
  await mkdir(immutableDir, { recursive: true });
  await promisify(execFile)(process.execPath, [script, pageDir]).catch((cause: unknown) => {
    throw new Error('The player cannot be built. Without -c player=true the stage is deployed without it.', {
      cause,
    });
  });
  const immutable = (await readdir(pageDir)).filter((name) => NAMED_BY_CONTENTS.test(name));
  await Promise.all(immutable.map((name) => rename(join(pageDir, name), join(immutableDir, name))));
  return { pageDir, immutableDir };
}
