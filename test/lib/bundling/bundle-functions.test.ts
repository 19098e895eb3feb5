import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { bundleFunctions } from '../../../lib/bundling/bundle-functions.ts';
import { scratchDirectory } from './scratch.ts';

// esbuild takes seconds on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 60_000 });

describe('bundling the functions', () => {
  it('makes a directory of each, that needs nothing beside it', async () => {
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

  it('makes a file of its own of what a function imports when it first needs it', async () => {
    const root = await scratchDirectory();
    const functionsDir = await sources(root, {
      'greet.ts': `import { name } from './parts/name.ts';
        export const handler = async () => (await import('./parts/greeting.ts')).greeting(name);`,
      'parts/name.ts': `export const name = 'usher'; export const unused = 'nobody asks for this';`,
      'parts/greeting.ts': `import { name } from './name.ts'; globalThis.greetingLoads = (globalThis.greetingLoads ?? 0) + 1;
        export const greeting = (whom: string) => 'hello ' + (whom === name ? whom : 'stranger');`,
    });
    const outDir = join(root, 'out');
    const [greet] = await bundleFunctions({ outDir, functionsDir });
    const directory = join(outDir, 'greet');
    const files = await readdir(directory);
    const texts = await Promise.all(files.map((file) => readFile(join(directory, file), 'utf8')));
    expect(files).toContain('index.mjs');
    expect(files.some((file) => /^greeting-\w+\.mjs$/.test(file))).toBe(true);
    expect(texts.join('')).not.toContain('nobody asks for this');
    const total = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    expect(greet?.bytes).toBe(total);

    const loads = () => (globalThis as { greetingLoads?: number }).greetingLoads;
    const { handler } = (await import(pathToFileURL(join(directory, 'index.mjs')).href)) as {
      readonly handler: () => Promise<string>;
    };
    expect(loads()).toBeUndefined();
    expect(await handler()).toBe('hello usher');
    expect(loads()).toBe(1);
  });

  it('leaves no file of a bundle that has been no part of it for a while', async () => {
    const root = await scratchDirectory();
    const outDir = join(root, 'out');
    const functionsDir = await sources(root, { 'greet.ts': 'export const handler = 1;' });
    await bundleFunctions({ outDir, functionsDir });
    for (const name of ['greeting-OLD.mjs', 'greeting-NEW.mjs']) {
      await writeFile(join(outDir, 'greet', name), 'export {};');
    }
    const hourAgo = new Date(Date.now() - 3_600_000);
    await utimes(join(outDir, 'greet', 'greeting-OLD.mjs'), hourAgo, hourAgo);
    await bundleFunctions({ outDir, functionsDir });
    // A build of other sources, side by side with this one, may need what is new.
    expect(await readdir(join(outDir, 'greet'))).toEqual(['greeting-NEW.mjs', 'index.mjs']);
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
    const root = await scratchDirectory();
    const source = fileURLToPath(new URL('../../../functions/vend-token.ts', import.meta.url));
    const functionsDir = await sources(root, { 'vend-token.ts': `export * from '${source}';` });
    const [vendToken] = await bundleFunctions({ outDir: join(root, 'out'), functionsDir });
    expect(vendToken?.bytes).toBeGreaterThan(500_000);
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
