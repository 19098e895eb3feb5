/** A running stand-in with one pool and one client, and the real SDKs pointed at it. */
import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import {
  AuthenticationDetails,
  CognitoUser,
  CognitoUserPool,
  type CognitoUserSession,
} from 'amazon-cognito-identity-js';
import { startCognito } from '../../../local/cognito/server.ts';

export const REGION = 'eu-west-1';
export const PASSWORD = 'Correct-horse-1';

export interface Setting {
  readonly pool?: Record<string, unknown>;
  readonly client?: Record<string, unknown>;
  readonly file?: string;
}

const POOL = {
  UsernameAttributes: ['email'],
  AutoVerifiedAttributes: ['email'],
  AdminCreateUserConfig: { AllowAdminCreateUserOnly: false },
  UsernameConfiguration: { CaseSensitive: false },
  Policies: {
    PasswordPolicy: {
      MinimumLength: 10,
      RequireLowercase: true,
      RequireUppercase: true,
      RequireNumbers: true,
      RequireSymbols: true,
    },
  },
};
const CLIENT = {
  ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
  PreventUserExistenceErrors: 'ENABLED',
  GenerateSecret: false,
};

export type Running = Awaited<ReturnType<typeof start>>;

export async function start({ pool, client, file }: Setting = {}) {
  const codes: { username: string; code: string }[] = [];
  const clock = { nowMs: Date.parse('2026-11-22T10:00:00.000Z') };
  const standIn = await startCognito({
    region: REGION,
    ...(file && { file }),
    onCode: (username, code) => codes.push({ username, code }),
    now: () => clock.nowMs,
  });
  const { userPoolId } = standIn.ensureUserPool({ name: 'Viewers', properties: { ...POOL, ...pool } });
  const { clientId } = standIn.ensureUserPoolClient({
    name: 'Player',
    userPoolId,
    properties: { UserPoolId: userPoolId, ...CLIENT, ...client },
  });
  const sdk = new CognitoIdentityProviderClient({
    endpoint: standIn.url,
    region: REGION,
    credentials: { accessKeyId: 'LOCAL', secretAccessKey: 'local' },
  });
  return {
    standIn,
    userPoolId,
    clientId,
    sdk,
    clock,
    /** The last code that was sent. */
    lastCode: () => codes.at(-1)?.code ?? 'none',
    codes,
    stop: async () => {
      sdk.destroy();
      await standIn.stop();
    },
  };
}

/** Signs in with amazon-cognito-identity-js, as a browser would. Resolves to its session, rejects with its error. */
export function signIn(running: Running, username: string, password: string): Promise<CognitoUserSession> {
  const user = browserUser(running, username);
  return new Promise((resolve, reject) => {
    user.authenticateUser(new AuthenticationDetails({ Username: username, Password: password }), {
      onSuccess: resolve,
      onFailure: reject,
      newPasswordRequired: () => reject(new Error('a new password is required')),
    });
  });
}

export function browserUser({ standIn, userPoolId, clientId }: Running, username: string): CognitoUser {
  const kept = new Map<string, string>();
  const Storage = {
    setItem: (key: string, value: string) => kept.set(key, value),
    getItem: (key: string) => kept.get(key) ?? null,
    removeItem: (key: string) => kept.delete(key),
    clear: () => kept.clear(),
  };
  const Pool = new CognitoUserPool({
    UserPoolId: userPoolId,
    ClientId: clientId,
    endpoint: standIn.url,
    Storage,
  });
  return new CognitoUser({ Username: username, Pool, Storage });
}

/** One raw call, for what no SDK would send. */
export async function post(
  url: string,
  operation: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<{
  status: number;
  headers: Headers;
  body: { __type?: string; message?: string } & Record<string, unknown>;
}> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AWSCognitoIdentityProviderService.${operation}`,
      ...headers,
    },
    body,
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as never };
}
