import { Agent, request } from 'node:http';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Ask } from './asks.ts';

/** A request that is not answered by then hangs: on the busiest machine an answer takes less. */
const HANGS_MS = 25_000;

export interface Told {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** One connection after another is as good as many: nothing here is sent at once. */
export const connections = new Agent({ keepAlive: true, maxSockets: 4 });

/** Sends it as it is: `fetch` would mend the path, and refuse some of the headers. @throws Error when nothing answers. */
export async function send(ask: Ask): Promise<Told> {
  const [, host = '', port = '', path = '/'] = /^http:\/\/([^/:]+):(\d+)(.*)$/s.exec(ask.url) ?? [];
  const signal = AbortSignal.timeout(HANGS_MS);
  const { method, headers, body } = ask;
  const sent = request({ host, port, path: path || '/', method, agent: connections, signal, setHost: false });
  for (const [name, value] of headers) sent.setHeader(name, value);
  if (body) sent.setHeader('content-length', body.length);
  sent.end(body);
  let response: IncomingMessage;
  try {
    [response] = (await once(sent, 'response', { signal })) as [IncomingMessage];
  } catch (error) {
    // After a pause the server may close a connection just as it is used again: a new one will tell.
    if (sent.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET') return send(ask);
    throw error;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return { status: response.statusCode!, headers: response.headers, text: Buffer.concat(chunks).toString() };
}

/** As `curl` would be told it, for whoever has to send it again. */
export function spelled({ url, method, headers, body }: Ask): string {
  const shown =
    body &&
    (body.length > 3000
      ? `${body.length} bytes, ${body.subarray(0, 500).toString('latin1')}…`
      : body.toString());
  return [`${method} ${url}`, ...headers.map(([name, value]) => `${name}: ${value}`), '', shown ?? ''].join(
    '\n',
  );
}
