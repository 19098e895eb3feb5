import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { clipFiles } from './clip/clip-files.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** The demo player's files by path (`/index.html`, `/main.js` …): all but `/config.json`, which whoever serves it adds, and the clip ({@link clipFiles}). */
export async function buildPlayer(): Promise<Map<string, Uint8Array>> {
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: [
      { in: 'src/main.ts', out: 'main' },
      { in: '../client/src/timing/timer-worker.ts', out: 'timer-worker' },
      { in: 'src/styles.css', out: 'styles' },
      { in: 'src/index.html', out: 'index' },
    ],
    loader: { '.html': 'copy' },
    outdir: 'dist',
    write: false,
    bundle: true,
    splitting: true, // Momento's SDK is 200 KB gzipped and loads after the page is there
    minify: true,
    legalComments: 'none',
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    define: { global: 'globalThis' }, // amazon-cognito-identity-js brings `buffer`, which reads `global`
  });
  const root = join(folder, 'dist');
  return new Map(
    outputFiles.map(({ path, contents }) => [path.slice(root.length).replaceAll('\\', '/'), contents]),
  );
}

async function write(outDir: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  for (const [path, contents] of files) {
    const file = join(outDir, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, contents);
  }
}

/** Says at every fifth of the way how far the clip is. */
function sayProgress(): (share: number) => void {
  let said = -1;
  return (share) => {
    const fifths = Math.floor(share * 5);
    if (fifths === said) return;
    said = fifths;
    console.log(`Drawing the demo clip … ${fifths * 20} %`);
  };
}

if (import.meta.main) {
  const [outDir] = process.argv.slice(2);
  if (outDir === undefined) throw new Error('Say where to: node player/build.ts <outdir>');
  await write(outDir, await buildPlayer());
  await write(outDir, await clipFiles(sayProgress()));
}
