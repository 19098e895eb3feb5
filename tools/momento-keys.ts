import {
  AuthClient,
  AuthClientConfigurations,
  CacheClient,
  Configurations,
  ExpiresIn,
  ListCaches,
  TopicClient,
  TopicConfigurations,
  TopicRole,
  type SdkError,
} from '@gomomento/sdk';
import { CATALOG_TOPIC } from '../shared/domain/token-scope.ts';
import { credentialsFor, SILENT, type MomentoAccess } from '../shared/momento/credentials.ts';
import { Complaint } from './command.ts';

/** A key that is to be tried, and which of the two it is to be. */
export interface TriedKey extends MomentoAccess {
  readonly name: 'momento-super-key' | 'momento-data-key';
}

/** Momento's console gives host names; what runs here is reached by http. */
const ENDPOINT = /^([a-z0-9-]+(\.[a-z0-9-]+)+|http:\/\/127\.0\.0\.1:\d+)$/;

/** The SDK gives a call that mints, or lists caches, a minute. */
const ANSWERED_WITHIN_MS = 10_000;
/** Beginning with a colon it is no account's, whose ids begin with a letter or a digit. */
const TRIED = ':setup';
const TRIED_TTL_SECONDS = 10;

export function requireEndpoint(endpoint: string): void {
  if (ENDPOINT.test(endpoint)) return;
  throw new Complaint(
    'momento-endpoint is not a host name: Momento’s console shows it beside the key, as cell-….momentohq.com.',
  );
}

/** @returns the names of the account's caches. @throws Complaint unless the key can do what a super user key can */
export async function requireSuper(key: TriedKey, cacheName: string): Promise<readonly string[]> {
  const minted = await mint(key, cacheName);
  if (minted !== undefined) throw refusal(key, minted, 'mint tokens');
  const client = cacheClient(key);
  const listed = await within(key, client.listCaches());
  if (!(listed instanceof ListCaches.Success))
    throw refusal(key, codeOf(listed) ?? 'no answer', 'list caches');
  return listed.getCaches().map((cache) => cache.getName());
}

/**
 * @returns whether the cache is there: reading, writing and publishing are tried only then.
 * @throws Complaint when the key cannot do its work, or could mint tokens besides
 */
export async function requireData(key: TriedKey, cacheName: string): Promise<boolean> {
  const client = cacheClient(key);
  const written = codeOf(await within(key, client.set(cacheName, TRIED, '', { ttl: TRIED_TTL_SECONDS })));
  const cacheIsThere = written === undefined || !written.includes('NOT_FOUND');
  if (cacheIsThere) {
    if (written !== undefined) throw refusal(key, written, `write to the cache ${cacheName}`);
    const read = codeOf(await within(key, client.get(cacheName, TRIED)));
    if (read !== undefined) throw refusal(key, read, `read the cache ${cacheName}`);
    const topics = new TopicClient({
      credentialProvider: credentials(key),
      configuration: TopicConfigurations.Default.latest(SILENT).withClientTimeoutMillis(ANSWERED_WITHIN_MS),
    });
    const published = codeOf(await within(key, topics.publish(cacheName, TRIED, 'setup')));
    if (published !== undefined) throw refusal(key, published, `publish to the topics of ${cacheName}`);
  }
  const minted = await mint(key, cacheName);
  if (minted === undefined) {
    throw new Complaint(
      `The key for ${key.name} can mint tokens: most functions hold it, and whoever got hold of it could let ` +
        `anyone in. Make one in Momento's console that reads and writes caches and topics and is no super user's.`,
    );
  }
  // Momento has let it in above, so that it is the minting which is refused, whatever it calls that.
  if (!/PERMISSION|AUTHENTICATION/.test(minted)) throw refusal(key, minted, 'be tried for minting');
  return cacheIsThere;
}

/** Mints a token that is let go of. @returns the code of Momento's refusal, `undefined` when it did mint */
async function mint(key: TriedKey, cacheName: string): Promise<string | undefined> {
  const client = new AuthClient({
    credentialProvider: credentials(key),
    configuration: AuthClientConfigurations.Default.latest(SILENT),
  });
  const scope = {
    permissions: [{ role: TopicRole.SubscribeOnly, cache: cacheName, topic: CATALOG_TOPIC }],
  };
  return codeOf(await within(key, client.generateDisposableToken(scope, ExpiresIn.seconds(60))));
}

function cacheClient(key: TriedKey): CacheClient {
  return new CacheClient({
    credentialProvider: credentials(key),
    configuration: Configurations.Lambda.latest(SILENT).withClientTimeoutMillis(ANSWERED_WITHIN_MS),
    defaultTtlSeconds: TRIED_TTL_SECONDS,
  });
}

/** The SDK's own complaint about a key might quote it. */
function credentials(key: TriedKey) {
  try {
    return credentialsFor(key);
  } catch {
    throw new Complaint(
      `What is given for ${key.name} is no API key of Momento's (version 2): copy it whole, as its console shows it.`,
    );
  }
}

async function within<T>(key: TriedKey, call: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(refusal(key, 'TIMEOUT_ERROR', '')), ANSWERED_WITHIN_MS);
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}

function codeOf(answer: { readonly type: string }): string | undefined {
  return answer.type === 'Error' ? (answer as unknown as Pick<SdkError, 'errorCode'>).errorCode() : undefined;
}

/** @param cannot what the key cannot do, as in "may not …" */
function refusal({ name, endpoint }: TriedKey, code: string, cannot: string): Complaint {
  switch (code) {
    case 'AUTHENTICATION_ERROR':
      return new Complaint(
        `Momento does not accept the key for ${name}: is it whole and in force, and of ${endpoint}?`,
      );
    case 'PERMISSION_ERROR':
      return new Complaint(`The key for ${name} may not ${cannot}.`);
    case 'LIMIT_EXCEEDED_ERROR':
      return new Complaint('Momento refuses the try, a quota is used up: do it again in a moment.');
    case 'TIMEOUT_ERROR':
    case 'SERVER_UNAVAILABLE':
    case 'CONNECTION_ERROR':
      return new Complaint(`Momento does not answer at ${endpoint} (${code}): is momento-endpoint right?`);
    default:
      return new Complaint(`The key for ${name} could not ${cannot}: Momento says ${code}.`);
  }
}
