import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type FunctionUrl,
  type FunctionUrlServer,
  startFunctionUrlServer,
} from '../../../local/function-url/server.ts';
import { type FakeFunction, fakeFunction } from '../fixtures/fake-function.ts';

const page = 'http://localhost:3000';
let server: FunctionUrlServer;
let renew: FakeFunction;
let logs: string[];

beforeEach(async () => {
  logs = [];
  server = await startFunctionUrlServer({ log: (line) => logs.push(line) });
  renew = fakeFunction('renew', () => ({ statusCode: 200, body: '{"ok":true}' }));
});
afterEach(() => server.stop());

function serve(url: Partial<FunctionUrl> = {}): void {
  server.serve({ target: renew, cors: undefined, isPublic: true, ...url });
}

function received(): APIGatewayProxyEventV2 {
  return renew.events.at(-1) as APIGatewayProxyEventV2;
}

test('hands a function the event of payload format 2.0', async () => {
  serve();
  const response = await fetch(`${server.url}/a%20b/c?x=1&x=2&y=%C3%A4&z`, {
    method: 'POST',
    body: '{"ä":1}',
    headers: { 'Content-Type': 'application/json', 'User-Agent': 'test', Cookie: 'a=1; b=2' },
  });
  const { headers, requestContext, ...event } = received();
  expect(event).toEqual({
    version: '2.0',
    routeKey: '$default',
    rawPath: '/a%20b/c',
    rawQueryString: 'x=1&x=2&y=%C3%A4&z',
    cookies: ['a=1', 'b=2'],
    queryStringParameters: { x: '1,2', y: 'ä', z: '' },
    body: '{"ä":1}',
    isBase64Encoded: false,
  });
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    cookie: 'a=1; b=2',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    host: server.url.replace('http://', ''),
  });
  expect(requestContext).toMatchObject({
    accountId: 'anonymous',
    domainName: server.url.replace('http://', ''),
    http: {
      method: 'POST',
      path: '/a%20b/c',
      protocol: 'HTTP/1.1',
      sourceIp: '127.0.0.1',
      userAgent: 'test',
    },
    requestId: response.headers.get('x-amzn-requestid'),
    routeKey: '$default',
    stage: '$default',
  });
  expect(requestContext.time).toMatch(/^\d{2}\/[A-Z][a-z]{2}\/\d{4}:\d{2}:\d{2}:\d{2} \+0000$/);
  expect(requestContext.timeEpoch).toEqual(expect.any(Number));
});

test('leaves out what a request does not have', async () => {
  serve();
  await fetch(server.url);
  const event = received();
  for (const absent of ['body', 'cookies', 'queryStringParameters']) expect(event).not.toHaveProperty(absent);
  expect(event).toMatchObject({ rawPath: '/', rawQueryString: '', isBase64Encoded: false });
});

test('joins the values of a header by commas, under its name in lower case', async () => {
  serve();
  await new Promise<void>((resolve, reject) => {
    httpRequest(server.url, { headers: { 'X-Twice': ['one', 'two'] } }, (response) => {
      response.resume().on('end', resolve);
    })
      .on('error', reject)
      .end();
  });
  expect(received().headers).toMatchObject({ 'x-twice': 'one,two' });
});

test.each(['text/plain;charset=UTF-8', 'Application/JSON', 'application/javascript', 'application/xml; a=b'])(
  'passes a body of the type %s as text',
  async (type) => {
    serve();
    await fetch(server.url, { method: 'POST', body: 'ä', headers: { 'content-type': type } });
    expect(received()).toMatchObject({ body: 'ä', isBase64Encoded: false });
  },
);

test.each(['application/octet-stream', 'application/x-www-form-urlencoded', ''])(
  'passes a body of the type %j in base64',
  async (type) => {
    serve();
    const body = new Uint8Array([0, 255, 128]);
    await fetch(server.url, { method: 'POST', body, headers: type === '' ? {} : { 'content-type': type } });
    expect(received()).toMatchObject({ body: 'AP+A', isBase64Encoded: true });
  },
);

test('gives a function’s answer back with its status, headers, cookies and body', async () => {
  serve();
  renew.answer = () => ({
    statusCode: 410,
    headers: { 'Content-Type': 'application/problem+json', 'X-Number': 7, 'Content-Length': '1' },
    cookies: ['a=1', 'b=2'],
    body: 'AP+A',
    isBase64Encoded: true,
  });
  const response = await fetch(server.url);
  expect(response.status).toBe(410);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(response.headers.get('x-number')).toBe('7');
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([0, 255, 128]);
});

test('answers 204 without a body', async () => {
  serve();
  renew.answer = () => ({ statusCode: 204 });
  const response = await fetch(server.url);
  expect([response.status, await response.text(), response.headers.get('content-length')]).toEqual([
    204,
    '',
    null,
  ]);
});

test.each([
  ['an object without a status', { message: 'hello' }, '{"message":"hello"}'],
  ['a text', 'hello', '"hello"'],
  ['nothing', undefined, 'null'],
])('answers %s as the JSON of a 200', async (_what, answer, body) => {
  serve();
  renew.answer = () => answer;
  const response = await fetch(server.url);
  expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
    200,
    'application/json',
    body,
  ]);
});

test.each([
  ['throws', () => Promise.reject(new RangeError('the secret is 42')), 'renew failed with RangeError'],
  ['returns a body that is no text', () => ({ statusCode: 200, body: {} }), 'malformed response from renew'],
  ['returns no status that there is', () => ({ statusCode: 99 }), 'malformed response from renew'],
])('answers 502 to a function that %s, and says nothing of why', async (_what, answer, line) => {
  serve();
  renew.answer = answer;
  const response = await fetch(server.url);
  expect([response.status, await response.text()]).toEqual([502, 'Internal Server Error']);
  expect(logs).toEqual([line]);
});

test('answers 502 to a function that runs out of time', async () => {
  serve();
  renew.answer = () =>
    Promise.reject(Object.assign(new Error('Task timed out'), { name: 'Sandbox.Timedout' }));
  expect((await fetch(server.url)).status).toBe(502);
});

test('refuses a body over 6 MB, and one that is over them only as an event', async () => {
  serve();
  renew.answer = () => Promise.reject(Object.assign(new Error('x'), { name: 'RequestTooLargeException' }));
  const post = (length: number) => fetch(server.url, { method: 'POST', body: new Uint8Array(length) });
  expect((await post(6 * 1024 * 1024 + 1)).status).toBe(413);
  expect(renew.events).toHaveLength(0);
  expect((await post(10)).status).toBe(413);
});

test('answers 403 for a URL that is not granted to everybody', async () => {
  serve({ isPublic: false });
  const response = await fetch(server.url);
  expect(response.status).toBe(403);
  expect(response.headers.get('x-amzn-errortype')).toBe('AccessDeniedException');
  expect(await response.json()).toMatchObject({ Message: expect.stringContaining('Forbidden') as string });
  expect(renew.events).toHaveLength(0);
});

const cors = {
  AllowOrigins: [page, 'http://127.0.0.1:3000'],
  AllowMethods: ['POST'],
  AllowHeaders: ['content-type'],
  ExposeHeaders: ['retry-after'],
  MaxAge: 600,
};

function preflight(origin: string, method = 'POST'): Promise<Response> {
  return fetch(server.url, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': method },
  });
}

function allowed(response: Response): Readonly<Record<string, string>> {
  return Object.fromEntries([...response.headers].filter(([name]) => name.startsWith('access-control-')));
}

test('answers a preflight from the URL’s configuration, without the function', async () => {
  serve({ cors });
  const response = await preflight(page);
  expect(response.status).toBe(200);
  expect(allowed(response)).toEqual({
    'access-control-allow-origin': page,
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': 'content-type',
    'access-control-max-age': '600',
  });
  expect(response.headers.get('vary')).toBe('Origin');
  expect(renew.events).toHaveLength(0);
});

test.each([
  ['another origin', 'http://evil.example', 'POST'],
  ['a method that is not allowed', page, 'DELETE'],
])('allows nothing in a preflight from %s', async (_what, origin, method) => {
  serve({ cors });
  expect(allowed(await preflight(origin, method))).toEqual({});
  expect(renew.events).toHaveLength(0);
});

test('adds its CORS headers to a function’s answers and to its own errors', async () => {
  serve({ cors });
  const own = { 'access-control-allow-origin': page, 'access-control-expose-headers': 'retry-after' };
  const call = (origin: string) => fetch(server.url, { method: 'POST', headers: { origin } });
  expect(allowed(await call(page))).toEqual(own);
  expect(allowed(await call('http://evil.example'))).toEqual({});
  renew.answer = () => Promise.reject(new Error('down'));
  const failed = await call(page);
  expect([failed.status, allowed(failed)]).toEqual([502, own]);
});

test('repeats a CORS header that the function sets as well', async () => {
  serve({ cors });
  renew.answer = () => ({ statusCode: 200, headers: { 'Access-Control-Allow-Origin': page } });
  const response = await fetch(server.url, { headers: { origin: page } });
  expect(response.headers.get('access-control-allow-origin')).toBe(`${page}, ${page}`);
});

test('names the origin that asked where all are allowed', async () => {
  serve({ cors: { AllowOrigins: ['*'], AllowMethods: ['*'] } });
  expect(allowed(await preflight('http://any.example'))).toEqual({
    'access-control-allow-origin': 'http://any.example',
    'access-control-allow-methods': '*',
  });
});

test('allows credentials where the URL does', async () => {
  serve({ cors: { ...cors, AllowCredentials: true } });
  expect(allowed(await preflight(page))).toMatchObject({ 'access-control-allow-credentials': 'true' });
});

test('passes OPTIONS on to the function where no CORS is configured, or where it is no preflight', async () => {
  serve();
  await preflight(page);
  serve({ cors });
  await fetch(server.url, { method: 'OPTIONS', headers: { origin: page } });
  expect(renew.events).toHaveLength(2);
});
