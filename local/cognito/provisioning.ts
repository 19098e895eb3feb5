/** Bringing pools and clients to what the template says. */
import { randomInt } from 'node:crypto';
import { requirePermissible } from './attributes.ts';
import { readClientSettings } from './client-settings.ts';
import { readPoolSettings } from './pool-settings.ts';
import type { Client, Pool, Store } from './store.ts';
import { poolOf } from './users.ts';

const DIGITS = '0123456789';
const LOWER = 'abcdefghijklmnopqrstuvwxyz';

/** Creates the pool of that name or brings it up to date. Throws for what cannot be honoured or changed. */
export function ensurePool(
  { store, region }: { store: Store; region: string },
  { name, properties }: { readonly name: string; readonly properties: Record<string, unknown> },
): Pool {
  const settings = readPoolSettings(name, properties);
  const existing = [...store.pools.values()].find(
    (pool) => pool.name === name && pool.id.startsWith(`${region}_`),
  );
  if (existing) refuseReplacement(existing, settings);
  const pool: Pool = {
    id: existing?.id ?? `${region}_${random(9, LOWER + LOWER.toUpperCase() + DIGITS)}`,
    name,
    properties,
    settings,
    users: existing?.users ?? new Map(),
  };
  store.pools.set(pool.id, pool);
  store.save();
  return pool;
}

/** Creates the client of that name in that pool or brings it up to date. Throws for what cannot be honoured. */
export function ensureClient(
  { store }: { store: Store },
  wanted: {
    readonly name: string;
    readonly userPoolId: string;
    readonly properties: Record<string, unknown>;
  },
): Client {
  const { name, properties, userPoolId } = wanted;
  const pool = poolOf(store, userPoolId);
  const settings = readClientSettings(name, properties);
  requirePermissible(`user pool client ${name}`, settings, pool.settings);
  const existing = [...store.clients.values()].find((each) => each.name === name && each.poolId === pool.id);
  const client = {
    id: existing?.id ?? random(26, LOWER + DIGITS),
    name,
    poolId: pool.id,
    properties,
    settings,
  };
  store.clients.set(client.id, client);
  store.save();
  return client;
}

/**
 * CloudFormation would replace such a pool by an empty one, and losing people's accounts in passing helps nobody; or it
 * would fail, since attributes are added to a pool and never changed or removed.
 */
function refuseReplacement(existing: Pool, wanted: Pool['settings']): void {
  const { signInByEmail, caseSensitive, customAttributes } = existing.settings;
  const isKept = ([name, { mutable }]: readonly [string, { readonly mutable: boolean }]) =>
    wanted.customAttributes[name]?.mutable === mutable;
  const changed = [
    ...(signInByEmail === wanted.signInByEmail ? [] : ['UsernameAttributes']),
    ...(caseSensitive === wanted.caseSensitive ? [] : ['UsernameConfiguration.CaseSensitive']),
    ...(Object.entries(customAttributes).every(isKept) ? [] : ['Schema']),
  ];
  if (changed.length === 0) return;
  throw new Error(
    `The Cognito stand-in cannot honour user pool ${existing.name}: ${changed.join(', ')} cannot be changed ` +
      'once the pool exists; remove the kept state to start afresh',
  );
}

function random(length: number, alphabet: string): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('');
}
