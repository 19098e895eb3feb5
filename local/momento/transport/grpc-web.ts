import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dispatch } from '../dispatch.ts';
import { statusOf, type Status } from '../status.ts';
import { corsHeaders } from './cors.ts';
import { frame, readBody, trailerFrame, unframe } from './frames.ts';
import { metadataOf } from './grpc.ts';

export const isGrpcWeb = (request: IncomingMessage) =>
  request.headers['content-type']?.startsWith('application/grpc-web') ?? false;

/** Serves one call of gRPC-Web over HTTP/1.1, in its binary form or as base64 text, which browsers' SDKs speak. */
export async function serveGrpcWeb(
  { dispatch }: { readonly dispatch: Dispatch },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asText = request.headers['content-type']?.startsWith('application/grpc-web-text') ?? false;
  const gone = new AbortController();
  response.on('close', () => gone.abort());

  const start = () => {
    if (response.headersSent) return;
    response.writeHead(200, {
      ...corsHeaders,
      'content-type': asText ? 'application/grpc-web-text+proto' : 'application/grpc-web+proto',
      'cache-control': 'no-cache',
    });
  };
  // Each frame is encoded by itself, so that a browser can decode a stream as far as it has come.
  const write = (bytes: Buffer) => {
    start();
    response.write(asText ? bytes.toString('base64') : bytes);
  };
  const send = (message: Buffer) => write(frame(message));
  const end = (status: Status) => {
    if (response.destroyed || response.writableEnded) return;
    write(trailerFrame(status));
    response.end();
  };

  try {
    const body = await readBody(request);
    const message = unframe(asText ? decodeText(body) : body);
    const [path = ''] = (request.url ?? '').split('?');
    dispatch({ ...metadataOf(request.headers), path, message, gone: gone.signal }, { send, end });
  } catch (error) {
    end(statusOf(error));
  }
}

/** The text may be several base64 pieces, each padded by itself. */
function decodeText(body: Buffer): Buffer {
  const pieces = body.toString('latin1').match(/[^=]+={0,2}/g) ?? [];
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64')));
}
