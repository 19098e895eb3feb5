/** A stand-in for Amazon Cognito user pools. What it supports and refuses: README.md beside this file. */
import { startAwsJson } from '../aws-json.ts';
import { adminOperations } from './admin.ts';
import { passwordResetOperations } from './password-reset.ts';
import { ensureClient, ensurePool } from './provisioning.ts';
import { createServices } from './services.ts';
import { signInOperations } from './sign-in.ts';
import { signUpOperations } from './sign-up.ts';
import { signedInOperations } from './signed-in.ts';
import { openStore } from './store.ts';
import type { KeySet } from './tokens.ts';

export interface CognitoOptions {
  /** Any free one by default. */
  readonly port?: number;
  readonly region: string;
  /** JSON kept across restarts, mode 0600. Without it everything is forgotten. */
  readonly file?: string;
  /** Receives what the real service would send by mail: the code of a sign-up or of a password reset. */
  readonly onCode: (username: string, code: string) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export interface CognitoStandIn {
  readonly url: string;
  /** The `iss` of the pool's tokens: `https://cognito-idp.REGION.amazonaws.com/ID`, as in real ones. */
  issuer(userPoolId: string): string;
  /** Verifies every pool's tokens; also under `/{userPoolId}/.well-known/jwks.json`. */
  readonly jwks: KeySet;
  /**
   * Creates the pool or brings it up to date, by the template's logical name and the properties of
   * AWS::Cognito::UserPool. Throws an Error that names every property it cannot honour.
   */
  ensureUserPool(pool: { name: string; properties: Record<string, unknown> }): { userPoolId: string };
  /** The same for AWS::Cognito::UserPoolClient. */
  ensureUserPoolClient(client: { name: string; userPoolId: string; properties: Record<string, unknown> }): {
    clientId: string;
  };
  stop(): Promise<void>;
}

/** Starts on 127.0.0.1. */
export async function startCognito(options: CognitoOptions): Promise<CognitoStandIn> {
  const { region, onCode, now = Date.now } = options;
  const store = await openStore(options.file);
  const services = createServices({ store, now, onCode, region });
  const { tokens } = services;
  const server = await startAwsJson({
    port: options.port ?? 0,
    service: 'cognito-idp',
    region,
    target: 'AWSCognitoIdentityProviderService',
    invalid: 'InvalidParameterException',
    operations: {
      ...signUpOperations(services),
      ...signInOperations(services),
      ...passwordResetOperations(services),
      ...signedInOperations(services),
      ...adminOperations(services),
    },
    cors: true,
    document: (path) => {
      const poolId = /^\/([^/]+)\/\.well-known\/jwks\.json$/.exec(path)?.[1];
      return poolId !== undefined && store.pools.has(poolId) ? tokens.jwks : undefined;
    },
  });
  return {
    url: server.url,
    issuer: (userPoolId) => tokens.issuer(userPoolId),
    jwks: tokens.jwks,
    ensureUserPool: (pool) => ({ userPoolId: ensurePool({ store, region }, pool).id }),
    ensureUserPoolClient: (client) => ({ clientId: ensureClient({ store }, client).id }),
    stop: () => server.stop(),
  };
}
