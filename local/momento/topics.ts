import { noSuchCache, type Refusal } from './status.ts';

export type MessageValue = { readonly text: string } | { readonly binary: Uint8Array };

/** One published message. */
export interface Message {
  readonly sequence: number;
  readonly page: number;
  readonly value: MessageValue;
  /** The id of the token it was published with; empty for a key. */
  readonly publisher: string;
}

/** Tells a subscriber that messages between the two sequence numbers will not come. */
export interface Discontinuity {
  readonly lastSequence: number;
  readonly newSequence: number;
  readonly newPage: number;
}

/** Told in the order of publication; `ended` is the last it hears. */
export interface Subscriber {
  message(message: Message): void;
  discontinuity(gap: Discontinuity): void;
  ended(reason: Refusal): void;
}

/** Where a subscription takes up again; 0 and 0 = with the next message published. */
export interface ResumeAt {
  readonly sequence: number;
  readonly page: number;
}

interface Topic {
  readonly page: number;
  sequence: number;
  recent: readonly Message[];
  readonly subscribers: Set<Subscriber>;
}

/** Topics of all caches. A topic begins when it is first named; who is not subscribed misses what is published. */
export interface Topics {
  publish(cache: string, topic: string, value: MessageValue, publisher: string): void;
  /** Delivers what can be resumed before it returns. @returns the way to unsubscribe */
  subscribe(cache: string, topic: string, at: ResumeAt, subscriber: Subscriber): () => void;
  subscribers(cache: string, topic: string): number;
  /** Ends the cache's subscriptions with NOT_FOUND and forgets its topics. */
  removeCache(cache: string): void;
}

/** How many messages a subscriber whose connection broke can catch up on; Momento states no number. */
const RESUMABLE_MESSAGES = 1000;

export function createTopics(): Topics {
  const topics = new Map<string, Map<string, Topic>>();
  const nextPage = pages();

  function open(cache: string, name: string): Topic {
    const ofCache = topics.get(cache) ?? new Map<string, Topic>();
    topics.set(cache, ofCache);
    const topic = ofCache.get(name) ?? { page: nextPage(), sequence: 0, recent: [], subscribers: new Set() };
    ofCache.set(name, topic);
    return topic;
  }

  return {
    publish(cache, name, value, publisher) {
      const topic = open(cache, name);
      topic.sequence += 1;
      const message = { sequence: topic.sequence, page: topic.page, value, publisher };
      topic.recent = [...topic.recent.slice(1 - RESUMABLE_MESSAGES), message];
      for (const subscriber of topic.subscribers) subscriber.message(message);
    },
    subscribe(cache, name, at, subscriber) {
      const topic = open(cache, name);
      catchUp(topic, at, subscriber);
      topic.subscribers.add(subscriber);
      return () => void topic.subscribers.delete(subscriber);
    },
    subscribers: (cache, name) => topics.get(cache)?.get(name)?.subscribers.size ?? 0,
    removeCache(cache) {
      const ofCache = topics.get(cache) ?? new Map<string, Topic>();
      topics.delete(cache);
      for (const topic of ofCache.values()) {
        for (const subscriber of topic.subscribers) subscriber.ended(noSuchCache());
      }
    },
  };
}

function catchUp(topic: Topic, at: ResumeAt, subscriber: Subscriber): void {
  const gap = (newSequence: number) =>
    subscriber.discontinuity({
      lastSequence: Math.max(0, at.sequence - 1),
      newSequence,
      newPage: topic.page,
    });

  const startedAfresh = at.page !== 0 && at.page !== topic.page;
  const neverHappened = at.sequence > topic.sequence + 1;
  if (startedAfresh || neverHappened) return gap(topic.sequence);
  if (at.sequence === 0) return;

  const oldest = topic.recent[0]?.sequence ?? topic.sequence + 1;
  if (at.sequence < oldest) gap(oldest - 1);
  for (const message of topic.recent) {
    if (message.sequence >= at.sequence) subscriber.message(message);
  }
}

/** A page marks one life of a topic: it differs after a restart, and after a cache has been deleted and made anew. */
function pages(): () => number {
  let last = 0;
  return () => {
    last = Math.max(last + 1, Date.now());
    return last;
  };
}
