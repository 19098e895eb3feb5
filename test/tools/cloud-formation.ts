import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, vi } from 'vitest';

export interface CloudFormationStandIn {
  /** What the next questions are answered with. */
  answers(one: Answer): void;
  /** What was asked for, as forms, since the last answer was set. */
  readonly asked: readonly Readonly<Record<string, string>>[];
}

export type Answer =
  | { readonly status: string; readonly outputs?: Readonly<Record<string, string>> }
  | { readonly error: string; readonly message: string; readonly httpStatus: number };

/** CloudFormation for the tests of a file, as far as stacks are described; found as AWS is: by the environment. */
export function cloudFormation(): CloudFormationStandIn {
  let server: Server;
  let next: Answer;
  let asked: Readonly<Record<string, string>>[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    vi.stubEnv('AWS_REGION', 'eu-west-1');
    const { port } = server.address() as AddressInfo;
    vi.stubEnv('AWS_ENDPOINT_URL_CLOUDFORMATION', `http://127.0.0.1:${port}`);
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    server?.close();
    server?.closeAllConnections();
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = Object.fromEntries(new URLSearchParams(await text(request)));
    asked.push(form);
    response.writeHead('error' in next ? next.httpStatus : 200, { 'content-type': 'text/xml' });
    response.end(xmlOf(next, form['StackName'] ?? ''));
  }
  return {
    answers(one) {
      next = one;
      asked = [];
    },
    get asked() {
      return asked;
    },
  };
}

function xmlOf(answer: Answer, stackName: string): string {
  if ('error' in answer) {
    const { error, message } = answer;
    const type = answer.httpStatus < 500 ? 'Sender' : 'Receiver';
    return `<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>${type}</Type><Code>${error}</Code><Message>${message}</Message></Error><RequestId>r</RequestId></ErrorResponse>`;
  }
  const outputs = Object.entries(answer.outputs ?? {}).map(
    ([name, value]) => `<member><OutputKey>${name}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  return `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member><StackName>${stackName}</StackName><CreationTime>2026-11-22T10:00:00.000Z</CreationTime><StackStatus>${answer.status}</StackStatus><Outputs>${outputs.join('')}</Outputs></member></Stacks></DescribeStacksResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></DescribeStacksResponse>`;
}
