import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { bundleFunctions } from '../../../lib/bundling/bundle-functions.ts';
import { scratchDirectory } from './scratch.ts';

// esbuild takes seconds on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 60_000 });

describe('bundling the functions', () => {
  it('makes a directory with one module of each, that needs nothing beside it', async () => {
    const root = await scratchDirectory();
    const functionsDir = await sources(root, {
      'greet.ts': `import { name } from './name.js'; import { hostname } from 'node:os';
        export const handler = async (): Promise<string> => \`\${name} on \${typeof hostname()}\`;`,
      'name.js': `const { sep } = require('node:path'); exports.name = 'usher' + sep;`,
    });
    const outDir = join(root, 'out');
    const [greet, ...others] = await bundleFunctions({ outDir, functionsDir });
    expect(others).toEqual([]);
    expect(greet).toMatchObject({ name: 'greet', directory: join(outDir, 'greet') });
    expect(await readdir(join(outDir, 'greet'))).toEqual(['index.mjs']);
    const { handler } = (await import(pathToFileURL(join(outDir, 'greet/index.mjs')).href)) as {
      readonly handler: () => Promise<string>;
    };
    expect(await handler()).toBe('usher/ on string');
  });

  it('leaves no bundle of a function that is no more', async () => {
    const root = await scratchDirectory();
    const outDir = join(root, 'out');
    await sources(join(root, 'out'), { 'gone/index.mjs': 'export {}' });
    await bundleFunctions({
      outDir,
      functionsDir: await sources(root, { 'here.ts': 'export const handler = 1;' }),
    });
    expect(await readdir(outDir)).toEqual(['here']);
  });

  it('writes nothing when a function does not build', async () => {
    const root = await scratchDirectory();
    const functionsDir = await sources(root, { 'broken.ts': `import './not-there.ts';` });
    const outDir = join(root, 'out');
    await expect(bundleFunctions({ outDir, functionsDir })).rejects.toThrow('not-there.ts');
    await expect(readdir(outDir)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('keeps the function that every sign-in waits for under 1.2 MB', async () => {
    const bundles = await bundleFunctions({ outDir: join(await scratchDirectory(), 'out') });
    const vendToken = bundles.find(({ name }) => name === 'vend-token');
    expect(vendToken?.bytes).toBeLessThan(1_200_000);
  });
});

/** Writes `files` into `root`/functions, and says where that is. */
async function sources(root: string, files: Readonly<Record<string, string>>): Promise<string> {
  const directory = join(root, 'functions');
  for (const [file, text] of Object.entries(files)) {
    await mkdir(join(directory, file, '..'), { recursive: true });
    await writeFile(join(directory, file), text);
  }
  return directory;
}
