import {
  AdminCreateUserCommand,
  AdminSetUserPasswordCommand,
  type CognitoIdentityProviderClient,
  UsernameExistsException,
} from '@aws-sdk/client-cognito-identity-provider';

/** Public on purpose: it opens nothing but a stand-in on this machine. */
export const demoUser = { username: 'demo@usher.local', password: 'Usher-demo-1' } as const;

/**
 * A viewer to sign in as without signing up; with an account, where a claim other than `sub` names it. Keeps the one
 * that is there.
 */
export async function ensureDemoUser(
  { cognito }: { readonly cognito: Pick<CognitoIdentityProviderClient, 'send'> },
  userPoolId: string,
  accountClaim: string,
): Promise<void> {
  const user = { UserPoolId: userPoolId, Username: demoUser.username };
  try {
    await cognito.send(
      new AdminCreateUserCommand({
        ...user,
        MessageAction: 'SUPPRESS',
        UserAttributes: [
          { Name: 'email', Value: demoUser.username },
          { Name: 'email_verified', Value: 'true' },
          ...(accountClaim === 'sub' ? [] : [{ Name: accountClaim, Value: 'demo' }]),
        ],
      }),
    );
  } catch (error) {
    if (!(error instanceof UsernameExistsException)) throw error;
  }
  await cognito.send(
    new AdminSetUserPasswordCommand({ ...user, Password: demoUser.password, Permanent: true }),
  );
}
