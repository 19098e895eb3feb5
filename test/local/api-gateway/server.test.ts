import { request as httpRequest } from 'node:http';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAuthorizer } from '../../../local/api-gateway/authorizer.ts';
import type { RestApi, Route } from '../../../local/api-gateway/rest-api.ts';
import { type RestApiServer, startRestApiServer } from '../../../local/api-gateway/server.ts';
import { type FakeFunction, fakeFunction } from '../fixtures/fake-function.ts';
import { userPool } from '../fixtures/user-pool.ts';

const pool = userPool('eu-west-1_viewers');
let server: RestApiServer;
let sessions: FakeFunction;
let logs: string[];

beforeEach(async () => {
  logs = [];
  server = await startRestApiServer({ log: (line) => logs.push(line) });
  sessions = fakeFunction('sessions', () => ({ statusCode: 200, body: '{"ok":true}' }));
});
afterEach(() => server.stop());

function servedRoutes(integration: { readonly timeoutMs?: number } = {}): readonly Route[] {
  const route = (method: string, resourcePath: string, authorizer?: Route['authorizer']): Route => ({
    method,
    resourcePath,
    resourceId: `resource of ${resourcePath}`,
    throttle: undefined,
    authorizer,
    integration: { kind: 'lambda', target: sessions, timeoutMs: 29_000, ...integration },
  });
  return [
    route('GET', '/open'),
    route('POST', '/open'),
    route('DELETE', '/sessions/{id}', createAuthorizer(pool.keys, [pool.arn])),
  ];
}

function serve(api: Partial<RestApi> = {}, integration: { readonly timeoutMs?: number } = {}): void {
  server.serve({
    id: 'api',
    stageName: 'dev',
    stageVariables: undefined,
    binaryMediaTypes: [],
    edge: true,
    throttle: undefined,
    gatewayResponses: new Map(),
    routes: servedRoutes(integration),
    ...api,
  });
}

function call(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${server.url}/dev${path}`, init);
}

function received(): APIGatewayProxyEvent {
  return sessions.events.at(-1) as APIGatewayProxyEvent;
}

test('hands a function the complete event of a proxy integration', async () => {
  serve({ stageVariables: { colour: 'red' } });
  const response = await call('/sessions/s%201?a=1&b=2&b=%C3%A4', {
    method: 'DELETE',
    headers: { authorization: `Bearer ${pool.token()}`, 'User-Agent': 'test' },
  });
  expect(response.status).toBe(200);
  const { headers, multiValueHeaders, requestContext, ...event } = received();
  expect(event).toEqual({
    resource: '/sessions/{id}',
    path: '/sessions/s%201',
    httpMethod: 'DELETE',
    queryStringParameters: { a: '1', b: 'ä' },
    multiValueQueryStringParameters: { a: ['1'], b: ['2', 'ä'] },
    pathParameters: { id: 's%201' },
    stageVariables: { colour: 'red' },
    body: null,
    isBase64Encoded: false,
  });
  expect(headers).toMatchObject({
    'X-Forwarded-Proto': 'http',
    'X-Forwarded-For': '127.0.0.1',
    'CloudFront-Viewer-Country': 'JP',
  });
  expect(multiValueHeaders['CloudFront-Viewer-Country']).toEqual(['JP']);
  expect(requestContext).toMatchObject({
    resourceId: 'resource of /sessions/{id}',
    resourcePath: '/sessions/{id}',
    httpMethod: 'DELETE',
    path: '/dev/sessions/s%201',
    stage: 'dev',
    apiId: 'api',
    authorizer: { claims: { sub: 'viewer-1', token_use: 'id' } },
    identity: { sourceIp: '127.0.0.1', userAgent: 'test', cognitoIdentityId: null },
    domainName: server.url.replace('http://', ''),
    requestId: response.headers.get('x-amzn-requestid'),
  });
  expect(requestContext.requestTime).toMatch(/^\d{2}\/[A-Z][a-z]{2}\/\d{4}:\d{2}:\d{2}:\d{2} \+0000$/);
});

test('leaves null what a request does not have', async () => {
  serve();
  await call('/open');
  expect(received()).toMatchObject({
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: null,
    stageVariables: null,
    body: null,
  });
  expect(received().requestContext.authorizer).toBeUndefined();
});

test('passes header names as they were sent, the last of several values and all of them', async () => {
  serve();
  await new Promise<void>((resolve, reject) => {
    httpRequest(
      `${server.url}/dev/open`,
      { headers: { 'X-Twice': ['one', 'two'], 'x-lower': 'l' } },
      (response) => {
        response.resume().on('end', resolve);
      },
    )
      .on('error', reject)
      .end();
  });
  expect(received().headers).toMatchObject({ 'X-Twice': 'two', 'x-lower': 'l' });
  expect(received().multiValueHeaders).toMatchObject({ 'X-Twice': ['one', 'two'] });
});

test('lets a request say which country it comes from, once', async () => {
  serve();
  await call('/open', { headers: { 'cloudfront-viewer-country': 'DE' } });
  const countries = Object.entries(received().headers).filter(([name]) => /viewer-country/i.test(name));
  expect(countries).toEqual([['CloudFront-Viewer-Country', 'DE']]);
});

test('adds no country to an API that no CloudFront stands before', async () => {
  serve({ edge: false });
  await call('/open');
  expect(received().headers).not.toHaveProperty('CloudFront-Viewer-Country');
});

test('passes a body as text, and a binary media type in base64', async () => {
  serve({ binaryMediaTypes: ['application/octet-stream'] });
  await call('/open', { method: 'POST', body: '{"ä":1}', headers: { 'content-type': 'application/json' } });
  expect(received()).toMatchObject({ body: '{"ä":1}', isBase64Encoded: false });
  const bytes = new Uint8Array([0, 255, 128]);
  await call('/open', {
    method: 'POST',
    body: bytes,
    headers: { 'content-type': 'application/octet-stream' },
  });
  expect(received()).toMatchObject({ body: 'AP+A', isBase64Encoded: true });
});

test('gives a function’s answer back with its status, headers and body', async () => {
  serve();
  sessions.answer = () => ({
    statusCode: 201,
    headers: { ETag: 'W/"1"', 'X-Number': 7 },
    multiValueHeaders: { 'Set-Cookie': ['a=1', 'b=2'] },
    body: 'made',
  });
  const response = await call('/open');
  expect(response.status).toBe(201);
  expect(response.headers.get('etag')).toBe('W/"1"');
  expect(response.headers.get('x-number')).toBe('7');
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  expect(await response.text()).toBe('made');
});

test('renames the headers that API Gateway keeps for itself', async () => {
  serve();
  sessions.answer = () => ({ statusCode: 401, headers: { 'WWW-Authenticate': 'Basic' } });
  const response = await call('/open');
  expect(response.headers.get('www-authenticate')).toBeNull();
  expect(response.headers.get('x-amzn-remapped-www-authenticate')).toBe('Basic');
});

test('decodes a binary answer only for a caller that asks for a binary type', async () => {
  serve({ binaryMediaTypes: ['image/png'] });
  sessions.answer = () => ({ statusCode: 200, body: 'AP+A', isBase64Encoded: true });
  const asked = await call('/open', { headers: { accept: 'image/png' } });
  expect([...new Uint8Array(await asked.arrayBuffer())]).toEqual([0, 255, 128]);
  expect(await (await call('/open', { headers: { accept: 'text/html' } })).text()).toBe('AP+A');
});

test.each([
  ['nothing', null],
  ['a text', 'hello'],
  ['no status', { body: 'x' }],
  ['a body that is no text', { statusCode: 200, body: { a: 1 } }],
  ['a field that the format does not have', { statusCode: 200, cookies: ['a=1'] }],
])('answers 502 to a function that returns %s', async (_what, answer) => {
  serve();
  sessions.answer = () => answer;
  const response = await call('/open');
  expect(response.status).toBe(502);
  expect(await response.json()).toEqual({ message: 'Internal server error' });
  expect(logs).toEqual(['GET /open: malformed Lambda proxy response from sessions']);
});

test('answers 502 to a function that throws, and says nothing of why', async () => {
  serve();
  sessions.answer = () => {
    throw new RangeError('the secret is 42');
  };
  const response = await call('/open');
  expect(response.status).toBe(502);
  expect(await response.text()).not.toContain('42');
});

test('answers 504 when the function takes longer than the integration may', async () => {
  serve({}, { timeoutMs: 20 });
  const release = Promise.withResolvers<object>();
  sessions.answer = () => release.promise;
  expect((await call('/open')).status).toBe(504);
  release.resolve({});
});

test('asks for a token before it asks the function', async () => {
  serve();
  const response = await call('/sessions/s1', { method: 'DELETE' });
  expect(response.status).toBe(401);
  expect(response.headers.get('x-amzn-errortype')).toBe('UnauthorizedException');
  expect(sessions.events).toEqual([]);
});

test.each([
  ['GET', '/dev/nothing'],
  ['PUT', '/dev/open'],
  ['GET', '/open'],
  ['GET', '/development/open'],
  ['GET', '/'],
  ['GET', '//'],
  ['GET', '//elsewhere/dev/open'],
])('answers 403 Missing Authentication Token to %s %s', async (method, path) => {
  serve();
  const response = await fetch(server.url + path, { method });
  expect(response.status).toBe(403);
  expect(await response.json()).toEqual({ message: 'Missing Authentication Token' });
});

test('answers 429 above the stage’s throttle, before anything else is looked at', async () => {
  serve({ throttle: { rate: 0.001, burst: 1 } });
  expect((await call('/open')).status).toBe(200);
  expect((await call('/sessions/s1', { method: 'DELETE' })).status).toBe(429);
});

test('answers 429 above the limit of a route, and lets the others through', async () => {
  const routes = servedRoutes().map((route) =>
    route.method === 'POST' ? { ...route, throttle: { rate: 0.001, burst: 2 } } : route,
  );
  serve({ routes, throttle: { rate: 0.001, burst: 1 } });
  const post = async () => (await call('/open', { method: 'POST' })).status;
  expect([await post(), await post(), await post()]).toEqual([200, 200, 429]);
  expect((await call('/open')).status).toBe(200);
  expect((await call('/open')).status).toBe(429);
});

test('refuses a body over 10 MB', async () => {
  serve();
  const body = 'x'.repeat(10_485_761);
  expect((await call('/open', { method: 'POST', body })).status).toBe(413);
  expect(sessions.events).toEqual([]);
});
