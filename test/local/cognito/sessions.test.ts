import {
  AdminDeleteUserCommand,
  GetUserCommand,
  GlobalSignOutCommand,
  InitiateAuthCommand,
  RevokeTokenCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PASSWORD, signIn, start, type Running } from './stand-in.ts';
import { confirmedUser } from './users.ts';

let running: Running;
beforeEach(async () => {
  running = await start({
    client: {
      AccessTokenValidity: '10',
      IdTokenValidity: 20,
      RefreshTokenValidity: 2,
      TokenValidityUnits: { AccessToken: 'minutes', IdToken: 'minutes', RefreshToken: 'hours' },
    },
  });
  await confirmedUser(running, 'mia@example.com');
});
afterEach(() => running.stop());

async function signedIn() {
  const session = await signIn(running, 'mia@example.com', PASSWORD);
  return {
    access: session.getAccessToken().getJwtToken(),
    id: session.getIdToken().payload,
    refresh: session.getRefreshToken().getToken(),
  };
}
const refresh = (
  REFRESH_TOKEN: string,
  AuthFlow: 'REFRESH_TOKEN_AUTH' | 'REFRESH_TOKEN' = 'REFRESH_TOKEN_AUTH',
) =>
  running.sdk.send(
    new InitiateAuthCommand({ ClientId: running.clientId, AuthFlow, AuthParameters: { REFRESH_TOKEN } }),
  );
const getUser = (AccessToken: string) => running.sdk.send(new GetUserCommand({ AccessToken }));
const unauthorized = (message: string) => ({ name: 'NotAuthorizedException', message });
const claims = (token = '') =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;

describe('a session', () => {
  it('lasts as long as the client’s properties say', async () => {
    const { access, id, refresh: token } = await signedIn();
    const issued = claims(access);
    expect(Number(issued['exp']) - Number(issued['iat'])).toBe(600);
    expect(Number(id['exp']) - Number(id['iat'])).toBe(1200);
    running.clock.nowMs += 599_000;
    await expect(getUser(access)).resolves.toBeDefined();
    running.clock.nowMs += 1000;
    await expect(getUser(access)).rejects.toMatchObject(unauthorized('Access Token has expired'));
    running.clock.nowMs += 6_599_999;
    await expect(refresh(token)).resolves.toBeDefined();
    running.clock.nowMs += 1;
    await expect(refresh(token)).rejects.toMatchObject(unauthorized('Refresh Token has expired'));
  });

  it('is renewed by its refresh token, which stays the same, and remembers when it began', async () => {
    const { id, refresh: token } = await signedIn();
    running.clock.nowMs += 300_000;
    const { AuthenticationResult } = await refresh(token, 'REFRESH_TOKEN');
    expect(AuthenticationResult).not.toHaveProperty('RefreshToken');
    expect(AuthenticationResult).toMatchObject({ ExpiresIn: 600 });
    const renewed = claims(AuthenticationResult?.IdToken);
    expect(renewed).toMatchObject({
      auth_time: id['auth_time'],
      origin_jti: id['origin_jti'],
      sub: id['sub'],
    });
    expect(renewed['iat']).toBe(Number(id['iat']) + 300);
    expect(renewed['jti']).not.toBe(id['jti']);
    await expect(getUser(AuthenticationResult?.AccessToken ?? '')).resolves.toBeDefined();
  });

  it('shows the user behind an access token, and behind no other token', async () => {
    const { access, id } = await signedIn();
    expect(await getUser(access)).toMatchObject({
      Username: id['cognito:username'],
      UserAttributes: expect.arrayContaining([{ Name: 'email', Value: 'mia@example.com' }]),
    });
    const [header, body] = access.split('.');
    const forged = `${header}.${Buffer.from(JSON.stringify({ ...claims(access), username: 'x' })).toString('base64url')}`;
    const idToken = (await signIn(running, 'mia@example.com', PASSWORD)).getIdToken().getJwtToken();
    for (const bad of ['nonsense', `${header}.${body}.`, `${forged}.${access.split('.')[2]}`, idToken]) {
      await expect(getUser(bad)).rejects.toMatchObject(unauthorized('Invalid Access Token'));
    }
  });

  it('ends on every device with a global sign-out', async () => {
    const [phone, tv] = [await signedIn(), await signedIn()];
    await running.sdk.send(new GlobalSignOutCommand({ AccessToken: phone.access }));
    for (const { access, refresh: token } of [phone, tv]) {
      await expect(refresh(token)).rejects.toMatchObject(unauthorized('Refresh Token has been revoked'));
      await expect(getUser(access)).rejects.toMatchObject(unauthorized('Access Token has been revoked'));
    }
    const later = await signedIn();
    await expect(refresh(later.refresh)).resolves.toBeDefined();
  });

  it('ends alone when its refresh token is revoked', async () => {
    const [phone, tv] = [await signedIn(), await signedIn()];
    const revoke = (Token: string) =>
      running.sdk.send(new RevokeTokenCommand({ ClientId: running.clientId, Token }));
    await revoke(phone.refresh);
    await revoke('never-issued');
    await expect(refresh(phone.refresh)).rejects.toMatchObject(
      unauthorized('Refresh Token has been revoked'),
    );
    await expect(getUser(phone.access)).rejects.toMatchObject(unauthorized('Access Token has been revoked'));
    await expect(refresh(tv.refresh)).resolves.toBeDefined();
    await expect(revoke(tv.access)).rejects.toMatchObject({ name: 'UnsupportedTokenTypeException' });
  });

  it('ends with the user', async () => {
    const { access, refresh: token } = await signedIn();
    await running.sdk.send(
      new AdminDeleteUserCommand({ UserPoolId: running.userPoolId, Username: 'mia@example.com' }),
    );
    await expect(refresh(token)).rejects.toMatchObject(unauthorized('Invalid Refresh Token'));
    await expect(getUser(access)).rejects.toMatchObject({ name: 'NotAuthorizedException' });
  });

  it('belongs to the client it began with', async () => {
    const { refresh: token } = await signedIn();
    const other = running.standIn.ensureUserPoolClient({
      name: 'Other',
      userPoolId: running.userPoolId,
      properties: {},
    });
    const stolen = new InitiateAuthCommand({
      ClientId: other.clientId,
      AuthFlow: 'REFRESH_TOKEN_AUTH',
      AuthParameters: { REFRESH_TOKEN: token },
    });
    await expect(running.sdk.send(stolen)).rejects.toMatchObject(unauthorized('Invalid Refresh Token'));
    const revoked = new RevokeTokenCommand({ ClientId: other.clientId, Token: token });
    await expect(running.sdk.send(revoked)).rejects.toMatchObject({ name: 'UnauthorizedException' });
  });
});
