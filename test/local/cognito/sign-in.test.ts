import { randomBytes } from 'node:crypto';
import {
  AdminCreateUserCommand,
  AdminSetUserPasswordCommand,
  InitiateAuthCommand,
  SignUpCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { AuthenticationDetails } from 'amazon-cognito-identity-js';
import { CognitoJwtVerifier } from 'aws-jwt-verify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { browserUser, PASSWORD, signIn, start, type Running } from './stand-in.ts';
import { confirmedUser } from './users.ts';

let running: Running;
beforeEach(async () => {
  running = await start();
  running.clock.nowMs = Date.now(); // aws-jwt-verify reads the machine's clock
});
afterEach(() => running.stop());

const NOT_AUTHORIZED = { name: 'NotAuthorizedException', message: 'Incorrect username or password.' };

describe('signing in by SRP with amazon-cognito-identity-js', () => {
  it('gives tokens that the official verifier accepts, with the claims of real ones', async () => {
    const username = await confirmedUser(running, 'mia@example.com');
    const session = await signIn(running, 'mia@example.com', PASSWORD);
    const common = { userPoolId: running.userPoolId, clientId: running.clientId };
    const idVerifier = CognitoJwtVerifier.create({ ...common, tokenUse: 'id' });
    idVerifier.cacheJwks({ keys: [...running.standIn.jwks.keys] });
    const accessVerifier = CognitoJwtVerifier.create({ ...common, tokenUse: 'access' });
    accessVerifier.cacheJwks({ keys: [...running.standIn.jwks.keys] });

    const id = await idVerifier.verify(session.getIdToken().getJwtToken());
    expect(id).toMatchObject({
      sub: username,
      iss: running.standIn.issuer(running.userPoolId),
      'cognito:username': username,
      email: 'mia@example.com',
      email_verified: true,
      token_use: 'id',
    });
    const access = await accessVerifier.verify(session.getAccessToken().getJwtToken());
    expect(access).toMatchObject({
      sub: username,
      username,
      token_use: 'access',
      scope: 'aws.cognito.signin.user.admin',
      origin_jti: id['origin_jti'],
    });
    for (const claims of [id, access]) {
      expect(claims.exp - claims.iat).toBe(3600);
      expect(claims).toEqual(
        expect.objectContaining({
          jti: expect.any(String),
          event_id: expect.any(String),
          auth_time: claims.iat,
        }),
      );
    }
    await expect(accessVerifier.verify(session.getIdToken().getJwtToken())).rejects.toThrow(/Token use/);
  });

  it('works for any password, however the numbers in it fall', async () => {
    await confirmedUser(running, 'mia@example.com');
    for (let round = 0; round < 12; round += 1) {
      const password = `aA1-${randomBytes(1 + round).toString('base64')}ü`;
      await running.sdk.send(
        new AdminSetUserPasswordCommand({
          UserPoolId: running.userPoolId,
          Username: 'mia@example.com',
          Password: `${password}xxxxxx`,
          Permanent: true,
        }),
      );
      const session = await signIn(running, 'mia@example.com', `${password}xxxxxx`);
      expect(session.isValid()).toBe(true);
    }
  }, 60_000);

  it('takes the e-mail address in any case where the pool says so, and the username itself', async () => {
    const username = await confirmedUser(running, 'mia@example.com');
    await expect(signIn(running, 'MIA@Example.com', PASSWORD)).resolves.toBeDefined();
    await expect(signIn(running, username, PASSWORD)).resolves.toBeDefined();
  });

  it('refuses a wrong password', async () => {
    await confirmedUser(running, 'mia@example.com');
    await expect(signIn(running, 'mia@example.com', 'Wrong-horse-1')).rejects.toMatchObject(NOT_AUTHORIZED);
  });

  it('answers an unknown user exactly as a wrong password', async () => {
    await expect(signIn(running, 'nobody@example.com', PASSWORD)).rejects.toMatchObject(NOT_AUTHORIZED);
  });

  it('locks out after five wrong passwords, also for who began before the fifth', async () => {
    await confirmedUser(running, 'mia@example.com');
    const attempts = Array.from({ length: 8 }, () => signIn(running, 'mia@example.com', 'Wrong-horse-1'));
    const failures = await Promise.allSettled(attempts);
    const messages = failures.map((failure) =>
      failure.status === 'rejected' ? (failure.reason as Error).message : 'signed in',
    );
    expect(messages.filter((message) => message === NOT_AUTHORIZED.message)).toHaveLength(5);
    expect(messages.filter((message) => message === 'Password attempts exceeded')).toHaveLength(3);
    running.clock.nowMs += 1000;
    await expect(signIn(running, 'mia@example.com', PASSWORD)).resolves.toBeDefined();
  });

  it('says that the user does not exist where the client is LEGACY', async () => {
    const legacy = await start({ client: { PreventUserExistenceErrors: 'LEGACY' } });
    await expect(signIn(legacy, 'nobody@example.com', PASSWORD)).rejects.toMatchObject({
      name: 'UserNotFoundException',
    });
    await legacy.stop();
  });

  it('shows the same kind of salt and id for a user who does not exist, every time', async () => {
    await confirmedUser(running, 'mia@example.com');
    const ask = async (USERNAME: string) => {
      const { ChallengeParameters } = await running.sdk.send(
        new InitiateAuthCommand({
          ClientId: running.clientId,
          AuthFlow: 'USER_SRP_AUTH',
          AuthParameters: { USERNAME, SRP_A: randomBytes(384).toString('hex') },
        }),
      );
      return ChallengeParameters ?? {};
    };
    const shape = (parameters: Record<string, string>) =>
      Object.keys(parameters)
        .toSorted()
        .map((key) => [key, parameters[key]?.length]);
    const [known, unknown, again] = [
      await ask('mia@example.com'),
      await ask('nobody@example.com'),
      await ask('nobody@example.com'),
    ];
    expect(shape({ ...unknown, SRP_B: '' })).toEqual(shape({ ...known, SRP_B: '' }));
    expect(again).toMatchObject({ SALT: unknown['SALT'], USER_ID_FOR_SRP: unknown['USER_ID_FOR_SRP'] });
    expect(unknown['USER_ID_FOR_SRP']).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  it('refuses a public key that would give the shared secret away', async () => {
    await confirmedUser(running, 'mia@example.com');
    const zero = new InitiateAuthCommand({
      ClientId: running.clientId,
      AuthFlow: 'USER_SRP_AUTH',
      AuthParameters: { USERNAME: 'mia@example.com', SRP_A: '00' },
    });
    await expect(running.sdk.send(zero)).rejects.toMatchObject(NOT_AUTHORIZED);
  });

  it('refuses a right password before the sign-up is confirmed', async () => {
    const { sdk, clientId } = running;
    await sdk.send(
      new SignUpCommand({ ClientId: clientId, Username: 'new@example.com', Password: PASSWORD }),
    );
    await expect(signIn(running, 'new@example.com', PASSWORD)).rejects.toMatchObject({
      name: 'UserNotConfirmedException',
    });
  });
});

describe('a password made by an administrator', () => {
  const temporary = 'Temporary-pass-1';
  const created = () =>
    running.sdk.send(
      new AdminCreateUserCommand({
        UserPoolId: running.userPoolId,
        Username: 'tom@example.com',
        TemporaryPassword: temporary,
      }),
    );
  const completed = (newPassword: string, attributes: Record<string, string> = {}) => {
    const user = browserUser(running, 'tom@example.com');
    return new Promise((resolve, reject) => {
      user.authenticateUser(new AuthenticationDetails({ Username: 'tom@example.com', Password: temporary }), {
        onSuccess: reject,
        onFailure: reject,
        newPasswordRequired: () =>
          user.completeNewPasswordChallenge(newPassword, attributes, {
            onSuccess: resolve,
            onFailure: reject,
          }),
      });
    });
  };

  it('must be replaced by one of one’s own, and then no longer works', async () => {
    await created();
    await completed(PASSWORD, { name: 'Tom' });
    const session = await signIn(running, 'tom@example.com', PASSWORD);
    expect(session.getIdToken().payload).toMatchObject({ name: 'Tom' });
    await expect(signIn(running, 'tom@example.com', temporary)).rejects.toMatchObject(NOT_AUTHORIZED);
  });

  it('cannot be replaced by one that breaks the policy', async () => {
    await created();
    await expect(completed('weakweakweak')).rejects.toMatchObject({ name: 'InvalidPasswordException' });
    await expect(signIn(running, 'tom@example.com', 'weakweakweak')).rejects.toMatchObject(NOT_AUTHORIZED);
  });

  it('expires after the days that the policy gives it', async () => {
    await created();
    running.clock.nowMs += 7 * 86_400_000;
    await expect(completed(PASSWORD)).rejects.toMatchObject({
      name: 'NotAuthorizedException',
      message: 'Temporary password has expired and must be reset by an administrator.',
    });
  });
});

describe('signing in with the password in the request', () => {
  const byPassword = (to: Running, USERNAME: string, password: string) =>
    to.sdk.send(
      new InitiateAuthCommand({
        ClientId: to.clientId,
        AuthFlow: 'USER_PASSWORD_AUTH',
        AuthParameters: { USERNAME, PASSWORD: password },
      }),
    );

  it('is refused unless the client allows the flow', async () => {
    await confirmedUser(running, 'mia@example.com');
    await expect(byPassword(running, 'mia@example.com', PASSWORD)).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: 'USER_PASSWORD_AUTH flow not enabled for this client',
    });
  });

  it('works where the client allows it, and tells nobody who exists', async () => {
    const open = await start({ client: { ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH'] } });
    await confirmedUser(open, 'mia@example.com');
    const { AuthenticationResult } = await byPassword(open, 'mia@example.com', PASSWORD);
    expect(AuthenticationResult).toMatchObject({ ExpiresIn: 3600, TokenType: 'Bearer' });
    await expect(byPassword(open, 'mia@example.com', 'Wrong-horse-1')).rejects.toMatchObject(NOT_AUTHORIZED);
    await expect(byPassword(open, 'nobody@example.com', PASSWORD)).rejects.toMatchObject(NOT_AUTHORIZED);
    await expect(signIn(open, 'mia@example.com', PASSWORD)).rejects.toMatchObject({
      message: 'USER_SRP_AUTH flow not enabled for this client',
    });
    await open.stop();
  });

  it('locks out after five failures, known user or not, and longer each time', async () => {
    const open = await start({ client: { ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH'] } });
    await confirmedUser(open, 'mia@example.com');
    const locked = { name: 'NotAuthorizedException', message: 'Password attempts exceeded' };
    for (const name of ['mia@example.com', 'nobody@example.com']) {
      for (let failure = 1; failure <= 5; failure += 1) {
        await expect(byPassword(open, name, 'Wrong-horse-1')).rejects.toMatchObject(NOT_AUTHORIZED);
      }
      await expect(byPassword(open, name, PASSWORD)).rejects.toMatchObject(locked);
      open.clock.nowMs += 1000;
      await expect(byPassword(open, name, 'Wrong-horse-1')).rejects.toMatchObject(NOT_AUTHORIZED);
      open.clock.nowMs += 1000;
      await expect(byPassword(open, name, PASSWORD)).rejects.toMatchObject(locked);
      open.clock.nowMs += 1000;
    }
    await expect(byPassword(open, 'mia@example.com', PASSWORD)).resolves.toBeDefined();
    await open.stop();
  });
});
