/** What every step of a sign-in starts from: who calls, with which parameters, and whose password is tried. */
import { AwsError } from '../aws-json.ts';
import type { Services } from './services.ts';
import type { Secret } from './srp.ts';
import type { Client, Pool, User } from './store.ts';
import { findUser, unknownUser } from './users.ts';

export interface Call {
  readonly client: Client;
  readonly pool: Pool;
  /** Of the flow or the challenge response. */
  readonly parameters: Readonly<Record<string, string>>;
}

export function required({ parameters }: Pick<Call, 'parameters'>, name: string): string {
  const value = parameters[name];
  if (!value) throw new AwsError('InvalidParameterException', `Missing required parameter ${name}`);
  return value;
}

/** Whose password is tried; for a made-up person there is no `user`, and no password is right. */
export interface Subject {
  readonly userId: string;
  readonly secret: Secret;
  readonly user: User | undefined;
  /** Counts failures. */
  readonly key: string;
}

/**
 * The subject named by USERNAME. Throws while that one is locked out, and UserNotFoundException for an unknown one,
 * unless the client hides who exists: then an unknown name gets the same made-up id and salt every time.
 */
export function subjectOf({ lockout, madeUp }: Pick<Services, 'lockout' | 'madeUp'>, call: Call): Subject {
  const { client, pool } = call;
  const name = required(call, 'USERNAME');
  const user = findUser(pool, name);
  if (!user && !client.settings.hidesUnknownUsers) throw unknownUser();
  const spelling = pool.settings.caseSensitive ? name : name.toLowerCase();
  const made = (what: string) => madeUp(what, pool.id, spelling);
  const userId = user?.username ?? (pool.settings.signInByEmail ? uuidOf(made('id')) : name);
  const secret = user?.secret ?? {
    saltHex: made('salt').toString('hex', 0, 16),
    verifierHex: made('verifier').toString('hex'), // nobody knows a password for it
  };
  const key = `${pool.id}/${user ? userId : spelling}`;
  lockout.check(key);
  return { userId, secret, user, key };
}

/** One answer for a wrong password and for a user who does not exist. */
export function wrongPassword(): AwsError {
  return new AwsError('NotAuthorizedException', 'Incorrect username or password.');
}

/** Sixteen bytes in the form of a random (version 4) UUID, as a real `sub` has it. */
function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString('hex', 0, 16);
  const variant = '89ab'.charAt((bytes[8] ?? 0) % 4);
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, `$1-$2-4$3-${variant}$4-$5`);
}
