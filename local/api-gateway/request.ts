import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** A request as API Gateway sees it, CloudFront's headers included. */
export interface GatewayRequest {
  readonly requestId: string;
  readonly receivedAtMs: number;
  readonly method: string;
  /** Path and query as they stand in the request line. */
  readonly target: string;
  /** Below the stage, percent-encoded as it was sent: `/sessions/s1`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** In the order and with the spelling they arrived in. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The last value under a name, whatever its spelling. */
  readonly header: (name: string) => string | undefined;
  readonly sourceIp: string;
  readonly body: Buffer;
}

/** The country CloudFront would see: in AWS a client cannot choose it, here a request's own header may. */
const countryHeader = 'CloudFront-Viewer-Country';
const defaultCountry = 'JP';

export function readRequest(
  message: IncomingMessage,
  {
    path,
    query,
    body,
    edge,
  }: {
    readonly path: string;
    readonly query: URLSearchParams;
    readonly body: Buffer;
    /** Whether the API is edge-optimised, and so behind CloudFront. */
    readonly edge: boolean;
  },
): GatewayRequest {
  const sourceIp = message.socket.remoteAddress ?? '127.0.0.1';
  const requestId = randomUUID();
  const own = pairs(message.rawHeaders);
  const country = valueIn(own, countryHeader) ?? defaultCountry;
  const added: [string, string][] = [
    ['X-Amzn-Trace-Id', `Root=1-${requestId.slice(0, 8)}-${requestId.replaceAll('-', '').slice(8)}`],
    ['X-Forwarded-For', sourceIp],
    ['X-Forwarded-Port', String(message.socket.localPort)],
    ['X-Forwarded-Proto', 'http'],
    ...(edge ? [[countryHeader, country] as [string, string]] : []),
    ...(edge ? [['CloudFront-Forwarded-Proto', 'http'] as [string, string]] : []),
  ];
  const replaced = new Set(added.map(([name]) => name.toLowerCase()));
  const headers = [...own.filter(([name]) => !replaced.has(name.toLowerCase())), ...added];
  return {
    requestId,
    receivedAtMs: Date.now(),
    method: message.method ?? 'GET',
    target: message.url ?? '/',
    path,
    query,
    headers,
    header: (name) => valueIn(headers, name),
    sourceIp,
    body,
  };
}

function pairs(rawHeaders: readonly string[]): readonly [string, string][] {
  return rawHeaders.flatMap((name, index): [string, string][] =>
    index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? '']] : [],
  );
}

function valueIn(headers: readonly (readonly [string, string])[], wanted: string): string | undefined {
  return headers.findLast(([name]) => name.toLowerCase() === wanted.toLowerCase())?.[1];
}
