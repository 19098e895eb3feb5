import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runNode } from '../../local/command.ts';
import { createLifetime } from '../../local/lifetime.ts';
import { lockData } from '../../local/lock.ts';
import { portsFrom, requireFree } from '../../local/ports.ts';

const temporary = () => mkdtempSync(path.join(tmpdir(), 'usher-start-'));

test('counts the ports from PORT', () => {
  expect(portsFrom(undefined)).toEqual({
    player: 3000,
    api: 3001,
    momento: 3002,
    store: 3003,
    cognito: 3004,
    functionUrl: 3005,
  });
  expect(portsFrom('4000')).toMatchObject({ player: 4000, cognito: 4004 });
});

test.each(['eighty', '80', '65531', '3.5'])('refuses PORT=%s, saying what to give', (text) => {
  expect(() => portsFrom(text)).toThrow('PORT=4000 npm start');
});

test('names the port that is taken, and how to move it', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  await expect(requireFree({ api: port })).rejects.toThrow(
    `Port ${port} (api) is taken. Move all of them, for example: PORT=4000 npm start`,
  );
  other.close();
  await once(other, 'close');
  await requireFree({ api: port });
});

test('does not share its data with another process that runs', () => {
  const directory = temporary();
  writeFileSync(path.join(directory, 'lock'), String(process.ppid));
  expect(() => lockData(directory)).toThrow(`as process ${process.ppid}`);
});

test('takes over the lock of a process that is gone, and gives its own back', () => {
  const directory = path.join(temporary(), 'new');
  lockData(directory);
  const file = path.join(directory, 'lock');
  writeFileSync(file, '4194999'); // beyond Linux's and macOS's highest process id
  const release = lockData(directory);
  expect(readFileSync(file, 'utf8')).toBe(String(process.pid));
  release();
  expect(() => readFileSync(file)).toThrow('ENOENT');
});

test('stops in reverse, all of it, and then tells the first failure', async () => {
  const stopped: string[] = [];
  const lifetime = createLifetime();
  lifetime.stopWith(() => void stopped.push('first'));
  lifetime.stopWith(() => Promise.reject(new Error('stuck')));
  lifetime.stopWith(async () => void stopped.push('last'));
  await expect(lifetime.stop()).rejects.toThrow('stuck');
  expect(stopped).toEqual(['last', 'first']);
  await lifetime.stop();
  expect(stopped).toHaveLength(2);
});

test('shows what a command wrote only when it fails', async () => {
  const failing = runNode(['-e', 'console.log("why"); process.exit(2)'], { cwd: temporary() });
  await expect(failing.done).rejects.toThrow(/code 2:\nwhy/);
  await runNode(['-e', ''], { cwd: temporary() }).done;
});

test('stops a command together with what it started', async () => {
  // The grandchild holds the command's output open: `done` settles only when that one is gone too.
  const script = `
    require('node:child_process').spawn(
      process.execPath,
      ['-e', 'require("node:fs").writeFileSync("there", ""); setInterval(() => {}, 1000)'],
      { stdio: 'inherit' },
    );`;
  const cwd = temporary();
  const command = runNode(['-e', script], { cwd });
  await expect.poll(() => existsSync(path.join(cwd, 'there')), { timeout: 10_000 }).toBe(true);
  command.stop();
  await expect(command.done).rejects.toThrow('SIGTERM');
});
