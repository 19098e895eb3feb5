import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen, type Listening, readBody } from '../loopback.ts';
import { type Answer, answerLimitBytes, readAnswer, type Request } from './answer.ts';

export interface ResponseUrl extends Listening {
  /** Resolves with the one answer; rejects for one that CloudFormation would not take. */
  readonly answered: Promise<Answer>;
}

/**
 * A place to put one answer, like the presigned S3 URL that CloudFormation hands out: only PUT, only at that very
 * address, and without a content type, which S3's signature would have to cover.
 */
export async function openResponseUrl(request: Request): Promise<ResponseUrl> {
  const path = `/${randomBytes(16).toString('hex')}`;
  const { promise: answered, resolve, reject } = Promise.withResolvers<Answer>();
  answered.catch(() => {}); // whoever waits for it may have given up

  const server = createServer((incoming, response) => {
    void take(incoming, response).catch(reject);
  });

  async function take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(incoming, answerLimitBytes);
    const { method, url, headers } = incoming;
    if (method !== 'PUT' || url !== path || headers['content-type']) {
      return void response.writeHead(403).end();
    }
    response.writeHead(200).end();
    if (body === undefined) throw new Error(`the answer takes more than ${answerLimitBytes} bytes`);
    resolve(readAnswer(body.toString(), request));
  }

  const listening = await listen(server);
  return { ...listening, url: listening.url + path, answered };
}
