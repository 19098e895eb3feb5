import { control, ping } from '@gomomento/generated-types';
import type { Caches } from './caches.ts';
import { requireAdministrator } from './permissions.ts';
import { unary, type Call, type Definition, type Rpc } from './rpc.ts';
import type { Authority } from './tokens.ts';
import type { Topics } from './topics.ts';

const {
  UnimplementedScsControlService,
  _Cache,
  _CacheLimits,
  _CreateCacheResponse,
  _DeleteCacheResponse,
  _FlushCacheResponse,
  _ListCachesResponse,
  _TopicLimits,
} = control.control_client;
const { create, remove, flush, list } = {
  create: UnimplementedScsControlService.definition.CreateCache,
  remove: UnimplementedScsControlService.definition.DeleteCache,
  flush: UnimplementedScsControlService.definition.FlushCache,
  list: UnimplementedScsControlService.definition.ListCaches,
};

// What the console shows for a new cache.
const cacheLimits = {
  max_traffic_rate: 100,
  max_throughput_kbps: 1024,
  max_item_size_kb: 4883,
  max_ttl_seconds: 86_400,
};
const topicLimits = { max_publish_rate: 10, max_subscription_count: 100, max_publish_message_size_kb: 4 };

/** `control_client.ScsControl`: creates, deletes, lists and flushes caches. For super keys only. */
export function controlRpcs({
  authority,
  caches,
  topics,
}: {
  readonly authority: Authority;
  readonly caches: Caches;
  readonly topics: Pick<Topics, 'removeCache'>;
}): readonly Rpc[] {
  const administer = <Request extends { readonly cache_name: string }, Response>(
    definition: Definition<Request, Response>,
    answer: (cacheName: string) => Response,
  ): Rpc =>
    unary(
      definition,
      (request) => ({ cache: request.cache_name }),
      (call, request) => {
        requireAdministrator(authority.verify(call.token).grant);
        return answer(request.cache_name);
      },
    );

  return [
    administer(create, (name) => {
      caches.create(name);
      return new _CreateCacheResponse();
    }),
    administer(remove, (name) => {
      caches.remove(name);
      topics.removeCache(name);
      return new _DeleteCacheResponse();
    }),
    administer(flush, (name) => {
      caches.open(name).clear();
      return new _FlushCacheResponse();
    }),
    unary(
      list,
      () => ({}),
      (call: Call) => {
        requireAdministrator(authority.verify(call.token).grant);
        return new _ListCachesResponse({
          cache: caches.names().map(
            (name) =>
              new _Cache({
                cache_name: name,
                cache_limits: new _CacheLimits(cacheLimits),
                topic_limits: new _TopicLimits(topicLimits),
              }),
          ),
        });
      },
    ),
  ];
}

/** `cache_client.Ping`: the SDKs send it without a key. */
export const pingRpc: Rpc = unary(
  ping.cache_client.UnimplementedPingService.definition.Ping,
  () => ({}),
  () => new ping.cache_client._PingResponse(),
);
