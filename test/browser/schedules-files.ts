import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const PAGE =
  '<!doctype html><title>A tab</title><link rel="icon" href="data:," /><script type="module" src="/main.js"></script>';

/** Builds the page of the schedules into a directory. */
export async function writePage(outdir: string): Promise<void> {
  const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
  await build({
    entryPoints: {
      main: path('schedules-page.ts'),
      'timer-worker': path('../../client/src/timing/timer-worker.ts'),
    },
    outdir,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    target: 'es2023',
  });
  await writeFile(join(outdir, 'index.html'), PAGE);
}

/**
 * Writes the same synthesized app into a directory, but that its tokens live so many seconds: fewer than a stage may
 * say, since nobody has minutes to wait for a token to end.
 */
export async function withTokensOf(seconds: number, assembly: string, directory: string): Promise<void> {
  await cp(assembly, directory, { recursive: true });
  const name = (await readdir(directory)).find((file) => file.endsWith('.template.json'));
  const template = join(directory, name!);
  await writeFile(template, shortLived(await readFile(template, 'utf8'), seconds));
}

function shortLived(template: string, seconds: number): string {
  const setting = /"TOKEN_TTL_SECONDS": "\d+"/;
  if (!setting.test(template)) throw new Error('the template says nowhere how long tokens live');
  return template.replace(setting, `"TOKEN_TTL_SECONDS": "${seconds}"`);
}
