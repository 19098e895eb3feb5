import { createLocalJWKSet, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { readSessionKeys } from '../../functions/read-session-keys.ts';
import { Unavailable } from '../../shared/errors.ts';
import { open } from '../../shared/lambda/http.ts';
import { invoke } from '../support/lambda-events.ts';
import { fakeSecrets } from '../support/secrets.ts';
import { makeSessionKey, sessionKeysText } from '../support/session-keys.ts';
import { grant, instance } from '../shared/session-tokens/world.ts';

const keys = {
  current: makeSessionKey('current'),
  next: makeSessionKey('next'),
  previous: makeSessionKey('previous'),
};

function ask(text = sessionKeysText(keys)) {
  const handler = open(readSessionKeys({ secrets: fakeSecrets({ keys: text }) }));
  return invoke(handler, { resource: '/.well-known/jwks.json' });
}

describe('GET /.well-known/jwks.json', () => {
  it('tells anyone the keys that verify session tokens, to be kept for five minutes', async () => {
    const { statusCode, headers, body } = await ask();
    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({
      'Content-Type': 'application/jwk-set+json',
      'Cache-Control': 'public, max-age=300',
    });
    const { x, y } = keys.next;
    expect(JSON.parse(body)).toMatchObject({
      keys: [
        { kid: 'current' },
        { kty: 'EC', crv: 'P-256', x, y, kid: 'next', alg: 'ES256', use: 'sig' },
        { kid: 'previous' },
      ],
    });
  });

  it('never tells a private one', async () => {
    const { body } = await ask();
    expect(body).not.toMatch(/"d"/);
    for (const { d } of Object.values(keys)) expect(body).not.toContain(d);
  });

  it.each(['current', 'next', 'previous'] as const)('verifies a token of the %s key', async (name) => {
    const token = await instance({ current: keys[name] }).sign(grant);
    const jwks = createLocalJWKSet(JSON.parse((await ask()).body));
    const { payload } = await jwtVerify(token, jwks, { currentDate: new Date(grant.expiresAtMs - 1000) });
    expect(payload.sub).toBe('ada');
  });

  it('does not tell what it cannot read', async () => {
    const { current } = keys;
    const { statusCode, headers, body } = await ask(
      JSON.stringify({ current: { ...current, crv: 'P-384' } }),
    );
    expect(statusCode).toBe(503);
    expect(headers).toMatchObject({ 'Retry-After': '60' });
    expect(body).not.toContain(current.d);
    expect(body).not.toContain('session-keys');
  });

  it('asks to come again when the keys were never fetched', async () => {
    const unavailable = async () => {
      throw new Unavailable('secrets cannot be fetched');
    };
    const handler = open(readSessionKeys({ secrets: { get: unavailable, refresh: unavailable } }));
    const { statusCode, headers } = await invoke(handler, { resource: '/.well-known/jwks.json' });
    expect(statusCode).toBe(503);
    expect(headers).toMatchObject({ 'Retry-After': '2', 'Cache-Control': 'no-store' });
  });
});
