import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** A request as Lambda's own endpoint sees it. */
export interface UrlRequest {
  readonly requestId: string;
  readonly receivedAtMs: number;
  readonly method: string;
  /** Percent-encoded, as it was sent. */
  readonly path: string;
  /** Without the question mark. */
  readonly queryString: string;
  /** Names in lower case; several values under one name are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly header: (name: string) => string | undefined;
  readonly sourceIp: string;
  readonly body: Buffer;
}

export function readRequest(message: IncomingMessage, body: Buffer): UrlRequest {
  const requestId = randomUUID();
  const sourceIp = message.socket.remoteAddress ?? '127.0.0.1';
  const [path = '/', ...query] = (message.url ?? '/').split('?');
  const headers: Readonly<Record<string, string>> = {
    ...Object.fromEntries(
      Object.entries(message.headersDistinct).map(([name, values = []]) => [name, values.join(',')]),
    ),
    'x-amzn-trace-id': `Root=1-${requestId.slice(0, 8)}-${requestId.replaceAll('-', '').slice(8)}`,
    'x-forwarded-for': sourceIp,
    'x-forwarded-port': String(message.socket.localPort),
    'x-forwarded-proto': 'http',
  };
  return {
    requestId,
    receivedAtMs: Date.now(),
    method: message.method ?? 'GET',
    path,
    queryString: query.join('?'),
    headers,
    header: (name) => headers[name],
    sourceIp,
    body,
  };
}
