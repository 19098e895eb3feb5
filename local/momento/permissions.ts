import { permission_messages as wire } from '@gomomento/generated-types/dist/permissionmessages.js';
import { denied, invalid, unsupported } from './status.ts';

/** What a call does to an item. A write that reveals what was there before (a condition, a sum) is `read-write`. */
export type CacheAccess = 'read' | 'write' | 'read-write';
export type TopicAccess = 'subscribe' | 'publish';

/** What the bearer of a key or token may do. */
export interface Grant {
  /** Mint tokens and use the control plane. */
  readonly administers: boolean;
  /** @param key undefined when the call names no item: then only a grant for all items will do */
  allowsItem(access: CacheAccess, cache: string, key: Uint8Array | undefined): boolean;
  allowsTopic(access: TopicAccess, cache: string, topic: string): boolean;
}

export const superGrant: Grant = { administers: true, allowsItem: () => true, allowsTopic: () => true };

/** All caches and topics, read and write, and nothing else. */
export const dataGrant: Grant = { ...superGrant, administers: false };

/** Momento: "at most 20 statements" in one token. */
const MAX_STATEMENTS = 20;

type Permissions = wire.Permissions;
type Statement = wire.PermissionsType;
type CacheStatement = wire.PermissionsType.CachePermissions;
type TopicStatement = wire.PermissionsType.TopicPermissions;

/** @throws Refusal PERMISSION_DENIED */
export function requireAdministrator(grant: Grant): void {
  if (!grant.administers) throw denied();
}

/** @throws Refusal PERMISSION_DENIED unless every item may be accessed this way */
export function requireItems(
  grant: Grant,
  access: CacheAccess,
  cache: string,
  keys: readonly Uint8Array[],
): void {
  const asked = keys.length > 0 ? keys : [undefined];
  if (!asked.every((key) => grant.allowsItem(access, cache, key))) throw denied();
}

/** @throws Refusal PERMISSION_DENIED */
export function requireTopic(grant: Grant, access: TopicAccess, cache: string, topic: string): void {
  if (!grant.allowsTopic(access, cache, topic)) throw denied();
}

/** The grant that permissions spell out: the union of their statements, exactly as they came over the wire. */
export function grantOf(serialized: Uint8Array): Grant {
  const statements = wire.Permissions.deserialize(serialized).explicit.permissions;
  const ofCaches = statements.flatMap((one) => (one.has_cache_permissions ? [one.cache_permissions] : []));
  const ofTopics = statements.flatMap((one) => (one.has_topic_permissions ? [one.topic_permissions] : []));
  return {
    administers: false,
    allowsItem: (access, cache, key) =>
      ofCaches.some(
        (one) => cacheRoleAllows(one.role, access) && coversCache(one, cache) && coversItem(one, key),
      ),
    allowsTopic: (access, cache, topic) =>
      ofTopics.some(
        (one) => topicRoleAllows(one.role, access) && coversCache(one, cache) && coversTopic(one, topic),
      ),
  };
}

/**
 * Checks what a disposable token is asked to carry.
 *
 * @throws Refusal INVALID_ARGUMENT for no, too many, open-ended or contradictory statements
 */
export function requireGrantable(permissions: Permissions): void {
  if (!permissions.has_explicit) throw invalid('A disposable token needs explicit permissions');
  const statements = permissions.explicit.permissions;
  if (statements.length === 0) throw invalid('A disposable token needs at least one permission');
  if (statements.length > MAX_STATEMENTS)
    throw invalid(`A token carries at most ${MAX_STATEMENTS} permissions`);
  statements.forEach(requireWellFormed);
  const resources = statements.map(resourceOf);
  if (new Set(resources).size < resources.length) throw invalid('Two permissions name the same resource');
}

function cacheRoleAllows(role: wire.CacheRole, access: CacheAccess): boolean {
  if (role === wire.CacheRole.CacheReadWrite) return true;
  if (role === wire.CacheRole.CacheReadOnly) return access === 'read';
  return role === wire.CacheRole.CacheWriteOnly && access === 'write';
}

function topicRoleAllows(role: wire.TopicRole, access: TopicAccess): boolean {
  if (role === wire.TopicRole.TopicReadWrite) return true;
  if (role === wire.TopicRole.TopicReadOnly) return access === 'subscribe';
  return role === wire.TopicRole.TopicWriteOnly && access === 'publish';
}

const coversCache = (statement: CacheStatement | TopicStatement, cache: string) =>
  statement.has_all_caches || (statement.has_cache_selector && statement.cache_selector.cache_name === cache);

/** No selector means every item: it is what the SDKs send for a whole cache, and for a scope they widened. */
function coversItem(statement: CacheStatement, key: Uint8Array | undefined): boolean {
  if (!statement.has_item_selector) return true;
  if (key === undefined) return false;
  const { item_selector: selector } = statement;
  if (selector.has_key) return Buffer.compare(key, selector.key) === 0;
  if (!selector.has_key_prefix) return false;
  const { key_prefix: prefix } = selector;
  return key.length >= prefix.length && Buffer.compare(key.subarray(0, prefix.length), prefix) === 0;
}

function coversTopic(statement: TopicStatement, topic: string): boolean {
  if (statement.has_all_topics) return true;
  if (!statement.has_topic_selector) return false;
  const { topic_selector: selector } = statement;
  if (selector.has_topic_name) return selector.topic_name === topic;
  return selector.has_topic_name_prefix && topic.startsWith(selector.topic_name_prefix);
}

function requireWellFormed(statement: Statement): void {
  if (statement.has_function_permissions) throw unsupported('function permissions');
  if (statement.has_cache_permissions) {
    const { cache_permissions: cache } = statement;
    if (cache.role === wire.CacheRole.CachePermitNone) throw invalid('A cache permission needs a role');
    requireCache(cache);
    if (cache.has_item_selector && !namesItem(cache.item_selector)) {
      throw invalid('An item permission needs a key or a key prefix');
    }
  } else if (statement.has_topic_permissions) {
    const { topic_permissions: topic } = statement;
    if (topic.role === wire.TopicRole.TopicPermitNone) throw invalid('A topic permission needs a role');
    requireCache(topic);
    if (!topic.has_all_topics && !(topic.has_topic_selector && namesTopic(topic.topic_selector))) {
      throw invalid('A topic permission needs a topic name or prefix');
    }
  } else {
    throw invalid('A permission is for a cache or for a topic');
  }
}

const namesItem = (selector: wire.PermissionsType.CacheItemSelector) =>
  selector.key.length > 0 || selector.key_prefix.length > 0;

const namesTopic = (selector: wire.PermissionsType.TopicSelector) =>
  selector.topic_name !== '' || selector.topic_name_prefix !== '';

function requireCache(statement: CacheStatement | TopicStatement): void {
  if (statement.has_all_caches) return;
  if (!statement.has_cache_selector || statement.cache_selector.cache_name === '') {
    throw invalid('A permission names a cache or all caches');
  }
}

function resourceOf(statement: Statement): string {
  const { role: _role, ...resource } = statement.has_cache_permissions
    ? statement.cache_permissions.toObject()
    : statement.topic_permissions.toObject();
  return `${statement.kind} ${JSON.stringify(resource)}`;
}
