import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ConfirmSignUpCommand,
  InitiateAuthCommand,
  SignUpCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PASSWORD, signIn, start } from './stand-in.ts';
import { confirmedUser } from './users.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'usher-cognito-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('a stand-in with a file', () => {
  it('comes back with its pools, clients, users, sessions, codes and signing key', async () => {
    const file = join(folder, 'kept', 'cognito.json');
    const before = await start({ file });
    const username = await confirmedUser(before, 'mia@example.com');
    const session = await signIn(before, 'mia@example.com', PASSWORD);
    await before.sdk.send(
      new SignUpCommand({ ClientId: before.clientId, Username: 'ren@example.com', Password: PASSWORD }),
    );
    await before.stop();

    const after = await start({ file });
    expect(after.userPoolId).toBe(before.userPoolId);
    expect(after.clientId).toBe(before.clientId);
    expect(after.standIn.jwks).toEqual(before.standIn.jwks);
    const again = await signIn(after, 'mia@example.com', PASSWORD);
    expect(again.getIdToken().payload['sub']).toBe(username);
    const renewed = new InitiateAuthCommand({
      ClientId: after.clientId,
      AuthFlow: 'REFRESH_TOKEN_AUTH',
      AuthParameters: { REFRESH_TOKEN: session.getRefreshToken().getToken() },
    });
    await expect(after.sdk.send(renewed)).resolves.toBeDefined();
    const confirmed = new ConfirmSignUpCommand({
      ClientId: after.clientId,
      Username: 'ren@example.com',
      ConfirmationCode: before.lastCode(),
    });
    await expect(after.sdk.send(confirmed)).resolves.toBeDefined();
    await after.stop();
  });

  it('keeps it to its owner, holds no password and no refresh token, and leaves no draft behind', async () => {
    const file = join(folder, 'cognito.json');
    const running = await start({ file });
    await confirmedUser(running, 'mia@example.com');
    const session = await signIn(running, 'mia@example.com', PASSWORD);
    await running.stop();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const text = await readFile(file, 'utf8');
    expect(text).toContain('mia@example.com');
    expect(text).not.toContain(PASSWORD);
    expect(text).not.toContain(session.getRefreshToken().getToken());
    expect(await readdir(folder)).toEqual(['cognito.json']);
  });

  it('refuses to start from a file that is something else, and quotes none of it', async () => {
    const file = join(folder, 'cognito.json');
    await writeFile(file, '{"signingKeyPem":"very secret"}');
    const { message } = await start({ file }).then(
      () => new Error('it started'),
      (error: Error) => error,
    );
    expect(message).toMatch(/does not hold user pools/);
    expect(message).not.toContain('very secret');
    expect(await readFile(file, 'utf8')).toContain('very secret');
  });
});
