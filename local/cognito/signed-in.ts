/** What someone with tokens may do: GetUser, GlobalSignOut, RevokeToken. */
import { z } from 'zod';
import { AwsError, operation, unsupported, type Operations } from '../aws-json.ts';
import { listed } from './attributes.ts';
import type { Services } from './services.ts';
import { calledBy, clientCall, poolOf, requireUser } from './users.ts';

export function signedInOperations(services: Services): Operations {
  return {
    GetUser: getUser(services),
    GlobalSignOut: globalSignOut(services),
    RevokeToken: revokeToken(services),
  };
}

const withAccessToken = z.object({ AccessToken: z.string().regex(/^[A-Za-z0-9-_=.]+$/) });

const getUser = ({ store, tokens }: Pick<Services, 'store' | 'tokens'>) =>
  operation('public', withAccessToken, ({ AccessToken }) => {
    const session = tokens.readAccess(AccessToken);
    const user = requireUser(poolOf(store, session.poolId), session.username);
    return { Username: user.username, UserAttributes: listed(user.attributes) };
  });

const globalSignOut = ({ tokens }: Pick<Services, 'tokens'>) =>
  operation('public', withAccessToken, ({ AccessToken }) => {
    tokens.revokeAll(tokens.readAccess(AccessToken));
    return {};
  });

const revoking = clientCall
  .pick({ ClientId: true })
  .extend({ Token: z.string().min(1), ClientSecret: unsupported('no client has a secret') });

const revokeToken = ({ store, tokens }: Pick<Services, 'store' | 'tokens'>) =>
  operation('public', revoking, ({ ClientId, Token }) => {
    const { client } = calledBy(store, { ClientId });
    if (Token.split('.').length === 3) {
      throw new AwsError('UnsupportedTokenTypeException', 'Only refresh tokens can be revoked.');
    }
    tokens.revoke(client, Token);
    return {};
  });
