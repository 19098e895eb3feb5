import type { LambdaFunctionURLEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { renewSession } from '../../../functions/renew-session.ts';
import { startSession } from '../../../shared/concurrency/start-session.ts';
import { functionUrl } from '../../../shared/lambda/function-url.ts';
import { capturedLog } from '../../support/captured-log.ts';
import { sessionTestWorld } from '../../support/session-world.ts';

function event(body: string | undefined, { method = 'POST', isBase64Encoded = false } = {}) {
  return {
    headers: { 'content-type': 'text/plain' },
    requestContext: { http: { method } },
    isBase64Encoded,
    ...(body !== undefined && { body }),
  } as unknown as LambdaFunctionURLEvent;
}

const plentyOfTime = { getRemainingTimeInMillis: () => 10_000 };

async function stage() {
  const world = sessionTestWorld();
  const handler = functionUrl('POST', renewSession(world));
  const started = await startSession(world, 'ada', {
    deviceId: 'tv',
    playerId: 'tab',
    contentId: 'harbour',
    deviceType: 'web',
    region: 'JP',
  });
  if (!started.admitted) throw new Error('not admitted');
  return {
    world,
    sessionToken: await world.tokens.sign(started.grant),
    call: async (...parameters: Parameters<typeof event>) => {
      const result = (await handler(event(...parameters), plentyOfTime)) as {
        statusCode: number;
        headers: Record<string, string>;
        body: string;
      };
      return { ...result, document: result.body === '' ? undefined : (JSON.parse(result.body) as object) };
    },
  };
}

describe('the cheaper door', () => {
  it('renews a session by its token alone, as text or in base 64', async () => {
    const { call, sessionToken } = await stage();
    const body = JSON.stringify({ sessionToken });
    for (const answer of [
      await call(body),
      await call(Buffer.from(body).toString('base64'), { isBase64Encoded: true }),
    ]) {
      expect(answer).toMatchObject({ statusCode: 200, headers: { 'Content-Type': 'application/json' } });
      expect(answer.document).toEqual({
        expiresAt: '2026-11-22T10:00:40.000Z',
        heartbeatSeconds: 15,
        sessionToken: expect.any(String),
      });
    }
  });

  it('ends a session, as a page that goes away asks by beacon', async () => {
    const { call, sessionToken } = await stage();
    const body = JSON.stringify({ sessionToken, end: true });
    expect(await call(body)).toMatchObject({ statusCode: 204, body: '' });
  });

  it('writes no line about a heartbeat that is answered, and none of CORS', async () => {
    const { call, sessionToken } = await stage();
    const log = capturedLog();
    const { headers } = await call(JSON.stringify({ sessionToken }));
    expect(log.text()).toBe('');
    expect(Object.keys(headers).filter((name) => /access-control/i.test(name))).toEqual([]);
  });

  it.each([
    ['nothing', undefined, 400, 'malformed'],
    ['no JSON', '{', 400, 'malformed'],
    ['no session token', '{"deviceId":"tv","mediaId":"harbour"}', 400, 'malformed'],
    ['a token of nobody', '{"sessionToken":"x"}', 401, 'invalid-session-token'],
    ['more than 16 KB', 'x'.repeat(16 * 1024 + 1), 413, 'too-large'],
  ])('answers %s with a problem document', async (_, body, status, slug) => {
    const { call } = await stage();
    const { statusCode, headers, document } = await call(body);
    expect(statusCode).toBe(status);
    expect(headers).toMatchObject({ 'Content-Type': 'application/problem+json' });
    expect(document).toMatchObject({ type: `urn:usher:problem:${slug}`, status });
  });

  it('is open to POST only', async () => {
    const { call } = await stage();
    expect(await call(undefined, { method: 'GET' })).toMatchObject({ statusCode: 403 });
  });

  it('tells of a session that is over, and when to come back', async () => {
    const { call, sessionToken, world } = await stage();
    for (let n = 0; n < 40; n++) await call(JSON.stringify({ sessionToken }));
    expect(await call(JSON.stringify({ sessionToken }))).toMatchObject({
      statusCode: 429,
      headers: { 'Retry-After': '15' },
    });
    world.now.advance(40_000);
    expect((await call(JSON.stringify({ sessionToken }))).document).toMatchObject({
      status: 410,
      reason: 'expired',
    });
  });

  it('says that it is unavailable before Lambda ends it without a word', async () => {
    const handler = functionUrl('POST', () => new Promise(() => {}));
    const short = { getRemainingTimeInMillis: () => 251 };
    expect(await handler(event('{}'), short)).toMatchObject({
      statusCode: 503,
      headers: { 'Retry-After': '2' },
    });
  });

  it('tells nothing of what went wrong with us', async () => {
    const handler = functionUrl('POST', () => Promise.reject(new Error('the table is called accounts')));
    const log = capturedLog();
    expect(await handler(event('{}'), plentyOfTime)).toMatchObject({
      statusCode: 500,
      body: expect.not.stringContaining('table'),
    });
    expect(log.lines()).toMatchObject([{ level: 'ERROR', message: 'refused', status: 500 }]);
  });
});
