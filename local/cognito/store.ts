/** Everything the stand-in remembers: in memory, and with a file across restarts (mode 0600, replaced atomically). */
import { generateKeyPair } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { readClientSettings, type ClientSettings } from './client-settings.ts';
import { readPoolSettings, type PoolSettings } from './pool-settings.ts';

const code = z.object({ digits: z.string(), expiresAtMs: z.number() }).optional();

const user = z.object({
  username: z.string(),
  attributes: z.record(z.string(), z.string()),
  status: z.enum(['UNCONFIRMED', 'CONFIRMED', 'FORCE_CHANGE_PASSWORD']),
  /** What is kept of the password: nothing it could be read from. */
  secret: z.object({ saltHex: z.string(), verifierHex: z.string() }),
  temporaryUntilMs: z.number().optional(),
  codes: z.object({ signUp: code, reset: code }),
  createdAtMs: z.number(),
  modifiedAtMs: z.number(),
});

/** One sign-in, and what was issued for it. */
const session = z.object({
  originJti: z.string(),
  refreshTokenHash: z.string(),
  poolId: z.string(),
  clientId: z.string(),
  username: z.string(),
  signedInAtMs: z.number(),
  refreshUntilMs: z.number(),
  accessUntilMs: z.number(),
  revoked: z.boolean(),
});

const properties = z.record(z.string(), z.unknown());
const kept = z.object({
  signingKeyPem: z.string(),
  pools: z.array(z.object({ id: z.string(), name: z.string(), properties, users: z.array(user) })),
  clients: z.array(z.object({ id: z.string(), name: z.string(), poolId: z.string(), properties })),
  sessions: z.array(session),
});
type Kept = z.infer<typeof kept>;

export type User = Readonly<z.infer<typeof user>>;
export type Session = Readonly<z.infer<typeof session>>;

export interface Pool {
  readonly id: string;
  /** The template's logical name. */
  readonly name: string;
  readonly properties: Record<string, unknown>;
  readonly settings: PoolSettings;
  /** By username. */
  readonly users: Map<string, User>;
}

export interface Client {
  readonly id: string;
  readonly name: string;
  readonly poolId: string;
  readonly properties: Record<string, unknown>;
  readonly settings: ClientSettings;
}

export interface Store {
  /** PKCS #8. Signs tokens, and seeds what is answered for users that do not exist. */
  readonly signingKeyPem: string;
  readonly pools: Map<string, Pool>;
  readonly clients: Map<string, Client>;
  /** By `originJti`. */
  readonly sessions: Map<string, Session>;
  /** Writes the file, if there is one. Whoever changes a map calls it before answering. */
  save(): void;
}

/** Opens what `file` holds, or starts afresh with a new key. Throws when the file is no such file. */
export async function openStore(file: string | undefined): Promise<Store> {
  const held = load(file) ?? { signingKeyPem: await newSigningKey(), pools: [], clients: [], sessions: [] };
  const store: Store = {
    signingKeyPem: held.signingKeyPem,
    pools: new Map(held.pools.map((pool) => [pool.id, opened(pool)])),
    clients: new Map(
      held.clients.map((client) => [
        client.id,
        { ...client, settings: readClientSettings(client.name, client.properties) },
      ]),
    ),
    sessions: new Map(held.sessions.map((each) => [each.originJti, each])),
    save: () => {
      if (file) write(file, store);
    },
  };
  store.save();
  return store;
}

function opened(pool: Kept['pools'][number]): Pool {
  return {
    ...pool,
    settings: readPoolSettings(pool.name, pool.properties),
    users: new Map(pool.users.map((each) => [each.username, each])),
  };
}

function load(file: string | undefined): Kept | undefined {
  if (!file || !existsSync(file)) return undefined;
  try {
    return kept.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw new Error(`${file} does not hold user pools; remove it to start afresh.`); // no cause: it could quote a key
  }
}

function write(file: string, { signingKeyPem, pools, clients, sessions }: Store): void {
  const state: Kept = {
    signingKeyPem,
    pools: [...pools.values()].map(({ id, name, properties: given, users }) => ({
      id,
      name,
      properties: given,
      users: [...users.values()],
    })),
    clients: [...clients.values()].map(({ id, name, poolId, properties: given }) => ({
      id,
      name,
      poolId,
      properties: given,
    })),
    sessions: [...sessions.values()],
  };
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.draft`;
  writeFileSync(draft, JSON.stringify(state), { mode: 0o600 });
  renameSync(draft, file); // a crash leaves the old file or the new one, never half of one
}

async function newSigningKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}
