import { appendFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { buildCache, type Built } from '../../../lib/bundling/build-cache.ts';
import { scratchDirectory } from './scratch.ts';

/** A function of two sources, and how often it was built. */
async function world() {
  const root = await scratchDirectory();
  const [entry, part] = [join(root, 'greet.ts'), join(root, 'part.ts')];
  await writeFile(entry, 'export * from "./part.ts"');
  await writeFile(part, 'export const name = "usher"');
  const sources = { bytes: 1, imports: [] };
  const built: Built = {
    metafile: { inputs: { [entry]: sources, [part]: sources, 'slim:momento': sources }, outputs: {} },
    files: [{ name: 'index.mjs', text: 'export const name="usher"' }],
  };
  const build = vi.fn<() => Promise<Built>>(async () => built);
  const directory = join(root, 'cache');
  /** As a process that begins anew. */
  const ask = () => buildCache(directory)(entry, build);
  return { part, entry, directory, built, build, ask };
}

test('what was built is given again, to whoever asks later', async () => {
  const { ask, build, built } = await world();
  await ask();
  expect(await ask()).toMatchObject(built);
  expect(build).toHaveBeenCalledTimes(1);
});

test('a source that has changed, or is gone, is built again', async () => {
  const { ask, build, part, entry } = await world();
  await ask();
  await appendFile(part, ';');
  await ask();
  expect(build).toHaveBeenCalledTimes(2);
  await ask();
  expect(build).toHaveBeenCalledTimes(2);
  await writeFile(entry, '');
  await ask();
  expect(build).toHaveBeenCalledTimes(3);
});

test('what another bundler built, or what was half written, is built again', async () => {
  const { ask, build, directory } = await world();
  await ask();
  const file = join(directory, 'greet.json');
  expect(await readdir(directory)).toEqual(['greet.json']);
  await writeFile(file, JSON.stringify({ bundler: 'another', sources: {}, files: [], metafile: {} }));
  await ask();
  await writeFile(file, '{"bundler":');
  await ask();
  expect(build).toHaveBeenCalledTimes(3);
});

test('what does not build is not kept', async () => {
  const { ask, build } = await world();
  build.mockRejectedValueOnce(new Error('not-there.ts'));
  await expect(ask()).rejects.toThrow('not-there.ts');
  await ask();
  expect(build).toHaveBeenCalledTimes(2);
});
