import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildPlayer } from '../../../lib/bundling/build-player.ts';

let outDir: string;
beforeEach(async () => {
  outDir = await mkdtemp(join(tmpdir(), 'usher-player-build-'));
});
afterEach(() => rm(outDir, { recursive: true, force: true }));

test('what may be kept for ever lies apart from what may change, and nothing older lies there', async () => {
  await writeFile(join(outDir, 'older.js'), '');
  const { pageDir, immutableDir } = await buildPlayer({ outDir });
  const [page, immutable] = [await readdir(pageDir), await readdir(immutableDir)];
  expect(page).toEqual(
    expect.arrayContaining(['clip', 'index.html', 'main.js', 'styles.css', 'timer-worker.js']),
  );
  expect(page).not.toContain('config.json'); // the deployment's
  expect(immutable.length).toBeGreaterThan(1);
  // Whatever the page's script loads is in one of the two, and what was split off from it in the second.
  const main = await readFile(join(pageDir, 'main.js'), 'utf8');
  const loaded = [...main.matchAll(/["']\.\/([\w.-]+\.js)["']/g)].map(([, name]) => name!);
  expect(loaded.length).toBeGreaterThan(1);
  expect([...page, ...immutable]).toEqual(expect.arrayContaining(loaded));
  expect(page.filter((name) => name.endsWith('.js')).toSorted()).toEqual(['main.js', 'timer-worker.js']);
  expect(await readdir(outDir)).toEqual(expect.not.arrayContaining(['older.js']));
});
