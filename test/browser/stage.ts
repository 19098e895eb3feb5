import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildPlayer } from '../../player/build.ts';
import { smallClip } from './small-clip.ts';
import catalog from '../../catalog.json' with { type: 'json' };

/** What a path of the API answers; `undefined` = 503. */
export type Answers = Record<string, unknown>;

export interface Stage {
  readonly url: string;
  /** May be changed while it runs. */
  readonly answers: Answers;
  stop(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html',
  js: 'text/javascript',
  css: 'text/css',
  m3u8: 'application/vnd.apple.mpegurl',
  m4s: 'video/iso.segment',
  mp4: 'video/mp4',
};

/**
 * Serves the page as a deployed stage would, with no stand-in named in its configuration, and an API that knows the
 * catalogue and answers everything else with 503: enough to look at the page, and at what it does in an outage.
 */
export async function serveStage(): Promise<Stage> {
  const files = new Map([...(await buildPlayer()), ...(await smallClip())]);
  const answers: Answers = { '/api/catalog': catalog };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const path = pathname === '/' ? '/index.html' : pathname;
    const file = files.get(path);
    if (file) {
      response.writeHead(200, { 'Content-Type': TYPES[path.split('.').at(-1)!] }).end(file);
    } else if (answers[path] === undefined) {
      const problem = { type: 'urn:usher:problem:unavailable', title: 'Not available', status: 503 };
      response.writeHead(503, { 'Content-Type': 'application/problem+json', 'Retry-After': '1' });
      response.end(JSON.stringify(problem));
    } else {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answers[path]));
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  answers['/config.json'] = {
    apiUrl: `${url}/api`,
    region: 'eu-west-1',
    userPoolId: 'eu-west-1_stage',
    userPoolClientId: 'web',
  };
  return {
    url,
    answers,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
