import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Dispatch, Incoming } from '../dispatch.ts';
import { statusOf, type Status } from '../status.ts';
import { frame, readBody, trailersOf, unframe } from './frames.ts';

/** Serves one call of native gRPC: an HTTP/2 stream, answered by frames and trailers. */
export async function serveGrpc(
  { dispatch }: { readonly dispatch: Dispatch },
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): Promise<void> {
  const gone = new AbortController();
  const leave = () => gone.abort('the client has gone'); // without a reason it would make an error with a stack
  stream.on('close', leave);
  stream.on('error', leave);

  const start = () => {
    if (stream.headersSent) return;
    stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' }, { waitForTrailers: true });
  };
  const end = (status: Status) => {
    if (stream.destroyed || stream.closed) return;
    start();
    stream.on('wantTrailers', () => stream.sendTrailers(trailersOf(status)));
    stream.end();
  };
  const send = (message: Buffer) => {
    if (stream.destroyed || stream.closed) return;
    start();
    stream.write(frame(message));
  };

  try {
    const message = unframe(await readBody(stream));
    dispatch(
      { ...metadataOf(headers), path: headers[':path'] ?? '', message, gone: gone.signal },
      { send, end },
    );
  } catch (error) {
    end(statusOf(error));
  }
}

/** The metadata that matters here; the SDKs send the same in both flavours of gRPC. */
export function metadataOf(
  headers: IncomingHttpHeaders,
): Pick<Incoming, 'cacheName' | 'token' | 'readConcern' | 'timeout'> {
  const text = (name: string) => {
    const value = headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    cacheName: text('cache'),
    token: text('authorization'),
    readConcern: text('read-concern'),
    timeout: text('grpc-timeout'),
  };
}
