/** What an administrator may do; these calls carry a Signature Version 4 header. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { AwsError, operation, unsupported, type Operations } from '../aws-json.ts';
import { attributeList, changedAttributes, listed, readAttributes } from './attributes.ts';
import { checkPassword } from './password-policy.ts';
import type { Services } from './services.ts';
import { makeSecret } from './srp.ts';
import type { Pool, User } from './store.ts';
import { changeUser, createUser, password, poolId, poolOf, requireUser, username } from './users.ts';

export function adminOperations(services: Services): Operations {
  return {
    AdminCreateUser: adminCreateUser(services),
    AdminSetUserPassword: adminSetUserPassword(services),
    AdminUpdateUserAttributes: adminUpdateUserAttributes(services),
    AdminConfirmSignUp: adminConfirmSignUp(services),
    AdminGetUser: adminGetUser(services),
    AdminDeleteUser: adminDeleteUser(services),
    ListUsers: listUsers(services),
  };
}

const aboutUser = z.object({ UserPoolId: poolId, Username: username });

const NO_INVITATIONS = 'the stand-in sends no invitations: set SUPPRESS, or give a TemporaryPassword';
const creating = aboutUser
  .extend({
    TemporaryPassword: password.optional(),
    UserAttributes: attributeList,
    MessageAction: z.literal('SUPPRESS', NO_INVITATIONS).optional(),
    ForceAliasCreation: z.boolean().optional(), // no pool here has aliases
    DesiredDeliveryMediums: z.array(z.enum(['EMAIL', 'SMS'])).optional(),
  })
  .refine((input) => input.TemporaryPassword || input.MessageAction === 'SUPPRESS', NO_INVITATIONS);

const adminCreateUser = (services: Pick<Services, 'store' | 'now'>) =>
  operation('signed', creating, ({ UserPoolId, Username, TemporaryPassword, UserAttributes }) => {
    const pool = poolOf(services.store, UserPoolId);
    const attributes = readAttributes(UserAttributes, pool, ['email_verified']);
    if (TemporaryPassword) checkPassword(pool.settings.passwordPolicy, TemporaryPassword);
    const user = createUser(services, pool, {
      name: Username,
      password: TemporaryPassword ?? randomBytes(32).toString('base64url'), // told to nobody, as when SUPPRESSed for real
      attributes,
      status: 'FORCE_CHANGE_PASSWORD',
      temporaryUntilMs: temporaryUntil(services, pool),
    });
    return { User: { ...described(user), Attributes: listed(user.attributes) } };
  });

const setting = aboutUser.extend({ Password: password, Permanent: z.boolean().default(false) });

const adminSetUserPassword = (services: Pick<Services, 'store' | 'now'>) =>
  operation('signed', setting, ({ UserPoolId, Username, Password, Permanent }) => {
    const pool = poolOf(services.store, UserPoolId);
    const user = requireUser(pool, Username);
    checkPassword(pool.settings.passwordPolicy, Password);
    const secret = makeSecret({ poolId: pool.id, userId: user.username }, Password);
    changeUser(services, pool, user, {
      secret,
      ...(Permanent
        ? { status: 'CONFIRMED' }
        : { status: 'FORCE_CHANGE_PASSWORD', temporaryUntilMs: temporaryUntil(services, pool) }),
    });
    return {};
  });

const updating = aboutUser.extend({ UserAttributes: attributeList });

const adminUpdateUserAttributes = (services: Pick<Services, 'store' | 'now'>) =>
  operation('signed', updating, ({ UserPoolId, Username, UserAttributes }) => {
    const pool = poolOf(services.store, UserPoolId);
    const user = requireUser(pool, Username);
    const change = readAttributes(UserAttributes, pool, ['email_verified']);
    changeUser(services, pool, user, { attributes: changedAttributes(pool, user.attributes, change) });
    return {};
  });

/** Confirms the account; the e-mail address stays unverified, as with the real service. */
const adminConfirmSignUp = (services: Pick<Services, 'store' | 'now'>) =>
  operation('signed', aboutUser, ({ UserPoolId, Username }) => {
    const pool = poolOf(services.store, UserPoolId);
    const user = requireUser(pool, Username);
    if (user.status !== 'UNCONFIRMED') {
      throw new AwsError(
        'NotAuthorizedException',
        `User cannot be confirmed. Current status is ${user.status}`,
      );
    }
    changeUser(services, pool, user, { status: 'CONFIRMED' });
    return {};
  });

const adminGetUser = ({ store }: Pick<Services, 'store'>) =>
  operation('signed', aboutUser, ({ UserPoolId, Username }) => {
    const user = requireUser(poolOf(store, UserPoolId), Username);
    return { ...described(user), UserAttributes: listed(user.attributes) };
  });

const adminDeleteUser = ({ store, tokens }: Pick<Services, 'store' | 'tokens'>) =>
  operation('signed', aboutUser, ({ UserPoolId, Username }) => {
    const pool = poolOf(store, UserPoolId);
    const user = requireUser(pool, Username);
    pool.users.delete(user.username);
    tokens.revokeAll({ poolId: pool.id, username: user.username }); // also saves
    return {};
  });

const NO_FILTERS = 'the stand-in does not support it';
const listing = z.object({
  UserPoolId: poolId,
  Limit: z.int().min(0).max(60).default(60),
  PaginationToken: z.string().regex(/^\d+$/).optional(),
  Filter: unsupported(NO_FILTERS),
  AttributesToGet: unsupported(NO_FILTERS),
});

const listUsers = ({ store }: Pick<Services, 'store'>) =>
  operation('signed', listing, ({ UserPoolId, Limit, PaginationToken }) => {
    const users = [...poolOf(store, UserPoolId).users.values()];
    const start = Number(PaginationToken ?? 0);
    const end = start + (Limit || 60);
    return {
      Users: users
        .slice(start, end)
        .map((user) => ({ ...described(user), Attributes: listed(user.attributes) })),
      ...(end < users.length && { PaginationToken: String(end) }),
    };
  });

function described({ username: Username, status, createdAtMs, modifiedAtMs }: User) {
  return {
    Username,
    UserStatus: status,
    Enabled: true,
    UserCreateDate: createdAtMs / 1000,
    UserLastModifiedDate: modifiedAtMs / 1000,
  };
}

function temporaryUntil({ now }: Pick<Services, 'now'>, { settings }: Pool): number {
  return now() + settings.passwordPolicy.temporaryPasswordDays * 86_400_000;
}
