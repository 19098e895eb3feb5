import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** What the service answers to `POST /sessions` or `POST /heartbeats`; undefined cuts the connection. */
type Answer = { readonly status: number; readonly body: object; readonly retryAfter?: string } | undefined;

/** Runs the device against a service that gives these answers, in this order, and then ends every session. */
async function play(answers: Answer[]): Promise<{ printed: string; asked: readonly string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => void reply(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function reply(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const send = (status: number, body: object, headers = {}) =>
      response.writeHead(status, headers).end(JSON.stringify(body));
    if (request.url === '/config.json') return void send(200, { apiUrl: address, cognitoEndpoint: address });
    if (request.url === '/')
      return void send(200, { AuthenticationResult: { IdToken: 'id', ExpiresIn: 60 } });
    const { sessionToken = '' } = JSON.parse(await text(request)) as { sessionToken?: string };
    asked.push(`${request.url} ${sessionToken}`.trim());
    const answer = answers.length > 0 ? answers.shift() : over('terminated');
    if (!answer) return void request.socket.destroy();
    send(
      answer.status,
      answer.body,
      answer.retryAfter === undefined ? {} : { 'Retry-After': answer.retryAfter },
    );
  }

  const device = spawn(
    process.execPath,
    ['examples/http-device/session.ts', `${address}/config.json`, 'harbour'],
    { cwd: repository, env: { ...process.env, REFRESH_TOKEN: 'refresh' }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const [out, complaints] = await Promise.all([text(device.stdout), text(device.stderr)]);
  server.close();
  server.closeAllConnections();
  return { printed: out + complaints, asked };
}

/** A lease that lasts for as long as is said, to be renewed almost at once. */
function lease(sessionToken: string, lastsMs: number): Answer {
  const expiresAt = new Date(Date.now() + lastsMs).toISOString();
  return { status: 201, body: { sessionId: 'one', sessionToken, heartbeatSeconds: 0.01, expiresAt } };
}
const over = (reason: string): Answer => ({ status: 410, body: { reason } });

test('each heartbeat sends the newest token, until the session is ended by another', async () => {
  const { printed, asked } = await play([lease('a', 60_000), lease('b', 60_000)]);
  expect(asked).toEqual(['/sessions', '/heartbeats a', '/heartbeats b']);
  expect(printed).toContain('Stopped: terminated');
});

test('a lease that merely ran out is started again', async () => {
  const { asked } = await play([lease('a', 60_000), over('expired'), lease('b', 60_000)]);
  expect(asked).toEqual(['/sessions', '/heartbeats a', '/sessions', '/heartbeats b']);
});

test('what is asked too often is asked again, after the time that the service says', async () => {
  const busy: Answer = { status: 503, body: {}, retryAfter: '0.01' };
  const { asked } = await play([busy, lease('a', 60_000), busy]);
  expect(asked).toEqual(['/sessions', '/sessions', '/heartbeats a', '/heartbeats a']);
});

test('plays on while the service cannot be reached, and pauses when its lease has ended', async () => {
  const within = await play([lease('a', 60_000), undefined]);
  expect(within.printed).toContain('fetch failed: playing on');
  const beyond = await play([lease('a', -60_000), undefined]);
  expect(beyond.printed).toContain('fetch failed: paused');
});
