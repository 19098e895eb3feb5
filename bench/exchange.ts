import { request } from 'node:http';

/**
 * One POST over a connection of its own, as a page of the stage's origin makes it. `bytes` are all that came back over
 * HTTP/1.1, headers included.
 */
export function exchange(
  url: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly bytes: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method: 'POST',
      agent: false,
      headers: { 'content-type': 'application/json', origin: 'http://localhost:3000', ...headers },
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        const { bytesRead: bytes } = response.socket;
        resolve({ status: response.statusCode ?? 0, bytes, body: text });
      });
    });
    sent.end(JSON.stringify(body));
  });
}
