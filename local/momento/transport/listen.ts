import { once } from 'node:events';
import { createServer as createHttp1, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import { createServer as createTcp, type Socket } from 'node:net';
import type { Dispatch } from '../dispatch.ts';
import { answerPreflight } from './cors.ts';
import { serveGrpc } from './grpc.ts';
import { isGrpcWeb, serveGrpcWeb } from './grpc-web.ts';
import { serveHttpApi } from './http-api.ts';

/** A port that is open. */
export interface Listener {
  readonly port: number;
  /** Cuts every connection and refuses new ones, until `unblock`. */
  block(): void;
  unblock(): void;
  close(): Promise<void>;
}

// Every HTTP/2 connection begins with "PRI * HTTP/2.0"; no HTTP/1.1 method does.
const HTTP2_PREFACE = 'PRI';

// Node's default of 10 MB would break off a connection that carries two of the largest items at once.
const SESSION_MEMORY_MB = 256;

/**
 * Opens one loopback port for all of Momento's protocols: gRPC over cleartext HTTP/2, and over HTTP/1.1 gRPC-Web and
 * the HTTP API. The first bytes of a connection tell which it is.
 *
 * @param port 0 = any free one
 */
export async function listen({ dispatch }: { readonly dispatch: Dispatch }, port: number): Promise<Listener> {
  const http1 = createHttp1((request, response) => void serveHttp1({ dispatch }, request, response));
  const http2 = createHttp2({ maxSessionMemory: SESSION_MEMORY_MB });
  http2.on('stream', (stream, headers) => void serveGrpc({ dispatch }, stream, headers));
  http2.on('sessionError', () => undefined); // a cut connection is no news: the streams notice by themselves

  const sockets = new Set<Socket>();
  let blocked = false;
  const tcp = createTcp((socket) => {
    if (blocked) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.once('readable', () => {
      const head: unknown = socket.read();
      if (!Buffer.isBuffer(head)) {
        socket.destroy();
        return;
      }
      socket.unshift(head);
      const isHttp2 = head.subarray(0, HTTP2_PREFACE.length).toString('latin1') === HTTP2_PREFACE;
      (isHttp2 ? http2 : http1).emit('connection', socket);
    });
  });

  tcp.listen(port, '127.0.0.1');
  await once(tcp, 'listening');
  const address = tcp.address();
  if (address === null || typeof address === 'string') throw new Error('The Momento stand-in has no port');

  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: address.port,
    block() {
      blocked = true;
      cut();
    },
    unblock() {
      blocked = false;
    },
    async close() {
      const closed = once(tcp, 'close');
      tcp.close();
      cut();
      await closed;
    },
  };
}

async function serveHttp1(
  services: { readonly dispatch: Dispatch },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (answerPreflight(request, response)) return;
  await (isGrpcWeb(request)
    ? serveGrpcWeb(services, request, response)
    : serveHttpApi(services, request, response));
}
