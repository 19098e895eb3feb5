/** What someone with tokens may do: GetUser, UpdateUserAttributes, GlobalSignOut, RevokeToken. */
import { z } from 'zod';
import { AwsError, operation, unsupported, type Operations } from '../aws-json.ts';
import {
  attributeList,
  changedAttributes,
  listed,
  readableOf,
  readOwnAttributes,
  requireAttributes,
} from './attributes.ts';
import type { Services } from './services.ts';
import { calledBy, changeUser, clientCall, requireUser } from './users.ts';

export function signedInOperations(services: Services): Operations {
  return {
    GetUser: getUser(services),
    UpdateUserAttributes: updateUserAttributes(services),
    GlobalSignOut: globalSignOut(services),
    RevokeToken: revokeToken(services),
  };
}

const withAccessToken = z.object({ AccessToken: z.string().regex(/^[A-Za-z0-9-_=.]+$/) });

const getUser = ({ store, tokens }: Pick<Services, 'store' | 'tokens'>) =>
  operation('public', withAccessToken, ({ AccessToken }) => {
    const { client, user } = signedInBy({ store, tokens }, AccessToken);
    return { Username: user.username, UserAttributes: listed(readableOf(user.attributes, client)) };
  });

const updating = withAccessToken.extend({
  UserAttributes: attributeList,
  ClientMetadata: clientCall.shape.ClientMetadata,
});

const updateUserAttributes = (services: Pick<Services, 'store' | 'tokens' | 'now'>) =>
  operation('public', updating, ({ AccessToken, UserAttributes }) => {
    const { client, pool, user } = signedInBy(services, AccessToken);
    const change = readOwnAttributes(UserAttributes, client, pool);
    const attributes = changedAttributes(pool, user.attributes, change);
    requireAttributes(pool.settings.requiredAttributes, attributes);
    changeUser(services, pool, user, { attributes });
    return { CodeDeliveryDetailsList: [] };
  });

function signedInBy({ store, tokens }: Pick<Services, 'store' | 'tokens'>, accessToken: string) {
  const { clientId, username } = tokens.readAccess(accessToken);
  const { client, pool } = calledBy(store, { ClientId: clientId });
  return { client, pool, user: requireUser(pool, username) };
}

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
