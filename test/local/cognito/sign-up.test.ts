import {
  ConfirmSignUpCommand,
  ResendConfirmationCodeCommand,
  SignUpCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PASSWORD, signIn, start, type Running } from './stand-in.ts';

let running: Running;
beforeEach(async () => {
  running = await start();
});
afterEach(() => running.stop());

const EMAIL = 'ren@example.com';
const signUp = (to = running, Username = EMAIL, Password = PASSWORD, email?: string) =>
  to.sdk.send(
    new SignUpCommand({
      ClientId: to.clientId,
      Username,
      Password,
      ...(email && { UserAttributes: [{ Name: 'email', Value: email }] }),
    }),
  );
const confirm = (ConfirmationCode: string, Username = EMAIL, to = running) =>
  to.sdk.send(new ConfirmSignUpCommand({ ClientId: to.clientId, Username, ConfirmationCode }));
const resend = (Username = EMAIL, to = running) =>
  to.sdk.send(new ResendConfirmationCodeCommand({ ClientId: to.clientId, Username }));
const wrong = () => (running.lastCode() === '000000' ? '000001' : '000000');

describe('signing up', () => {
  it('sends a code to the address, and the code opens the account', async () => {
    const { UserConfirmed, UserSub, CodeDeliveryDetails } = await signUp();
    expect(UserConfirmed).toBe(false);
    expect(CodeDeliveryDetails).toEqual({
      AttributeName: 'email',
      DeliveryMedium: 'EMAIL',
      Destination: 'r***@e***',
    });
    expect(running.codes).toEqual([{ username: EMAIL, code: expect.stringMatching(/^\d{6}$/) }]);
    await confirm(running.lastCode());
    const session = await signIn(running, EMAIL, PASSWORD);
    expect(session.getIdToken().payload).toMatchObject({ sub: UserSub, email_verified: true });
  });

  it('refuses a wrong code, then takes the right one, once', async () => {
    await signUp();
    await expect(confirm(wrong())).rejects.toMatchObject({ name: 'CodeMismatchException' });
    await confirm(running.lastCode());
    await expect(confirm(running.lastCode())).rejects.toMatchObject({
      name: 'NotAuthorizedException',
      message: 'User cannot be confirmed. Current status is CONFIRMED',
    });
  });

  it('lets a code expire after 24 hours', async () => {
    await signUp();
    const code = running.lastCode();
    running.clock.nowMs += 86_400_000;
    await expect(confirm(code)).rejects.toMatchObject({ name: 'ExpiredCodeException' });
    await resend();
    await expect(confirm(running.lastCode())).resolves.toBeDefined();
  });

  it('lets nobody guess codes: after five wrong ones in an hour even the right one must wait', async () => {
    await signUp();
    for (let guess = 0; guess < 5; guess += 1) {
      await expect(confirm(wrong())).rejects.toMatchObject({ name: 'CodeMismatchException' });
    }
    await expect(confirm(running.lastCode())).rejects.toMatchObject({ name: 'LimitExceededException' });
    running.clock.nowMs += 3_600_000;
    await expect(confirm(running.lastCode())).resolves.toBeDefined();
  });

  it('sends a fresh code on request, which replaces the old one, at most five an hour', async () => {
    await signUp();
    for (let sent = 0; sent < 5; sent += 1) await resend();
    await expect(resend()).rejects.toMatchObject({ name: 'LimitExceededException' });
    expect(running.codes).toHaveLength(6);
    const older = running.codes.map(({ code }) => code).find((code) => code !== running.lastCode());
    await expect(confirm(older ?? '')).rejects.toMatchObject({ name: 'CodeMismatchException' });
    await expect(confirm(running.lastCode())).resolves.toBeDefined();
  });

  it('refuses an address that is taken, in any case, whoever asks', async () => {
    await signUp();
    await expect(signUp(running, 'REN@example.com')).rejects.toMatchObject({
      name: 'UsernameExistsException',
      message: 'An account with the given email already exists.',
    });
  });

  it('wants an e-mail address as the username where people sign in by one', async () => {
    await expect(signUp(running, 'ren')).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: 'Username should be an email.',
    });
    await expect(signUp(running, EMAIL, PASSWORD, 'other@example.com')).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  });

  it.each([
    ['Sh0rt-one', 'Password not long enough'],
    ['no-upper-case-1', 'Password must have uppercase characters'],
    ['NO-LOWER-CASE-1', 'Password must have lowercase characters'],
    ['No-digits-here', 'Password must have numeric characters'],
    ['NoSymbols123', 'Password must have symbol characters'],
  ])('refuses the password %s', async (password, why) => {
    await expect(signUp(running, EMAIL, password)).rejects.toMatchObject({
      name: 'InvalidPasswordException',
      message: `Password did not conform with policy: ${why}`,
    });
    expect(running.codes).toEqual([]);
  });

  it('is closed where only administrators may create users', async () => {
    const closed = await start({ pool: { AdminCreateUserConfig: { AllowAdminCreateUserOnly: true } } });
    await expect(signUp(closed)).rejects.toMatchObject({
      name: 'NotAuthorizedException',
      message: 'SignUp is not permitted for this user pool',
    });
    await closed.stop();
  });

  it('lets nobody vouch for an address of their own or choose a sub', async () => {
    for (const Name of ['email_verified', 'sub']) {
      const claimed = new SignUpCommand({
        ClientId: running.clientId,
        Username: EMAIL,
        Password: PASSWORD,
        UserAttributes: [{ Name, Value: 'true' }],
      });
      await expect(running.sdk.send(claimed)).rejects.toMatchObject({ name: 'NotAuthorizedException' });
    }
  });

  it('sends no code where the pool verifies nothing', async () => {
    const silent = await start({ pool: { AutoVerifiedAttributes: [] } });
    expect(await signUp(silent)).not.toHaveProperty('CodeDeliveryDetails');
    expect(silent.codes).toEqual([]);
    await expect(resend(EMAIL, silent)).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await silent.stop();
  });
});

describe('what a stranger learns about who has an account', () => {
  it('nothing from codes: they seem to be sent, they never match, and guessing has the same limit', async () => {
    expect(await resend('nobody@example.com')).toMatchObject({
      CodeDeliveryDetails: { Destination: 'n***@e***' },
    });
    expect(running.codes).toEqual([]);
    for (let guess = 0; guess < 5; guess += 1) {
      await expect(confirm('123456', 'nobody@example.com')).rejects.toMatchObject({
        name: 'CodeMismatchException',
      });
    }
    await expect(confirm('123456', 'nobody@example.com')).rejects.toMatchObject({
      name: 'LimitExceededException',
    });
  });

  it('everything from a LEGACY client', async () => {
    const legacy = await start({ client: { PreventUserExistenceErrors: 'LEGACY' } });
    const unknown = { name: 'UserNotFoundException', message: 'User does not exist.' };
    await expect(resend('nobody@example.com', legacy)).rejects.toMatchObject(unknown);
    await expect(confirm('123456', 'nobody@example.com', legacy)).rejects.toMatchObject(unknown);
    await signUp(legacy);
    await confirm(legacy.lastCode(), EMAIL, legacy);
    await expect(resend(EMAIL, legacy)).rejects.toMatchObject({ message: 'User is already confirmed.' });
    await legacy.stop();
  });
});

describe('a pool in which people choose a username', () => {
  it('keeps the name as it is, and the address as an attribute that several may share', async () => {
    const named = await start({ pool: { UsernameAttributes: undefined } });
    await signUp(named, 'ren', PASSWORD, 'family@example.com');
    expect(named.codes.at(-1)?.username).toBe('ren');
    await confirm(named.lastCode(), 'ren', named);
    const session = await signIn(named, 'ren', PASSWORD);
    expect(session.getIdToken().payload).toMatchObject({
      'cognito:username': 'ren',
      email: 'family@example.com',
    });
    await signUp(named, 'mia', PASSWORD, 'family@example.com');
    await expect(signUp(named, 'Ren', PASSWORD, 'x@example.com')).rejects.toMatchObject({
      name: 'UsernameExistsException',
    });
    await expect(signIn(named, '__proto__', PASSWORD)).rejects.toMatchObject({
      name: 'NotAuthorizedException',
    });
    await named.stop();
  });
});
