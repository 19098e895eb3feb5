import { randomUUID } from 'node:crypto';
import { loadCatalog } from '../catalog.ts';
import { circuitBreaker } from '../concurrency/circuit-breaker.ts';
import type { SessionWorld } from '../concurrency/world.ts';
import { numberSetting, setting } from '../env.ts';
import { lazily } from '../lazily.ts';
import { momentoAccountTopic } from '../momento/account-topic.ts';
import { momentoCache } from '../momento/cache-client.ts';
import { momentoHeartbeatTracker } from '../momento/heartbeat-tracker.ts';
import { momentoSlots } from '../momento/slots.ts';
import { momentoSnapshotCache } from '../momento/snapshot-cache.ts';
import type { HeartbeatTracker, SnapshotCache } from '../ports.ts';
import { noteMissing } from './log.ts';
import { momentoSecrets } from './momento-secrets.ts';

export interface MomentoWorld extends Omit<SessionWorld, 'catalog' | 'snapshotOf'> {
  readonly tracker: HeartbeatTracker;
  readonly cache: SnapshotCache;
}

/**
 * The slots and the tracker of the stage, as its settings name them, on one connection. Each has a circuit breaker of
 * its own: sessions do not depend on the tracker or on the topic, so what those do not answer is no outage to them.
 */
export function momentoWorld(): MomentoWorld {
  const secrets = momentoSecrets('MOMENTO_DATA_KEY_PARAMETER');
  const cacheName = setting('MOMENTO_CACHE_NAME');
  const leaseSeconds = numberSetting('LEASE_SECONDS');
  const momento = momentoCache(secrets);
  const breaker = circuitBreaker(Date.now);
  return {
    slots: breaker.guard(momentoSlots(momento, cacheName, { leaseSeconds })),
    cache: breaker.guard(momentoSnapshotCache(momento, cacheName)),
    tracker: circuitBreaker(Date.now).guard(momentoHeartbeatTracker(momento, cacheName)),
    topic: circuitBreaker(Date.now).guard(momentoAccountTopic(secrets, cacheName)),
    leaseSeconds,
    now: Date.now,
    newId: randomUUID,
    warn: noteMissing,
  };
}

/** The same with the catalogue, and with the table for when the cache holds no snapshot: rarely, so it is loaded then. */
export function sessionWorld(): SessionWorld & MomentoWorld {
  const world = momentoWorld();
  const catalog = loadCatalog();
  const reader = lazily(async () => {
    const { snapshotReaderOn } = await import('./snapshot-reader.ts');
    return snapshotReaderOn({ cache: world.cache, catalog });
  });
  return {
    ...world,
    catalog,
    async snapshotOf(accountId) {
      const read = await reader();
      return (await read(accountId)).snapshot;
    },
  };
}
