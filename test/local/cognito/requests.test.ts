import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PASSWORD, post, start, type Running } from './stand-in.ts';

let running: Running;
beforeEach(async () => {
  running = await start();
});
afterEach(() => running.stop());

const signUp = (input: Record<string, unknown>) =>
  post(running.standIn.url, 'SignUp', JSON.stringify({ ClientId: running.clientId, ...input }));

describe('a request that is not as it should be', () => {
  it.each(['', 'x', '[]', '"text"', 'null', '{"ClientId":', '7'])(
    'is a 400, not a crash: %j',
    async (body) => {
      const answer = await post(running.standIn.url, 'SignUp', body);
      expect(answer.status).toBe(400);
      expect(answer.body['__type']).toMatch(/^(SerializationException|InvalidParameterException)$/);
    },
  );

  it('names the member of a wrong type or form, and repeats no value', async () => {
    const typed = await signUp({ Username: ['a'], Password: PASSWORD });
    expect(typed.body).toMatchObject({
      __type: 'SerializationException',
      message: expect.stringContaining('Username'),
    });
    const formed = await signUp({ Username: 'a@example.com', Password: ' secret-Word-1 ' });
    expect(formed.body).toMatchObject({
      __type: 'InvalidParameterException',
      message: expect.stringContaining('Password'),
    });
    expect(formed.body.message).not.toContain('secret-Word');
    const nested = await signUp({
      Username: 'a@example.com',
      Password: PASSWORD,
      UserAttributes: [{ Name: 1 }],
    });
    expect(nested.body).toMatchObject({
      __type: 'SerializationException',
      message: expect.stringContaining('UserAttributes.0.Name'),
    });
  });

  it('takes a null member for an absent one', async () => {
    const answer = await signUp({ Username: 'a@example.com', Password: PASSWORD, UserAttributes: null });
    expect(answer.status).toBe(200);
  });

  it('refuses an operation it does not have, by name', async () => {
    for (const operation of ['AdminInitiateAuth', 'DeleteUser', 'toString', '__proto__', '']) {
      const { status, body } = await post(running.standIn.url, operation, '{}');
      expect(status).toBe(400);
      expect(body).toMatchObject({
        __type: 'UnknownOperationException',
        message: expect.stringContaining(operation),
      });
    }
  });

  it('refuses a flow, a challenge or a secret hash it does not have', async () => {
    const call = async (operation: string, input: Record<string, unknown>) =>
      (await post(running.standIn.url, operation, JSON.stringify({ ClientId: running.clientId, ...input })))
        .body;
    expect(await call('InitiateAuth', { AuthFlow: 'CUSTOM_AUTH' })).toMatchObject({
      __type: 'InvalidParameterException',
      message: expect.stringContaining('CUSTOM_AUTH'),
    });
    expect(await call('RespondToAuthChallenge', { ChallengeName: 'SMS_MFA' })).toMatchObject({
      __type: 'InvalidParameterException',
      message: expect.stringContaining('SMS_MFA'),
    });
    expect(await call('InitiateAuth', { AuthFlow: 'USER_SRP_AUTH' })).toMatchObject({
      message: 'Missing required parameter SRP_A',
    });
    const hash = { AuthFlow: 'USER_SRP_AUTH', AuthParameters: { SECRET_HASH: 'x' } };
    expect(await call('InitiateAuth', hash)).toMatchObject({ __type: 'NotAuthorizedException' });
  });

  it('refuses a response to a challenge that was never asked', async () => {
    const respond = async (responses: Record<string, string>, name = 'PASSWORD_VERIFIER', Session?: string) =>
      (
        await post(
          running.standIn.url,
          'RespondToAuthChallenge',
          JSON.stringify({
            ClientId: running.clientId,
            ChallengeName: name,
            ChallengeResponses: responses,
            Session,
          }),
        )
      ).body;
    const claim = { USERNAME: 'a', PASSWORD_CLAIM_SECRET_BLOCK: 'AA', PASSWORD_CLAIM_SIGNATURE: 'AA' };
    expect(await respond({ ...claim, TIMESTAMP: 'Sun Nov 22 10:00:00 UTC 2026' })).toMatchObject({
      __type: 'NotAuthorizedException',
    });
    expect(await respond({ ...claim, TIMESTAMP: '2026-11-22T10:00:00Z' })).toMatchObject({
      __type: 'InvalidParameterException',
    });
    const fresh = { USERNAME: 'a', NEW_PASSWORD: PASSWORD };
    expect(await respond(fresh, 'NEW_PASSWORD_REQUIRED', 'x'.repeat(40))).toMatchObject({
      message: 'Invalid session for the user.',
    });
  });

  it('refuses a client or pool that does not exist', async () => {
    expect(
      (await signUp({ ClientId: 'nope', Username: 'a@example.com', Password: PASSWORD })).body,
    ).toMatchObject({
      __type: 'ResourceNotFoundException',
      message: 'User pool client nope does not exist.',
    });
  });
});

describe('a browser', () => {
  it('may call from any origin and read the error', async () => {
    const preflight = await fetch(running.standIn.url, {
      method: 'OPTIONS',
      headers: {
        origin: 'http://localhost:3000',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,x-amz-target,x-amz-user-agent,cache-control',
      },
    });
    expect(preflight.status).toBe(200);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect(preflight.headers.get('access-control-allow-headers')).toContain('x-amz-target');
    const refused = await signUp({ Username: 'a@example.com', Password: 'short' });
    expect(refused.headers.get('access-control-allow-origin')).toBe('*');
    expect(refused.headers.get('access-control-expose-headers')).toMatch(/x-amzn-ErrorType/i);
    expect(refused.headers.get('x-amzn-errortype')).toBe('InvalidPasswordException:');
  });
});

describe('the key set', () => {
  it('is where verifiers look for it, for every pool there is', async () => {
    const { url, jwks } = running.standIn;
    const served = await fetch(`${url}/${running.userPoolId}/.well-known/jwks.json`);
    expect(await served.json()).toEqual(jwks);
    expect(jwks.keys[0]).toMatchObject({ kty: 'RSA', alg: 'RS256', use: 'sig', e: 'AQAB' });
    expect(jwks.keys[0]).not.toHaveProperty('d');
    expect((await fetch(`${url}/eu-west-1_nowhere00/.well-known/jwks.json`)).status).toBe(404);
    for (const path of ['/', '//', '/%', '/?x=/.well-known/jwks.json']) {
      expect((await fetch(`${url}${path}`)).status).toBe(404);
    }
  });
});
