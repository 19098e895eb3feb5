/** Finding, making and changing the users of a pool, and the checked words by which requests name them. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { AwsError } from '../aws-json.ts';
import { isEmail, requireAttributes, type Attributes } from './attributes.ts';
import { makeSecret } from './srp.ts';
import type { Client, Pool, Store, User } from './store.ts';

export const username = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\p{L}\p{M}\p{S}\p{N}\p{P}]+$/u);
export const password = z
  .string()
  .max(256)
  .regex(/^\S+.*\S+$/, 'must have at least two characters and no space at either end');
export const poolId = z.string().regex(/^[\w-]+_[0-9a-zA-Z]+$/);
export const clientId = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\w+]+$/);

/** What every call of an app client carries. `ClientMetadata` is for triggers, which no pool here has. */
export const clientCall = z.object({
  ClientId: clientId,
  SecretHash: z.string().optional(),
  ClientMetadata: z.record(z.string(), z.string()).optional(),
});

/** The app client that calls, and its pool. A secret hash, here or among the parameters of a sign-in, is refused. */
export function calledBy(
  { clients, pools }: Pick<Store, 'clients' | 'pools'>,
  call: { readonly ClientId: string; readonly SecretHash?: string | undefined },
  parameters: Readonly<Record<string, string>> = {},
): { readonly client: Client; readonly pool: Pool } {
  const client = clients.get(call.ClientId);
  if (!client) {
    throw new AwsError('ResourceNotFoundException', `User pool client ${call.ClientId} does not exist.`);
  }
  if (call.SecretHash !== undefined || parameters['SECRET_HASH'] !== undefined) {
    throw new AwsError(
      'NotAuthorizedException',
      `Client ${client.id} has no secret, but a secret hash was sent.`,
    );
  }
  return { client, pool: poolOf({ pools }, client.poolId) };
}

export function poolOf({ pools }: Pick<Store, 'pools'>, id: string): Pool {
  const pool = pools.get(id);
  if (!pool) throw new AwsError('ResourceNotFoundException', `User pool ${id} does not exist.`);
  return pool;
}

/** By username, which in a pool with e-mail sign-in is the `sub`, or there by e-mail address. */
export function findUser({ settings, users }: Pool, name: string): User | undefined {
  const known = users.get(name);
  if (known) return known;
  const key = comparable(settings.caseSensitive, name);
  const alike = (candidate: string | undefined) =>
    candidate !== undefined && comparable(settings.caseSensitive, candidate) === key;
  return [...users.values()].find(
    (user) => alike(user.username) || (settings.signInByEmail && alike(user.attributes['email'])),
  );
}

export function requireUser(pool: Pool, name: string): User {
  const user = findUser(pool, name);
  if (!user) throw unknownUser();
  return user;
}

export function unknownUser(): AwsError {
  return new AwsError('UserNotFoundException', 'User does not exist.');
}

/** The name a person signs in with. */
export function signInName({ settings }: Pool, { username: own, attributes }: User): string {
  return (settings.signInByEmail ? attributes['email'] : undefined) ?? own;
}

/** Adds a user, or throws UsernameExistsException. `name` is an e-mail address where people sign in by one. */
export function createUser(
  { store, now }: { store: Store; now: () => number },
  pool: Pool,
  wanted: {
    readonly name: string;
    readonly password: string;
    readonly attributes: Attributes;
    readonly status: User['status'];
    readonly temporaryUntilMs?: number;
  },
): User {
  const { signInByEmail, requiredAttributes } = pool.settings;
  const attributes = signInByEmail ? withEmail(wanted.name, wanted.attributes) : wanted.attributes;
  requireAttributes(requiredAttributes, attributes);
  if (findUser(pool, wanted.name)) {
    const message = signInByEmail ? 'An account with the given email already exists.' : 'User already exists';
    throw new AwsError('UsernameExistsException', message);
  }
  const sub = randomUUID();
  const own = signInByEmail ? sub : wanted.name;
  const user: User = {
    username: own,
    attributes: { sub, ...('email' in attributes && { email_verified: 'false' }), ...attributes },
    status: wanted.status,
    secret: makeSecret({ poolId: pool.id, userId: own }, wanted.password),
    ...(wanted.temporaryUntilMs !== undefined && { temporaryUntilMs: wanted.temporaryUntilMs }),
    codes: {},
    createdAtMs: now(),
    modifiedAtMs: now(),
  };
  pool.users.set(user.username, user);
  store.save();
  return user;
}

/** Replaces parts of a user; `temporaryUntilMs` is gone unless the change names it together with a secret. */
export function changeUser(
  { store, now }: { store: Store; now: () => number },
  pool: Pool,
  user: User,
  change: Partial<Pick<User, 'attributes' | 'status' | 'secret' | 'temporaryUntilMs' | 'codes'>>,
): User {
  const { temporaryUntilMs, ...rest } = user;
  const keeps = temporaryUntilMs !== undefined && !change.secret;
  const changed: User = { ...rest, ...(keeps && { temporaryUntilMs }), ...change, modifiedAtMs: now() };
  pool.users.set(user.username, changed);
  store.save();
  return changed;
}

function withEmail(name: string, attributes: Attributes): Attributes {
  if (!isEmail(name)) throw new AwsError('InvalidParameterException', 'Username should be an email.');
  const given = attributes['email'];
  if (given !== undefined && given !== name) {
    throw new AwsError('InvalidParameterException', 'The attribute email differs from the username.');
  }
  return { ...attributes, email: name };
}

function comparable(caseSensitive: boolean, name: string): string {
  return caseSensitive ? name : name.toLowerCase();
}
