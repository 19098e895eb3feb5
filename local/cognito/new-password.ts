/** What follows a right password: tokens, or first a password of one's own in place of a temporary one. */
import { randomBytes } from 'node:crypto';
import { AwsError } from '../aws-json.ts';
import { readableOf, readOwnAttributes, requireAttributes, type Attributes } from './attributes.ts';
import { required, type Call } from './auth-call.ts';
import { createChallenges } from './challenges.ts';
import { checkPassword } from './password-policy.ts';
import type { Services } from './services.ts';
import { makeSecret } from './srp.ts';
import type { Pool, User } from './store.ts';
import { changeUser } from './users.ts';

export interface NewPasswordChallenge {
  /** Tokens, or NEW_PASSWORD_REQUIRED. Throws UserNotConfirmedException. */
  afterPassword(call: Call, user: User): object;
  /** Takes the response to NEW_PASSWORD_REQUIRED. A password against the policy leaves the challenge open. */
  answer(call: Call, session: string | undefined): object;
}

export function createNewPasswordChallenge(
  services: Pick<Services, 'store' | 'tokens' | 'now'>,
): NewPasswordChallenge {
  const { tokens, now } = services;
  const asked = createChallenges<{ username: string; clientId: string; verifierHex: string }>({ now });
  return {
    afterPassword: ({ client, pool }, user) => {
      if (user.status === 'UNCONFIRMED') {
        throw new AwsError('UserNotConfirmedException', 'User is not confirmed.');
      }
      if (user.status === 'CONFIRMED') return signedIn(tokens.signIn(client, user));
      if (user.temporaryUntilMs !== undefined && user.temporaryUntilMs <= now()) {
        throw unauthorized('Temporary password has expired and must be reset by an administrator.');
      }
      const session = randomBytes(96).toString('base64url');
      const { username, secret } = user;
      const state = { username, clientId: client.id, verifierHex: secret.verifierHex };
      asked.open(session, state, client.settings.challengeSeconds);
      return {
        ChallengeName: 'NEW_PASSWORD_REQUIRED',
        Session: session,
        ChallengeParameters: {
          USER_ID_FOR_SRP: username,
          requiredAttributes: JSON.stringify(missing(pool, user).map((name) => `userAttributes.${name}`)),
          userAttributes: JSON.stringify(withoutSub(readableOf(user.attributes, client))),
        },
      };
    },
    answer: (call, session) => {
      const { client, pool } = call;
      const name = required(call, 'USERNAME');
      const password = required(call, 'NEW_PASSWORD');
      const state = session === undefined ? undefined : asked.get(session);
      const user = state && pool.users.get(state.username);
      const named = user && (name === user.username || name === user.attributes['email']);
      const unchanged =
        user?.status === 'FORCE_CHANGE_PASSWORD' && user.secret.verifierHex === state?.verifierHex;
      if (!session || !named || !unchanged || state?.clientId !== client.id) {
        throw unauthorized('Invalid session for the user.');
      }
      checkPassword(pool.settings.passwordPolicy, password);
      const attributes = { ...user.attributes, ...givenAttributes(call) };
      requireAttributes(pool.settings.requiredAttributes, attributes);
      asked.close(session);
      const secret = makeSecret({ poolId: pool.id, userId: user.username }, password);
      const changed = changeUser(services, pool, user, { secret, attributes, status: 'CONFIRMED' });
      return signedIn(tokens.signIn(client, changed));
    },
  };
}

/** The wire form of a finished sign-in or refresh. */
export function signedIn(result: object): object {
  return { ChallengeParameters: {}, AuthenticationResult: result };
}

function missing({ settings }: Pool, { attributes }: User): readonly string[] {
  return settings.requiredAttributes.filter((name) => !attributes[name]);
}

const PREFIX = 'userAttributes.';

/** The attributes that came along as `userAttributes.<name>`. The address people sign in by cannot be changed here. */
function givenAttributes({ client, pool, parameters }: Call): Attributes {
  const given = Object.entries(parameters)
    .filter(([name]) => name.startsWith(PREFIX))
    .map(([name, Value]) => ({ Name: name.slice(PREFIX.length), Value }));
  const attributes = readOwnAttributes(given, client, pool);
  if (pool.settings.signInByEmail && 'email' in attributes) {
    throw unauthorized('Cannot modify the non-mutable attribute email');
  }
  return 'email' in attributes ? { ...attributes, email_verified: 'false' } : attributes;
}

function withoutSub({ sub: _sub, ...others }: Attributes): Attributes {
  return others;
}

function unauthorized(message: string): AwsError {
  return new AwsError('NotAuthorizedException', message);
}
