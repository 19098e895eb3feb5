import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sessionTokens } from '../../shared/session-tokens/session-tokens.ts';
import { fakeSecrets } from '../support/secrets.ts';
import { session } from '../support/sessions.ts';

/* What README.md tells a newcomer to type, typed. */

const sourceOf = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
const readme = await sourceOf('README.md');
const commands = [...readme.matchAll(/^```sh\n(?<command>[\s\S]*?)\n```$/gm)].map(
  ({ groups }) => groups!['command']!,
);
const commandWith = (text: string) => commands.find((command) => command.includes(text))!;

let dataDir: string;
let port: number;
let started: ChildProcess;
let output = '';

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'usher-readme-'));
  port = await sixFreePorts();
  const [, start = ''] = commandWith('npm start').split(' && ');
  // A process group of its own, as a terminal makes one: Ctrl-C reaches all of it.
  started = spawn('bash', ['-c', start], {
    detached: true,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [started.stdout, started.stderr]) {
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  await new Promise<void>((resolve, reject) => {
    started.stdout?.on('data', () => output.includes('Ready after') && resolve());
    started.on('exit', () => reject(new Error(`npm start ended:\n${output}`)));
  });
});
afterAll(async () => {
  if (started?.pid !== undefined && !groupIsGone(started.pid)) process.kill(-started.pid, 'SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

function environment() {
  return { ...process.env, PORT: String(port), USHER_DATA: dataDir };
}

/** Runs a command of the README on the ports of this test. */
async function run(command: string): Promise<unknown> {
  const here = command.replaceAll(
    /127\.0\.0\.1:300(\d)/g,
    (_, offset: string) => `127.0.0.1:${port + Number(offset)}`,
  );
  const { stdout } = await promisify(execFile)('bash', ['-euc', here], { env: environment() });
  return JSON.parse(stdout) as unknown;
}

describe('the README', () => {
  test('starts everything and prints where the player is', async () => {
    expect(output).toContain(`http://localhost:${port}`);
    const page = await fetch(`http://localhost:${port}/`);
    expect([page.status, page.headers.get('content-type')]).toEqual([
      200,
      expect.stringContaining('text/html'),
    ]);
    expect(await (await fetch(`http://localhost:${port}/config.json`)).json()).toEqual({
      apiUrl: `http://127.0.0.1:${port + 1}/local`,
      region: expect.any(String),
      userPoolId: expect.any(String),
      userPoolClientId: expect.any(String),
      cognitoEndpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      momentoEndpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      storeUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      demoUser: { username: expect.any(String), password: expect.any(String) },
    });
  });

  test('shows the catalogue, sells, and refuses what is forged', async () => {
    expect(await run(commandWith('/catalog'))).toMatchObject({ products: expect.any(Array) });
    expect(await run(commandWith('"premium"'))).toEqual({});
    expect(await run(commandWith('x-store-fault'))).toMatchObject({
      type: 'urn:usher:problem:bad-signature',
    });
  });

  test('names the parameters that the template reads, and settings that it knows', async () => {
    const settingsFiles = [
      'lib/stage.ts',
      'lib/stripe-settings.ts',
      'lib/operations/operations-settings.ts',
      'lib/player/player-settings.ts',
    ];
    const stage = (await Promise.all(settingsFiles.map(sourceOf))).join();
    const parameters = await sourceOf('lib/parameters.ts');
    const stripe = await sourceOf('docs/stripe.md'); // its secret is known after the first deployment alone
    const created = [...`${readme}${stripe}`.matchAll(/--name \/usher\/(?:dev|\{stage\})\/([\w-]+)/g)].map(
      ([, name]) => name,
    );
    const read = [...parameters.matchAll(/\| '([\w-]+)'/g)].map(([, name]) => name);
    expect(new Set(created)).toEqual(new Set(read));
    const operator = await sourceOf('docs/concurrency.md');
    const settings = [
      ...readme.matchAll(/-c (\w+)=/g),
      ...operator.matchAll(/(?:-c |^\| .* \| `)(\w+)[`=]/gm),
    ];
    expect(settings.length).toBeGreaterThan(8);
    for (const [, setting] of settings) expect(stage).toContain(`'${setting}'`);
  });

  test('makes session keys that sign', async () => {
    const [, make] = /--value "\$\((node -p "[\s\S]*?")\)"/.exec(commandWith('session-keys'))!;
    const { stdout } = await promisify(execFile)('bash', ['-euc', make!]);
    const tokens = sessionTokens({ secrets: fakeSecrets({ keys: stdout }), stageName: 'dev' });
    const grant = {
      accountId: 'ada',
      session: session(),
      slot: 1,
      expiresAtMs: 1000,
      recheckAtMs: 1000,
      degradedUntilMs: null,
    };
    expect(await tokens.verify(await tokens.sign(grant))).toEqual(grant);
  });

  test('links to what is there', async () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, link]) => link!);
    const missing = [];
    for (const link of links) {
      const [folder, name] = link.includes('/')
        ? [link.slice(0, link.lastIndexOf('/')), link.split('/').at(-1)!]
        : ['.', link];
      if (!(await readdir(new URL(`../../${folder}`, import.meta.url))).includes(name)) missing.push(link);
    }
    expect(missing).toEqual([]);
  });

  test('stops everything at Ctrl-C and leaves no process behind', async () => {
    const { pid } = started;
    process.kill(-pid!, 'SIGINT');
    await once(started, 'exit');
    await expect.poll(() => groupIsGone(pid!)).toBe(true);
    await expect(fetch(`http://127.0.0.1:${port + 1}/local/catalog`)).rejects.toThrow('fetch failed');
  });
});

function groupIsGone(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return false;
  } catch {
    return true;
  }
}

async function sixFreePorts(): Promise<number> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 20_000);
    const servers = Array.from({ length: 6 }, (_, offset) =>
      createServer().listen(first + offset, '127.0.0.1'),
    );
    const free = await Promise.all(
      servers.map((server) =>
        once(server, 'listening').then(
          () => true,
          () => false,
        ),
      ),
    );
    for (const server of servers) server.close();
    if (free.every(Boolean)) return first;
  }
}
