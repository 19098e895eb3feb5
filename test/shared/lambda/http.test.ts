import type { Context } from 'aws-lambda';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Malformed, Misconfigured, TooOften, Unavailable, UnknownProduct } from '../../../shared/errors.ts';
import { jsonOf, type HttpRequest } from '../../../shared/lambda/http-messages.ts';
import { open, viewer } from '../../../shared/lambda/http.ts';
import { Refused } from '../../../shared/lambda/problems.ts';
import { capturedLog } from '../../support/captured-log.ts';
import { ADA, apiEvent, invoke } from '../../support/lambda-events.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

const welcome = open(async () => ({ status: 200, body: { hello: 'world' } }));

function failingWith(error: unknown) {
  return open(async () => {
    throw error;
  });
}

const errors: readonly (readonly [string, unknown, number, string])[] = [
  ['a malformed request', new Malformed('validUntil', 'is before validFrom'), 400, 'malformed'],
  ['an unknown product', new UnknownProduct('gold'), 400, 'unknown-product'],
  ['a refusal', new Refused(401, 'bad-signature'), 401, 'bad-signature'],
  ['a quota that is used up', new TooOften('mint', { retryAfterSeconds: 7 }), 429, 'too-often'],
  ['a part that is missing', new Unavailable('table'), 503, 'unavailable'],
];

describe('an answer', () => {
  it('that takes too long is 503, before Lambda ends the function without a word', async () => {
    const never = open(() => new Promise(() => {}));
    const context = { getRemainingTimeInMillis: () => 251 } as unknown as Context;
    expect(await never(apiEvent(), context)).toMatchObject({
      statusCode: 503,
      headers: { 'Content-Type': 'application/problem+json', 'Retry-After': '2' },
    });
  });

  it('is JSON that nobody keeps unless the route says so', async () => {
    expect(await invoke(welcome)).toMatchObject({
      statusCode: 200,
      headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
      body: '{"hello":"world"}',
    });
    const kept = open(async () => ({ status: 200, body: {}, headers: { 'Cache-Control': 'max-age=60' } }));
    expect((await invoke(kept)).headers).toMatchObject({ 'Cache-Control': 'max-age=60' });
  });

  it('without a body has no type', async () => {
    const answer = await invoke(open(async () => ({ status: 304 })));
    expect(answer).toMatchObject({ statusCode: 304, body: '' });
    expect(answer.headers).not.toHaveProperty('Content-Type');
  });
});

describe('CORS', () => {
  const allowed = {
    'Access-Control-Allow-Origin': 'https://tv.example',
    'Access-Control-Expose-Headers': 'ETag, Retry-After',
    'Access-Control-Allow-Headers': 'Authorization, Content-Type, If-None-Match',
    Vary: 'Origin',
  };
  const call = { headers: { Origin: 'https://tv.example' } };

  it.each<[string, ReturnType<typeof open>]>([
    ['an answer', welcome],
    ...errors.map(([name, error]): [string, ReturnType<typeof open>] => [name, failingWith(error)]),
    ['an error that nobody foresaw', failingWith(new Error('boom'))],
    ['something thrown that is no error', failingWith('boom')],
    ['a body that is too large', open(async () => ({ status: 200 }))],
    ['somebody who is not signed in', viewer(async () => ({ status: 200 }))],
  ])('lets the player read %s', async (name, handler) => {
    const body = name.endsWith('too large') ? 'x'.repeat(20_000) : null;
    const { headers } = await invoke(handler, { ...call, body });
    expect(headers).toMatchObject(allowed);
    expect(headers).not.toHaveProperty('Access-Control-Allow-Credentials');
  });

  it('names the one origin of the stage to whoever asks', async () => {
    const { headers } = await invoke(welcome, { headers: { Origin: 'https://evil.example' } });
    expect(headers).toMatchObject({ 'Access-Control-Allow-Origin': 'https://tv.example' });
  });

  it('names, of several origins, the one that asks and no other', async () => {
    vi.stubEnv('ALLOWED_ORIGINS', 'https://tv.example,http://localhost:3000');
    const several = open(async () => ({ status: 200 }));
    const headersFor = async (origin: string) =>
      (await invoke(several, { headers: { origin } })).headers ?? {};

    expect(await headersFor('http://localhost:3000')).toMatchObject({
      'Access-Control-Allow-Origin': 'http://localhost:3000',
      Vary: 'Origin',
    });
    expect(await headersFor('https://tv.example')).toMatchObject({
      'Access-Control-Allow-Origin': 'https://tv.example',
    });
    const stranger = await headersFor('https://tv.example.evil.example');
    expect(stranger).not.toHaveProperty('Access-Control-Allow-Origin');
    expect(stranger).toMatchObject({ Vary: 'Origin' });
  });

  it('keeps its headers on errors also for several origins', async () => {
    vi.stubEnv('ALLOWED_ORIGINS', 'https://tv.example,http://localhost:3000');
    const { statusCode, headers } = await invoke(failingWith(new Error('boom')), call);
    expect(statusCode).toBe(500);
    expect(headers).toMatchObject({ 'Access-Control-Allow-Origin': 'https://tv.example' });
  });
});

describe('an error', () => {
  it.each(errors)('of the kind "%s" is a problem document', async (_, error, status, slug) => {
    const { statusCode, headers, body } = await invoke(failingWith(error));
    expect(statusCode).toBe(status);
    expect(headers).toMatchObject({
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
    });
    expect(JSON.parse(body)).toMatchObject({ type: `urn:usher:problem:${slug}`, status });
  });

  it('names the field that is malformed', async () => {
    const { body } = await invoke(failingWith(new Malformed('status', 'is not valid')));
    expect(JSON.parse(body)).toMatchObject({ field: 'status', detail: 'status is not valid' });
  });

  it('says in seconds when to come back', async () => {
    const tooOften = await invoke(failingWith(new TooOften('mint', { retryAfterSeconds: 7 })));
    expect(tooOften.headers).toMatchObject({ 'Retry-After': '7' });
    const unavailable = await invoke(failingWith(new Unavailable('table')));
    expect(unavailable.headers).toMatchObject({ 'Retry-After': '2' });
  });

  it('does not say when to come back when that would change nothing', async () => {
    const { headers } = await invoke(failingWith(new Malformed('id', 'is not valid')));
    expect(headers).not.toHaveProperty('Retry-After');
  });

  it('that nobody foresaw tells nothing', async () => {
    const cause = new Error('whsec_deep');
    const { statusCode, body } = await invoke(
      failingWith(new Error('table usher-prod, key AKIA', { cause })),
    );
    expect(statusCode).toBe(500);
    expect(JSON.parse(body)).toEqual({ type: 'about:blank', title: 'Internal Server Error', status: 500 });
  });

  it('of a part that is missing does not tell which', async () => {
    const { body } = await invoke(failingWith(new Unavailable('DynamoDB GetItem: TimeoutError')));
    expect(body).not.toContain('DynamoDB');
  });
});

describe('a request', () => {
  let last: HttpRequest | undefined;
  const handler = open(async (request) => {
    last = request;
    return { status: 200 };
  });

  it('has its headers by lower-case name', async () => {
    await invoke(handler, { headers: { 'Webhook-ID': 'msg_1', 'IF-NONE-MATCH': '*' } });
    expect(last?.headers).toEqual({ 'webhook-id': 'msg_1', 'if-none-match': '*' });
  });

  it('may have no headers, no query and no body', async () => {
    await invoke(handler, { headers: null, query: null, body: null });
    expect(last).toEqual({ headers: {}, query: {}, path: {}, body: Buffer.alloc(0) });
  });

  it('has the bytes that were sent, however API Gateway passes them on', async () => {
    const sent = Buffer.from('{"title":"灯台"}');
    await invoke(handler, { body: sent.toString('base64'), isBase64Encoded: true });
    expect(last?.body).toEqual(sent);
    await invoke(handler, { body: sent.toString() });
    expect(last?.body).toEqual(sent);
  });

  it.each([
    ['of 16 KB is read', 'x'.repeat(16_384), false, 200],
    ['of one byte more is too large', 'x'.repeat(16_385), false, 413],
    ['is measured in bytes and not in characters', '灯'.repeat(6000), false, 413],
    ['is measured as it was sent, not as base64', Buffer.alloc(16_384).toString('base64'), true, 200],
    ['is too large as base64 too', Buffer.alloc(16_385).toString('base64'), true, 413],
  ])('with a body that %s', async (_, body, isBase64Encoded, status) => {
    const answer = await invoke(handler, { body, isBase64Encoded });
    expect(answer.statusCode).toBe(status);
    const type = status === 413 ? 'urn:usher:problem:too-large' : undefined;
    expect(answer.body === '' ? undefined : JSON.parse(answer.body).type).toBe(type);
  });

  it.each([
    ['an empty body', ''],
    ['half a document', '{"id":"secret-text"'],
    ['a word', 'secret-text'],
  ])('with %s instead of JSON is malformed, and the refusal does not quote it', (_, text) => {
    const read = () => jsonOf({ body: Buffer.from(text) });
    expect(read).toThrow(Malformed);
    expect(read).not.toThrow(/secret-text/);
  });
});

describe('a viewer', () => {
  const served: string[] = [];
  const handler = viewer(async ({ accountId }) => {
    served.push(accountId);
    return { status: 200, body: { accountId } };
  });

  afterEach(() => {
    served.length = 0;
  });

  it('is the subject of the ID token', async () => {
    const { body } = await invoke(handler, { claims: ADA, query: { accountId: 'bob' } });
    expect(JSON.parse(body)).toEqual({ accountId: 'ada' });
  });

  it.each<[string, Record<string, unknown> | undefined]>([
    ['no token', undefined],
    ['an access token, which is meant for other services', { sub: 'ada', token_use: 'access' }],
    ['a token that does not say what it is for', { sub: 'ada' }],
  ])('is nobody with %s', async (_, claims) => {
    const { statusCode, body } = await invoke(handler, claims ? { claims } : {});
    expect(statusCode).toBe(401);
    expect(JSON.parse(body)).toMatchObject({ type: 'urn:usher:problem:unauthenticated' });
    expect(served).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['no claim', undefined],
    ['an empty claim', ''],
    ['a claim that is no text', ['ada']],
    ['the name of everyone’s topic', 'heartbeat'],
    ['the name of the catalogue’s topic', 'catalog'],
    ['another account’s key', 'bob:slot:1'],
    ['a list, as Cognito writes one down', '[ada, bob]'],
    ['an id of 65 characters', 'a'.repeat(65)],
  ])('has no account with %s, whatever else the token says, and it is not logged', async (_, account) => {
    for (const claim of ['sub', 'custom:household']) {
      vi.stubEnv('ACCOUNT_CLAIM', claim);
      const log = capturedLog();
      const claims = { ...ADA, 'custom:household': 'lovelace', username: 'ada', [claim]: account };
      const { statusCode, body } = await invoke(
        viewer(async ({ accountId }) => ({ status: 200, body: served.push(accountId) })),
        { claims },
      );
      expect([statusCode, JSON.parse(body)]).toMatchObject([403, { type: 'urn:usher:problem:no-account' }]);
      expect(served).toEqual([]);
      expect(log.lines()).toMatchObject([{ message: 'refused', status: 403 }]);
      expect(log.lines()[0]).not.toHaveProperty('accountId');
    }
  });

  it('is of the account that the stage’s claim names, in the log too', async () => {
    vi.stubEnv('ACCOUNT_CLAIM', 'custom:household');
    const log = capturedLog();
    const answering = viewer(async ({ accountId }) => ({ status: 200, body: { accountId } }));
    const { body } = await invoke(answering, { claims: { ...ADA, 'custom:household': 'lovelace' } });
    expect(JSON.parse(body)).toEqual({ accountId: 'lovelace' });
    expect(log.lines()).toMatchObject([{ message: 'answered', accountId: 'lovelace' }]);
  });
});

describe('the log', () => {
  const secrets = ['eyJhbGciOi.viewer.token', 'whsec_c2VjcmV0', 'card 4111', 'tok-from-momento'];
  const call = {
    method: 'POST',
    resource: '/checkout-events',
    headers: { Authorization: `Bearer ${secrets[0]!}`, 'webhook-signature': `v1,${secrets[1]!}` },
    query: { token: secrets[0]! },
    body: JSON.stringify({ card: secrets[2]! }),
    claims: { ...ADA, email: 'ada@example.org' },
  };

  it('has one line for an answer: the route, the status and the account', async () => {
    const log = capturedLog();
    await invoke(
      viewer(async () => ({ status: 200, body: { token: secrets[3]! } })),
      call,
    );
    expect(log.lines()).toMatchObject([
      { level: 'INFO', message: 'answered', route: 'POST /checkout-events', status: 200, accountId: 'ada' },
    ]);
  });

  it.each([
    ['info', new Malformed('id', 'is not valid'), 400],
    ['info', new TooOften('mint'), 429],
    ['error', new Misconfigured('the parameter session-keys is wrong: it is not JSON'), 503],
    ['warn', new Unavailable('SQS SendMessage: TimeoutError'), 503],
    ['error', new Error('boom'), 500],
  ])('has one line of the level %s for a refusal', async (level, error, status) => {
    const log = capturedLog();
    await invoke(failingWith(error), call);
    expect(log.lines()).toMatchObject([
      { level: level.toUpperCase(), message: 'refused', status, error: { message: error.message } },
    ]);
  });

  it('holds no token, secret, address or body, and neither does an error’s answer', async () => {
    const log = capturedLog();
    const answers = [
      await invoke(
        viewer(async () => ({ status: 200, body: { token: secrets[3]! } })),
        call,
      ),
    ];
    const cause = new Error(secrets.join());
    for (const error of [...errors.map(([, each]) => each), new Error('boom', { cause }), secrets.join()]) {
      answers.push(await invoke(failingWith(error), call));
    }
    for (const secret of [...secrets, 'ada@example.org']) {
      expect(log.text()).not.toContain(secret);
      for (const { statusCode, body } of answers) expect(statusCode >= 400 ? body : '').not.toContain(secret);
    }
    expect(log.lines()).toHaveLength(answers.length);
  });
});
