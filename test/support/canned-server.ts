import { createServer } from 'node:http';
import { onTestFinished } from 'vitest';
import { listen } from '../../local/loopback.ts';

/** An AWS service that answers every call alike, or (`undefined`) leaves every call without an answer. */
export async function cannedServer(
  answer: { readonly status: number; readonly body: object } | undefined,
): Promise<{ readonly url: string; readonly calls: () => number }> {
  let calls = 0;
  const server = await listen(
    createServer((request, response) => {
      calls += 1;
      request.resume();
      if (!answer) return;
      response.writeHead(answer.status, { 'Content-Type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify(answer.body));
    }),
  );
  onTestFinished(() => server.stop());
  return { url: server.url, calls: () => calls };
}

/** An address on loopback at which nothing listens: it was free a moment ago. */
export async function deserted(): Promise<string> {
  const server = await listen(createServer());
  await server.stop();
  return server.url;
}
