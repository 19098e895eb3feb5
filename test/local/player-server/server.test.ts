import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { Listening } from '../../../local/loopback.ts';
import { startPlayerServer } from '../../../local/player-server/server.ts';

const config = { apiUrl: 'http://127.0.0.1:1/dev' };
let server: Listening;
afterEach(() => server.stop());

async function serve(files?: Readonly<Record<string, string>>): Promise<void> {
  const parent = mkdtempSync(path.join(tmpdir(), 'usher-player-'));
  const directory = path.join(parent, 'player');
  mkdirSync(directory);
  writeFileSync(path.join(parent, 'secret.txt'), 'secret');
  for (const [name, content] of Object.entries(files ?? {}))
    writeFileSync(path.join(directory, name), content);
  server = await startPlayerServer({ config, directory: files && directory });
}

/** As it stands: `fetch` would tidy the path up. */
function status(rawPath: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(server.url, { path: rawPath }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end();
  });
}

test('serves the built player and what it needs to find its way', async () => {
  await serve({ 'index.html': '<h1>usher</h1>', 'app.js': 'x' });
  const page = await fetch(`${server.url}/`);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(await page.text()).toBe('<h1>usher</h1>');
  expect((await fetch(`${server.url}/app.js`)).headers.get('content-type')).toBe(
    'text/javascript; charset=utf-8',
  );
  expect(await (await fetch(`${server.url}/config.json`)).json()).toEqual(config);
});

test('says that the player is not built where it is not', async () => {
  await serve();
  expect(await (await fetch(`${server.url}/`)).text()).toContain('not built');
  expect((await fetch(`${server.url}/config.json`)).status).toBe(200);
});

test.each(['/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/%', '/missing.js'])(
  'has nothing at %s',
  async (rawPath) => {
    await serve({ 'index.html': '' });
    expect(await status(rawPath)).toBe(404);
  },
);

test('only reads', async () => {
  await serve({ 'index.html': '' });
  expect((await fetch(`${server.url}/`, { method: 'POST' })).status).toBe(405);
});
