import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { json } from 'node:stream/consumers';
import { listen } from '../../local/loopback.ts';

/** The way between one browser and everybody else, as its proxy: what DevTools calls offline leaves open streams open. */
export interface Network {
  /** For the browser's settings. */
  readonly proxyUrl: string;
  /** Nobody is reached any more; open connections break, subscriptions perhaps not: those are silent, and never say so. */
  cut(how: 'breaks' | 'goes silent'): void;
  mend(): void;
  /** Open subscriptions alone: they break, or end in good order, as when Momento moves its load. */
  endStreams(how: 'break' | 'end'): void;
  /** Resolves when the next tokens have been given out. */
  nextTokens(): Promise<void>;
  stop(): Promise<void>;
}

/** Each grant leads to Momento by a name of its own: six connections are all that a browser has for one over HTTP/1. */
const MOMENTO = '.momento.test';

export async function openNetwork({ momentoUrl }: { readonly momentoUrl: string }): Promise<Network> {
  const momento = new URL(momentoUrl);
  const sockets = new Set<Socket>();
  const answers = new Map<ServerResponse, { readonly answer: IncomingMessage; readonly isStream: boolean }>();
  let isCut = false;
  let grants = 0;
  let tokens = Promise.withResolvers<void>();

  const server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? '');
    const { hostname, port } = url.hostname.endsWith(MOMENTO) ? momento : url;
    const headers = { ...incoming.headers, host: `${hostname}:${port}` };
    const passed = ask({ hostname, port, path: url.pathname + url.search, method: incoming.method, headers });
    incoming.pipe(passed);
    outgoing.on('close', () => passed.destroy());
    passed.on('error', () => outgoing.destroy());
    passed.on('response', (answer) => {
      answer.on('error', () => outgoing.destroy());
      const isGrant = url.pathname.endsWith('/token') && incoming.method === 'GET';
      if (isGrant && answer.statusCode === 200) void giveTokens(answer, outgoing);
      else pass(answer, outgoing, url.pathname.endsWith('/Subscribe'));
    });
  });
  server.on('connection', (socket) => {
    if (isCut) socket.destroy();
    else sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const listening = await listen(server);

  return {
    proxyUrl: listening.url,
    cut(how) {
      isCut = true;
      const silent = new Set<Socket>();
      for (const [outgoing, { answer, isStream }] of answers) {
        if (how === 'breaks' || !isStream) continue;
        answer.unpipe(outgoing);
        if (outgoing.socket) silent.add(outgoing.socket);
      }
      for (const socket of sockets) if (!silent.has(socket)) socket.destroy();
    },
    mend() {
      isCut = false;
    },
    endStreams(how) {
      for (const [outgoing, { answer, isStream }] of answers) {
        if (!isStream) continue;
        answer.unpipe(outgoing);
        if (how === 'break') outgoing.destroy();
        else outgoing.end();
      }
    },
    nextTokens: () => tokens.promise,
    stop: () => listening.stop(),
  };

  function pass(answer: IncomingMessage, outgoing: ServerResponse, isStream: boolean): void {
    answers.set(outgoing, { answer, isStream });
    outgoing.on('close', () => answers.delete(outgoing));
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  }

  async function giveTokens(answer: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    try {
      const grant = (await json(answer)) as object;
      const { 'content-length': _, ...headers } = answer.headers;
      outgoing.writeHead(200, headers);
      outgoing.end(JSON.stringify({ ...grant, endpoint: `http://m${++grants}${MOMENTO}:${momento.port}` }));
      tokens.resolve();
      tokens = Promise.withResolvers();
    } catch {
      outgoing.destroy();
    }
  }
}
