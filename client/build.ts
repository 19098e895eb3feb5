import { execFile } from 'node:child_process';
import { glob, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const folder = fileURLToPath(new URL('.', import.meta.url));
const dist = join(folder, 'dist');

/**
 * The library, what loads Momento's SDK, and the worker. The rules of `shared/domain` are in it; what npm installs
 * beside it is not, so that an application which uses valibot itself has it once, and its bundler can leave out what
 * nobody calls. The names carry no hash: that is the application's to add.
 */
async function writeCode(): Promise<void> {
  await build({
    absWorkingDir: folder,
    entryPoints: [
      { in: 'src/index.ts', out: 'index' },
      // Beside the library, which looks for it at `new URL('./timer-worker.js', import.meta.url)`.
      { in: 'src/timing/timer-worker.ts', out: 'timer-worker' },
    ],
    outdir: dist,
    chunkNames: '[name]',
    bundle: true,
    packages: 'external',
    splitting: true, // keeps Momento's SDK behind the dynamic import
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    sourcemap: true,
  });
}

async function writeDeclarations(): Promise<void> {
  const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
  const tsc = join(typescript, 'bin', 'tsc');
  await promisify(execFile)(process.execPath, [tsc, '-p', 'tsconfig.declarations.json'], { cwd: folder });
  for await (const name of glob('types/**/*.d.ts', { cwd: dist })) {
    const file = join(dist, name);
    await writeFile(file, pointedAtCode(await readFile(file, 'utf8')));
  }
}

/** The compiler leaves `./api.ts` in declarations, which is no file of the package; `./api.js` stands for `./api.d.ts`. */
function pointedAtCode(declarations: string): string {
  return declarations.replaceAll(/(\bfrom '\.[^']*|\bimport\('\.[^']*)\.ts'/g, "$1.js'");
}

await rm(dist, { recursive: true, force: true });
await Promise.all([writeCode(), writeDeclarations()]);
