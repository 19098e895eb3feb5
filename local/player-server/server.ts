import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { listen, type Listening } from '../loopback.ts';

interface PlayerServerSettings {
  readonly port?: number | undefined;
  /** Directory of the built player; without it a page says that there is none. */
  readonly directory?: string | undefined;
  /** What `/config.json` says: how a client finds its way. */
  readonly config: object;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.m4s': 'video/iso.segment',
  '.map': 'application/json',
  '.mp4': 'video/mp4',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.ts': 'video/mp2t',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};

const notBuilt =
  '<!doctype html><title>usher</title><p>The player is not built. <a href="/config.json">config.json</a></p>';

/** The player's origin: its files as they were built, and `/config.json`. Nothing is cached, since builds change. */
export async function startPlayerServer({
  port,
  directory,
  config,
}: PlayerServerSettings): Promise<Listening> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const reply = (status: number, type: string, body: string | Buffer) =>
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
    if (request.method !== 'GET' && request.method !== 'HEAD') return reply(405, 'text/plain', 'GET only');
    if (pathname === '/config.json') return reply(200, 'application/json', JSON.stringify(config));
    if (directory === undefined) return reply(200, 'text/html; charset=utf-8', notBuilt);

    const file = fileFor(directory, pathname);
    if (file === undefined) return reply(404, 'text/plain', 'Not found');
    return void readFile(file)
      .then((content) => reply(200, contentTypes[path.extname(file)] ?? 'application/octet-stream', content))
      .catch(() => reply(404, 'text/plain', 'Not found'));
  });
  return listen(server, port);
}

/** Undefined for a path that leads out of the directory. */
function fileFor(directory: string, pathname: string): string | undefined {
  const inside = decodePath(pathname.endsWith('/') ? `${pathname}index.html` : pathname);
  const file = path.join(directory, inside ?? '..');
  return file.startsWith(path.resolve(directory) + path.sep) ? file : undefined;
}

function decodePath(pathname: string): string | undefined {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
}
