import {
  ConfirmForgotPasswordCommand,
  ForgotPasswordCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { AdminCreateUserCommand, SignUpCommand } from '@aws-sdk/client-cognito-identity-provider';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PASSWORD, signIn, start, type Running } from './stand-in.ts';
import { confirmedUser } from './users.ts';

let running: Running;
beforeEach(async () => {
  running = await start();
});
afterEach(() => running.stop());

const EMAIL = 'mia@example.com';
const NEW = 'Battery-staple-2';
const forgot = (Username = EMAIL, to = running) =>
  to.sdk.send(new ForgotPasswordCommand({ ClientId: to.clientId, Username }));
const reset = (ConfirmationCode: string, Password = NEW, Username = EMAIL) =>
  running.sdk.send(
    new ConfirmForgotPasswordCommand({ ClientId: running.clientId, Username, ConfirmationCode, Password }),
  );

describe('a forgotten password', () => {
  it('is replaced with the code that was sent, and no longer works', async () => {
    await confirmedUser(running, EMAIL);
    expect(await forgot()).toMatchObject({ CodeDeliveryDetails: { Destination: 'm***@e***' } });
    await reset(running.lastCode());
    await expect(signIn(running, EMAIL, NEW)).resolves.toBeDefined();
    await expect(signIn(running, EMAIL, PASSWORD)).rejects.toMatchObject({ name: 'NotAuthorizedException' });
    await expect(reset(running.lastCode())).rejects.toMatchObject({ name: 'ExpiredCodeException' });
  });

  it('keeps its code for an hour, and through a new password that is too weak', async () => {
    await confirmedUser(running, EMAIL);
    await forgot();
    await expect(reset(running.lastCode(), 'weakweakweak')).rejects.toMatchObject({
      name: 'InvalidPasswordException',
    });
    running.clock.nowMs += 3_599_999;
    await expect(reset(running.lastCode())).resolves.toBeDefined();
    await forgot();
    running.clock.nowMs += 3_600_000;
    await expect(reset(running.lastCode())).rejects.toMatchObject({ name: 'ExpiredCodeException' });
  });

  it('cannot be reset by the code of a sign-up', async () => {
    const { sdk, clientId } = running;
    await sdk.send(new SignUpCommand({ ClientId: clientId, Username: EMAIL, Password: PASSWORD }));
    await expect(reset(running.lastCode())).rejects.toMatchObject({ name: 'ExpiredCodeException' });
  });

  it('can be asked about five times an hour', async () => {
    await confirmedUser(running, EMAIL);
    for (let asked = 0; asked < 5; asked += 1) await forgot();
    await expect(forgot()).rejects.toMatchObject({ name: 'LimitExceededException' });
    running.clock.nowMs += 3_600_000;
    await expect(forgot()).resolves.toBeDefined();
  });

  it('reveals nobody: an unknown or unverified address seems to get a code too', async () => {
    const { sdk, clientId } = running;
    await sdk.send(
      new SignUpCommand({ ClientId: clientId, Username: 'new@example.com', Password: PASSWORD }),
    );
    const sent = running.codes.length;
    for (const address of ['nobody@example.com', 'new@example.com']) {
      expect(await forgot(address)).toMatchObject({ CodeDeliveryDetails: { Destination: 'n***@e***' } });
    }
    expect(running.codes).toHaveLength(sent);
    await expect(reset('123456', NEW, 'nobody@example.com')).rejects.toMatchObject({
      name: 'CodeMismatchException',
    });
  });

  it('cannot be reset while it is a temporary one, nor where only an administrator may', async () => {
    await running.sdk.send(
      new AdminCreateUserCommand({
        UserPoolId: running.userPoolId,
        Username: EMAIL,
        MessageAction: 'SUPPRESS',
      }),
    );
    await expect(forgot()).rejects.toMatchObject({ name: 'NotAuthorizedException' });
    const strict = await start({
      pool: { AccountRecoverySetting: { RecoveryMechanisms: [{ Name: 'admin_only', Priority: 1 }] } },
    });
    await confirmedUser(strict, EMAIL);
    await expect(forgot(EMAIL, strict)).rejects.toMatchObject({
      message: 'Contact administrator to reset password.',
    });
    await strict.stop();
  });
});
