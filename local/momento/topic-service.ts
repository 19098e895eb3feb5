import { pubsub } from '@gomomento/generated-types';
import { common } from '@gomomento/generated-types/dist/common.js';
import type { Caches } from './caches.ts';
import { requireMessageSize, topicUnits, type Meter } from './limits.ts';
import { requireTopic, type TopicAccess } from './permissions.ts';
import { streaming, unary, type Call, type Reply, type Rpc } from './rpc.ts';
import { invalid, overLimit, statusOf } from './status.ts';
import type { Authority, Bearer } from './tokens.ts';
import type { Discontinuity, Message, MessageValue, Topics } from './topics.ts';

const { UnimplementedPubsubService, _Discontinuity, _Heartbeat, _SubscriptionItem, _TopicItem, _TopicValue } =
  pubsub.cache_client.pubsub;

export interface TopicService {
  readonly authority: Authority;
  readonly caches: Caches;
  readonly topics: Topics;
  /** Publications and deliveries in units of 1 KB. */
  readonly units: Meter;
  /** The most subscriptions open at once; undefined = any number. */
  readonly maxSubscriptions: number | undefined;
  readonly heartbeatMs: number;
}

interface Named {
  readonly cache_name: string;
  readonly topic: string;
}
type Item = InstanceType<typeof _SubscriptionItem>;

// How soon an open subscription notices that its token has expired or its key was revoked.
const VALIDITY_CHECK_MS = 250;

const subject = ({ cache_name, topic }: Named) => ({ cache: cache_name, key: topic });

/** `cache_client.pubsub.Pubsub`: publish and subscribe. */
export function topicRpcs(service: TopicService): readonly Rpc[] {
  const { topics, units } = service;
  const subscriptions = new Set<Call>();

  return [
    unary(UnimplementedPubsubService.definition.Publish, subject, (call, request) => {
      const { tokenId } = enter(service, 'publish', call, request);
      const value = valueOf(request.value);
      const bytes = 'text' in value ? Buffer.byteLength(value.text) : value.binary.length;
      requireMessageSize(bytes);
      const { cache_name: cache, topic } = request;
      units(topicUnits(bytes) * (1 + topics.subscribers(cache, topic)));
      topics.publish(cache, topic, value, tokenId);
      return new common._Empty();
    }),

    streaming(UnimplementedPubsubService.definition.Subscribe, subject, (call, request, reply) => {
      const bearer = enter(service, 'subscribe', call, request);
      if (call.signal.aborted) return; // gone before it was heard: nothing would ever close it
      units(1);
      const { maxSubscriptions: limit } = service;
      if (limit !== undefined && subscriptions.size >= limit) {
        throw overLimit('topic_subscriptions_limit_exceeded', `The limit of ${limit} subscribers is reached`);
      }
      subscriptions.add(call);
      call.signal.addEventListener('abort', () => void subscriptions.delete(call));
      openSubscription(service, { call, bearer, reply }, request);
    }),
  ];
}

function enter({ authority, caches }: TopicService, access: TopicAccess, call: Call, request: Named): Bearer {
  const bearer = authority.verify(call.token);
  requireTopic(bearer.grant, access, request.cache_name, request.topic);
  if (request.topic.trim() === '') throw invalid('A topic name must not be empty');
  caches.open(request.cache_name);
  return bearer;
}

interface Listener {
  readonly call: Call;
  readonly bearer: Bearer;
  readonly reply: Reply<Item>;
}

/** Nothing is delivered, not even a heartbeat, to a token that has expired or a key that was revoked. */
function openSubscription(
  { topics, heartbeatMs }: TopicService,
  { call, bearer, reply }: Listener,
  request: pubsub.cache_client.pubsub._SubscriptionRequest,
): void {
  const whileValid = (act: () => void) => {
    try {
      bearer.stillValid();
    } catch (refusal) {
      return reply.end(statusOf(refusal));
    }
    act();
  };
  const heartbeat = () =>
    whileValid(() => reply.send(new _SubscriptionItem({ heartbeat: new _Heartbeat() })));

  heartbeat(); // the SDKs' subscribe() resolves on the first message, whatever it is
  const at = { sequence: request.resume_at_topic_sequence_number, page: request.sequence_page };
  const unsubscribe = topics.subscribe(request.cache_name, request.topic, at, {
    message: (message) => whileValid(() => reply.send(itemOf(message))),
    discontinuity: (gap) => reply.send(gapOf(gap)),
    ended: (reason) => reply.end(reason.status),
  });
  const heartbeats = setInterval(heartbeat, heartbeatMs);
  const checks = setInterval(() => whileValid(() => undefined), VALIDITY_CHECK_MS);
  const close = () => {
    unsubscribe();
    clearInterval(heartbeats);
    clearInterval(checks);
  };
  if (call.signal.aborted) close(); // what it caught up on ended it
  else call.signal.addEventListener('abort', close);
}

/** The SDKs take an empty text for a missing one and report an error, so it is refused where it is published. */
function valueOf(value: pubsub.cache_client.pubsub._TopicValue | undefined): MessageValue {
  if (value?.has_text && value.text !== '') return { text: value.text };
  if (value?.has_binary && value.binary.length > 0) return { binary: value.binary };
  throw invalid('A topic message must not be empty');
}

function itemOf({ sequence, page, value, publisher }: Message): Item {
  return new _SubscriptionItem({
    item: new _TopicItem({
      topic_sequence_number: sequence,
      sequence_page: page,
      value: new _TopicValue(value),
      publisher_id: publisher,
    }),
  });
}

function gapOf({ lastSequence, newSequence, newPage }: Discontinuity): Item {
  return new _SubscriptionItem({
    discontinuity: new _Discontinuity({
      last_topic_sequence: lastSequence,
      new_topic_sequence: newSequence,
      new_sequence_page: newPage,
    }),
  });
}
