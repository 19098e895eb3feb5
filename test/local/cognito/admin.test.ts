import {
  AdminConfirmSignUpCommand,
  AdminCreateUserCommand,
  AdminDeleteUserCommand,
  AdminGetUserCommand,
  AdminSetUserPasswordCommand,
  ListUsersCommand,
  SignUpCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PASSWORD, post, signIn, start, type Running } from './stand-in.ts';
import { confirmedUser } from './users.ts';

let running: Running;
beforeEach(async () => {
  running = await start();
});
afterEach(() => running.stop());

describe('an administrator', () => {
  it('must send a signature, of the right form, region and service', async () => {
    const credential = (scope: string) =>
      `AWS4-HMAC-SHA256 Credential=LOCAL/${scope}/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`;
    const call = async (authorization?: string) => {
      const headers: Record<string, string> = authorization ? { authorization } : {};
      const { status, body } = await post(
        running.standIn.url,
        'ListUsers',
        JSON.stringify({ UserPoolId: running.userPoolId }),
        headers,
      );
      return { status, type: body['__type'] };
    };
    expect(await call()).toEqual({ status: 400, type: 'MissingAuthenticationTokenException' });
    expect(await call('Bearer x')).toEqual({ status: 400, type: 'IncompleteSignatureException' });
    expect(await call(credential('20261122/us-east-1/cognito-idp'))).toMatchObject({
      type: 'InvalidSignatureException',
    });
    expect(await call(credential('20261122/eu-west-1/ssm'))).toMatchObject({
      type: 'InvalidSignatureException',
    });
    expect(await call(credential('20261122/eu-west-1/cognito-idp'))).toEqual({
      status: 200,
      type: undefined,
    });
  });

  it('creates users whose address counts as verified only if said so', async () => {
    const { User } = await running.sdk.send(
      new AdminCreateUserCommand({
        UserPoolId: running.userPoolId,
        Username: 'tom@example.com',
        TemporaryPassword: 'Temporary-pass-1',
      }),
    );
    expect(User).toMatchObject({ UserStatus: 'FORCE_CHANGE_PASSWORD', Enabled: true });
    expect(User?.UserCreateDate).toEqual(new Date(running.clock.nowMs));
    expect(
      await running.sdk.send(
        new AdminGetUserCommand({ UserPoolId: running.userPoolId, Username: User?.Username }),
      ),
    ).toMatchObject({
      UserAttributes: [
        { Name: 'sub', Value: User?.Username },
        { Name: 'email_verified', Value: 'false' },
        { Name: 'email', Value: 'tom@example.com' },
      ],
    });
    expect(running.codes).toEqual([]);
  });

  it('is told that invitations are not sent rather than left waiting for one', async () => {
    const create = (input: { MessageAction?: 'RESEND' }) =>
      running.sdk.send(
        new AdminCreateUserCommand({ UserPoolId: running.userPoolId, Username: 'tom@example.com', ...input }),
      );
    const refused = { name: 'InvalidParameterException', message: expect.stringContaining('no invitations') };
    await expect(create({})).rejects.toMatchObject(refused);
    await expect(create({ MessageAction: 'RESEND' })).rejects.toMatchObject(refused);
  });

  it('confirms a sign-up without a code, once', async () => {
    const { sdk, clientId, userPoolId } = running;
    await sdk.send(
      new SignUpCommand({ ClientId: clientId, Username: 'ren@example.com', Password: PASSWORD }),
    );
    const confirm = new AdminConfirmSignUpCommand({ UserPoolId: userPoolId, Username: 'ren@example.com' });
    await sdk.send(confirm);
    const session = await signIn(running, 'ren@example.com', PASSWORD);
    expect(session.getIdToken().payload).toMatchObject({ email_verified: false });
    await expect(sdk.send(confirm)).rejects.toMatchObject({ name: 'NotAuthorizedException' });
  });

  it('sets passwords within the policy only', async () => {
    await confirmedUser(running, 'mia@example.com');
    const weak = new AdminSetUserPasswordCommand({
      UserPoolId: running.userPoolId,
      Username: 'mia@example.com',
      Password: 'weakweakweak',
      Permanent: true,
    });
    await expect(running.sdk.send(weak)).rejects.toMatchObject({ name: 'InvalidPasswordException' });
    await expect(signIn(running, 'mia@example.com', PASSWORD)).resolves.toBeDefined();
  });

  it('lists and deletes users', async () => {
    const emails = ['a@example.com', 'b@example.com', 'c@example.com'];
    for (const email of emails) await confirmedUser(running, email);
    const { sdk, userPoolId: UserPoolId } = running;
    await sdk.send(new AdminDeleteUserCommand({ UserPoolId, Username: 'b@example.com' }));
    const first = await sdk.send(new ListUsersCommand({ UserPoolId, Limit: 1 }));
    const second = await sdk.send(
      new ListUsersCommand({ UserPoolId, Limit: 1, PaginationToken: first.PaginationToken }),
    );
    const listed = [...(first.Users ?? []), ...(second.Users ?? [])];
    expect(listed.map((user) => user.Attributes?.find(({ Name }) => Name === 'email')?.Value)).toEqual([
      'a@example.com',
      'c@example.com',
    ]);
    expect(second.PaginationToken).toBeUndefined();
    await expect(
      sdk.send(new AdminGetUserCommand({ UserPoolId, Username: 'b@example.com' })),
    ).rejects.toMatchObject({ name: 'UserNotFoundException' });
    await expect(sdk.send(new ListUsersCommand({ UserPoolId, Filter: 'email = "a"' }))).rejects.toMatchObject(
      {
        name: 'InvalidParameterException',
      },
    );
  });
});
