import {
  AuthenticationDetails,
  CognitoUser,
  CognitoUserPool,
  type CognitoUserSession,
} from 'amazon-cognito-identity-js';
import type { Config } from './service.ts';

/** Who is signed in, with tokens that Cognito's library renews. */
export type SignedIn = CognitoUser;

type Where = Pick<Config, 'userPoolId' | 'userPoolClientId' | 'cognitoEndpoint'>;

/** Signs in by SRP, so that the password never leaves this machine. @throws Error with Cognito's reason. */
export function signIn(
  { userPoolId, userPoolClientId, cognitoEndpoint }: Where,
  username: string,
  password: string,
): Promise<SignedIn> {
  const pool = new CognitoUserPool({
    UserPoolId: userPoolId,
    ClientId: userPoolClientId,
    ...(cognitoEndpoint !== undefined && { endpoint: cognitoEndpoint }),
  });
  const user = new CognitoUser({ Username: username, Pool: pool });
  return new Promise((resolve, reject) => {
    user.authenticateUser(new AuthenticationDetails({ Username: username, Password: password }), {
      onSuccess: () => resolve(user),
      onFailure: reject,
      newPasswordRequired: () => reject(new Error('This account has to choose a new password first.')),
    });
  });
}

/** The ID token, renewed if it has ended. @throws Error when only signing in again helps. */
export function idTokenOf(user: SignedIn): Promise<string> {
  return new Promise((resolve, reject) => {
    user.getSession((error: Error | null, session: CognitoUserSession | null) => {
      if (session) resolve(session.getIdToken().getJwtToken());
      else reject(error ?? new Error('Nobody is signed in.'));
    });
  });
}
