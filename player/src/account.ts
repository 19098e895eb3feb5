import {
  AuthenticationDetails,
  CognitoUser,
  CognitoUserAttribute,
  CognitoUserPool,
  type CognitoUserSession,
} from 'amazon-cognito-identity-js';
import type { Config } from './config.ts';
import { SignInNeeded } from '../../client/src/index.ts';

/** Who is signed in. */
export interface Viewer {
  readonly accountId: string;
  readonly email: string;
}

/**
 * The viewer's account, in Amazon Cognito. Passwords never leave the page: signing in is SRP. The session is kept in
 * localStorage, by Cognito's own library, until `signOut`.
 */
export interface Account {
  /** The viewer of the session that is kept here, its tokens renewed if need be; `undefined` when nobody is signed in. */
  restore(): Promise<Viewer | undefined>;
  signUp(email: string, password: string): Promise<void>;
  confirm(email: string, code: string): Promise<void>;
  sendCodeAgain(email: string): Promise<void>;
  signIn(email: string, password: string): Promise<Viewer>;
  /** Ends the session here, and revokes its tokens when Cognito can be reached. */
  signOut(): Promise<void>;
  /** An ID token that is still valid, or a new one in any case. @throws SignInNeeded; TypeError without network. */
  idToken(options?: { renewed: boolean }): Promise<string>;
}

type Where = Pick<Config, 'userPoolId' | 'userPoolClientId' | 'cognitoEndpoint'>;

export function createAccount({ userPoolId, userPoolClientId, cognitoEndpoint }: Where): Account {
  const pool = new CognitoUserPool({
    UserPoolId: userPoolId,
    ClientId: userPoolClientId,
    ...(cognitoEndpoint !== undefined && { endpoint: cognitoEndpoint }),
  });
  const userCalled = (email: string) => new CognitoUser({ Username: email, Pool: pool });

  async function session({ renewed }: { renewed: boolean }): Promise<CognitoUserSession> {
    const user = pool.getCurrentUser();
    if (!user) throw new SignInNeeded();
    try {
      const current = await answerOf<CognitoUserSession>((done) => user.getSession(done));
      if (!renewed) return current;
      return await answerOf<CognitoUserSession>((done) =>
        user.refreshSession(current.getRefreshToken(), done),
      );
    } catch (error) {
      throw isRefused(error) ? new SignInNeeded({ cause: error }) : error;
    }
  }

  return {
    async restore() {
      try {
        return viewerOf(await session({ renewed: false }));
      } catch (error) {
        if (error instanceof SignInNeeded) return undefined;
        throw error;
      }
    },
    async signUp(email, password) {
      const attributes = [new CognitoUserAttribute({ Name: 'email', Value: email })];
      await answerOf((done) => pool.signUp(email, password, attributes, [], done));
    },
    async confirm(email, code) {
      await answerOf((done) => userCalled(email).confirmRegistration(code, false, done));
    },
    async sendCodeAgain(email) {
      await answerOf((done) => userCalled(email).resendConfirmationCode(done));
    },
    signIn: (email, password) =>
      new Promise((resolve, reject) => {
        const details = new AuthenticationDetails({ Username: email, Password: password });
        userCalled(email).authenticateUser(details, {
          onSuccess: (signedIn) => resolve(viewerOf(signedIn)),
          onFailure: reject,
          newPasswordRequired: () => reject(new Error('This account has to choose a new password first.')),
        });
      }),
    async signOut() {
      const user = pool.getCurrentUser();
      if (!user) return;
      // Only a session in memory can be revoked, and one that has ended needs Cognito to get there.
      const revocable = await new Promise<boolean>((settle) => {
        user.getSession((error: unknown) => settle(!error));
      });
      if (revocable) await new Promise<void>((settle) => user.signOut(() => settle()));
      user.signOut(); // without Cognito's answer the library would keep the session
    },
    idToken: async (options = { renewed: false }) => (await session(options)).getIdToken().getJwtToken(),
  };
}

function viewerOf(session: CognitoUserSession): Viewer {
  const { payload } = session.getIdToken();
  return { accountId: String(payload['sub']), email: String(payload['email'] ?? 'your account') };
}

function answerOf<T>(call: (done: (error?: Error | null, answer?: T | null) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, answer) => {
      if (error) reject(error);
      else resolve(answer as T);
    });
  });
}

/** Cognito's word that this session is no more, as opposed to having no word from Cognito. */
function isRefused(error: unknown): boolean {
  return error instanceof Error && REFUSALS.has(error.name);
}

const REFUSALS = new Set(['NotAuthorizedException', 'UserNotFoundException', 'UserNotConfirmedException']);
