import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { request as httpRequest } from 'node:http';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createIamAuthorizer, type Caller } from '../../../local/api-gateway/iam-authorizer.ts';
import { misstated, type Credential } from '../../../local/api-gateway/signature-v4.ts';
import { type RestApiServer, startRestApiServer } from '../../../local/api-gateway/server.ts';
import { signedFetch } from '../../../tools/signed-request.ts';
import { fakeFunction } from '../fixtures/fake-function.ts';

const REGION = 'eu-west-1';
const ACCOUNT = '000000001234';
const methods = (pattern: string) => `arn:aws:execute-api:${REGION}:${ACCOUNT}:api/dev/${pattern}`;
const caller = (accessKeyId: string, allowed: string, changes: Partial<Caller> = {}): Caller => ({
  accessKeyId,
  secretAccessKey: `secret of ${accessKeyId}`,
  arn: `arn:aws:iam::${ACCOUNT}:user/${accessKeyId}`,
  statements: [{ Effect: 'Allow', Action: 'execute-api:Invoke', Resource: methods(allowed) }],
  ...changes,
});
const READER = caller('reader', 'GET/accounts/*');
const ADMIN = caller('admin', '*');
const VISITOR = caller('visitor', '*', { sessionToken: 'a token' });

let server: RestApiServer;
const target = fakeFunction('support', () => ({ statusCode: 200, body: '{}' }));
beforeAll(async () => {
  server = await startRestApiServer({ log: () => {} });
  const callers = [READER, ADMIN, VISITOR];
  const iam = createIamAuthorizer({ region: REGION, accountId: ACCOUNT, callers, now: () => Date.now() });
  const route = (method: string) => ({
    method,
    resourcePath: '/accounts/{id}',
    resourceId: 'id',
    throttle: undefined,
    authorizer: undefined,
    iam,
    integration: { kind: 'lambda' as const, target, timeoutMs: 29_000 },
  });
  server.serve({
    id: 'api',
    stageName: 'dev',
    stageVariables: undefined,
    binaryMediaTypes: [],
    edge: true,
    throttle: undefined,
    gatewayResponses: new Map(),
    routes: [route('GET'), route('PUT')],
  });
});
afterAll(() => server.stop());

interface Call {
  readonly method?: string;
  readonly path?: string;
  readonly query?: Record<string, string>;
  readonly body?: string;
  readonly as?: Pick<Caller, 'accessKeyId' | 'secretAccessKey' | 'sessionToken'>;
  readonly region?: string;
  readonly service?: string;
  readonly at?: Date;
  readonly unsigned?: readonly string[];
}

/** Signed by AWS's own signer. */
async function signed(call: Call = {}) {
  const { method = 'GET', path = '/dev/accounts/ada', query = {}, body, as = ADMIN } = call;
  const { hostname, port } = new URL(server.url);
  const signer = new SignatureV4({
    credentials: as as { accessKeyId: string; secretAccessKey: string },
    region: call.region ?? REGION,
    service: call.service ?? 'execute-api',
    sha256: Sha256,
  });
  const headers: Record<string, string> = { host: `${hostname}:${port}`, 'x-twice': '  a   b ' };
  return signer.sign(
    { method, protocol: 'http:', hostname, port: Number(port), path, query, headers, body },
    { signingDate: call.at ?? new Date(), unsignableHeaders: new Set(call.unsigned) },
  );
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly query?: Record<string, unknown>;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

/** As it stands: fetch would set headers of its own. */
function send({ method, path, query = {}, headers, body }: Sent) {
  const search = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  const url = `${server.url}${path}${search.length > 0 ? `?${search.join('&')}` : ''}`;
  return new Promise<{ status: number | undefined; type: unknown; message: string }>((resolve, reject) => {
    const sending = httpRequest(url, { method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => {
        const { message = '' } = JSON.parse(text) as { message?: string };
        resolve({ status: response.statusCode, type: response.headers['x-amzn-errortype'], message });
      });
    });
    sending.on('error', reject).end(body);
  });
}

const sentBy = async (call?: Call) => send(await signed(call));

describe('a signed request', () => {
  test('is let in, and its function knows by whom it was sent', async () => {
    expect(await sentBy()).toMatchObject({ status: 200 });
    const { requestContext } = target.events.at(-1) as APIGatewayProxyEvent;
    expect(requestContext.identity).toMatchObject({
      userArn: ADMIN.arn,
      caller: 'admin',
      accessKey: 'admin',
    });
  });

  test.each<[string, Call]>([
    ['a body', { method: 'PUT', body: '{"reason":"späße"}' }],
    ['a query in any order, and with what has to be encoded', { query: { b: "it's (1)*", a: 'x y/z&=+' } }],
    ['a path that is encoded', { path: '/dev/accounts/a%20b' }],
    ['a session token', { as: VISITOR }],
    ['a clock that is four minutes off', { at: new Date(Date.now() - 4 * 60_000) }],
  ])('may have %s', async (_, call) => {
    expect(await sentBy(call)).toMatchObject({ status: 200 });
  });
});

const UNKNOWN = 'The security token included in the request is invalid.';

test('the command’s own requests are read as they were signed, whatever is in their query', async () => {
  const reason = "it's (1)* + 50 % späße?~&=";
  const url = new URL(`${server.url}/dev/accounts/ada?x=1`);
  url.searchParams.set('reason', reason);
  const answer = await signedFetch({ region: REGION, credentials: ADMIN }, { method: 'GET', url });
  expect(answer.status).toBe(200);
  const { queryStringParameters } = target.events.at(-1) as APIGatewayProxyEvent;
  expect(queryStringParameters).toEqual({ x: '1', reason });
});

describe('is refused:', () => {
  test('a request without a signature', async () => {
    expect(await send({ method: 'GET', path: '/dev/accounts/ada', headers: {} })).toEqual({
      status: 403,
      type: 'MissingAuthenticationTokenException',
      message: 'Missing Authentication Token',
    });
  });

  test('a viewer’s token', async () => {
    const headers = { authorization: 'Bearer abc' };
    expect(await send({ method: 'GET', path: '/dev/accounts/ada', headers })).toMatchObject({
      status: 403,
      type: 'IncompleteSignatureException',
    });
  });

  test.each<[string, Call, string, string | RegExp]>([
    ['an unknown key', { as: caller('nobody', '*') }, 'UnrecognizedClientException', UNKNOWN],
    [
      'temporary credentials without their token',
      { as: caller('visitor', '*') },
      'UnrecognizedClientException',
      UNKNOWN,
    ],
    [
      'another secret',
      { as: { ...ADMIN, secretAccessKey: 'guessed' } },
      'InvalidSignatureException',
      /does not match/,
    ],
    ['another region', { region: 'us-east-1' }, 'InvalidSignatureException', /region, not 'us-east-1'/],
    ['another service', { service: 's3' }, 'InvalidSignatureException', /correct service: 'execute-api'/],
    ['an old signature', { at: new Date(Date.now() - 6 * 60_000) }, 'InvalidSignatureException', /expired/],
    ['one of tomorrow', { at: new Date(Date.now() + 6 * 60_000) }, 'InvalidSignatureException', /not yet/],
    [
      'whom no policy allows it',
      { as: READER, method: 'PUT', body: '{}' },
      'AccessDeniedException',
      `User: ${READER.arn} is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:${REGION}:********1234:api/dev/PUT/accounts/ada`,
    ],
  ])('%s', async (_, call, type, message) => {
    const before = target.events.length;
    const answer = await sentBy(call);
    expect(answer).toMatchObject({ status: 403, type });
    expect(answer.message).toMatch(message);
    expect(target.events).toHaveLength(before);
  });

  test.each<[string, (sent: Sent) => Sent]>([
    ['body', (sent) => ({ ...sent, body: '{"a":2}' })],
    [
      'body, and its stated hash taken away',
      ({ headers, ...sent }) => ({
        ...sent,
        body: '{"a":2}',
        headers: without(headers, 'x-amz-content-sha256'),
      }),
    ],
    ['path', (sent) => ({ ...sent, path: '/dev/accounts/bob' })],
    ['query', (sent) => ({ ...sent, query: { reason: 'other' } })],
    ['method', (sent) => ({ ...sent, method: 'GET', body: undefined })],
    [
      'date',
      ({ headers, ...sent }) => ({
        ...sent,
        headers: { ...headers, 'x-amz-date': later(headers['x-amz-date']!) },
      }),
    ],
    [
      'header that was signed',
      ({ headers, ...sent }) => ({ ...sent, headers: { ...headers, 'x-twice': 'c' } }),
    ],
  ])('a signature of another %s', async (_, change) => {
    const sent = (await signed({ method: 'PUT', body: '{"a":1}', query: { reason: 'one' } })) as Sent;
    expect(await send(sent)).toMatchObject({ status: 200 });
    expect(await send(change(sent))).toMatchObject({ status: 403, type: 'InvalidSignatureException' });
  });

  test.each(['host', 'x-amz-date', 'x-amz-security-token'])(
    'a signature that does not cover the header %s',
    async (name) => {
      expect(await sentBy({ as: VISITOR, unsigned: [name] })).toMatchObject({
        status: 403,
        type: 'InvalidSignatureException',
      });
    },
  );

  test.each<[string, (headers: Record<string, string>) => Record<string, string>]>([
    ['a header of AWS’s that was added', (headers) => ({ ...headers, 'x-amz-meta': 'x' })],
    ['another hash of the body', (headers) => ({ ...headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' })],
  ])('a request with %s', async (_, change) => {
    const sent = (await signed({ method: 'PUT', body: '{}' })) as Sent;
    expect(await send({ ...sent, headers: change(sent.headers) })).toMatchObject({ status: 403 });
  });

  const signing = (headers: readonly string[]) =>
    misstated({ signedHeaders: headers } as unknown as Credential, {
      method: 'GET',
      target: '/',
      headers: ['Host', 'X-Amz-Date', 'X-Twice'].map((name) => [name, 'x'] as const),
      body: Buffer.alloc(0),
    });

  test.each([
    ['that is not there', ['accept', 'host', 'x-amz-date'], 'accept'],
    ['twice', ['host', 'host', 'x-amz-date'], 'host'],
    ['out of order', ['x-amz-date', 'host'], 'x-amz-date'],
  ])('a signature that names a header %s', (_, names, named) => {
    expect(signing(['host', 'x-amz-date', 'x-twice'])).toBeUndefined();
    expect(signing(names)).toBe(named);
  });

  test.each([
    ['a space that became a plus sign', (url: string) => url.replaceAll('%20', '+')],
    ['a question mark, and more, after the query', (url: string) => `${url}?&reason=other`],
  ])('a request with %s on its way', async (_, change) => {
    const { method, headers } = (await signed({ query: { reason: 'one two' } })) as Sent;
    const path = '/dev/accounts/ada?reason=one%20two';
    expect(await send({ method, path, headers })).toMatchObject({ status: 200 });
    expect(await send({ method, path: change(path), headers })).toMatchObject({
      status: 403,
      type: 'InvalidSignatureException',
    });
  });
});

function without(headers: Record<string, string>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([each]) => each !== name));
}

/** A minute later, within what is allowed. */
function later(date: string): string {
  const seconds = Number(date.slice(13, 15));
  return `${date.slice(0, 13)}${String((seconds + 1) % 60).padStart(2, '0')}Z`;
}
