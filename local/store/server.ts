import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { listen, type Listening, readBody } from '../loopback.ts';

interface StoreSettings {
  readonly port?: number | undefined;
  /** Where the deliveries go: the API with its stage, without a slash at the end. */
  readonly apiUrl: string;
  /** The secret deliveries are signed with, `whsec_…`, read anew for each so that a rotation is followed. */
  readonly secret: () => string;
}

const faults = ['unsigned', 'forged', 'stale'] as const;
type Fault = (typeof faults)[number];

/** Twice what the receiver accepts. */
const staleMs = 10 * 60_000;

/** More than the API takes, so that its own limit can be tried. */
const bodyLimitBytes = 1024 * 1024;

/**
 * Stands in for the payment side. `POST /events` takes a checkout event, signs its bytes as they came by Standard
 * Webhooks, delivers it to `POST {apiUrl}/checkout-events` and answers what that route answered. The header
 * `x-store-fault` spoils the signature. Any page may call it: it is a demonstration's shop.
 */
export async function startStore(settings: StoreSettings): Promise<Listening> {
  const server = createServer((request, response) => {
    answer(settings, request, response).catch((error: unknown) =>
      response.writeHead(502, cors).end(`The delivery failed: ${String(error)}`),
    );
  });
  return listen(server, settings.port);
}

const cors = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'content-type, x-store-fault',
  'access-control-allow-methods': 'POST, OPTIONS',
};

async function answer(
  { apiUrl, secret }: StoreSettings,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method === 'OPTIONS') return void response.writeHead(204, cors).end();
  if (request.method !== 'POST' || request.url !== '/events') {
    return void response.writeHead(404, cors).end('The store takes POST /events');
  }
  const fault = readFault(request.headers['x-store-fault']);
  if (fault === 'unknown') {
    return void response.writeHead(400, cors).end(`x-store-fault is one of ${faults.join(', ')}`);
  }
  const body = await readBody(request, bodyLimitBytes);
  if (body === undefined) return void response.writeHead(413, cors).end('The event is too large');

  const delivered = await fetch(`${apiUrl}/checkout-events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...signature(body, secret(), fault) },
    body: new Uint8Array(body),
  });
  const headers = ['content-type', 'retry-after'].flatMap((name) => {
    const value = delivered.headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  response
    .writeHead(delivered.status, { ...cors, ...Object.fromEntries(headers) })
    .end(Buffer.from(await delivered.arrayBuffer()));
}

function readFault(header: string | string[] | undefined): Fault | 'unknown' | undefined {
  return header === undefined ? undefined : (faults.find((fault) => fault === header) ?? 'unknown');
}

function signature(body: Buffer, secret: string, fault: Fault | undefined): Readonly<Record<string, string>> {
  if (fault === 'unsigned') return {};
  const id = `msg_${randomUUID()}`;
  const at = new Date(Date.now() - (fault === 'stale' ? staleMs : 0));
  const key = fault === 'forged' ? `whsec_${randomBytes(32).toString('base64')}` : secret;
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(key).sign(id, at, body),
  };
}
