import { randomUUID } from 'node:crypto';
import { Configurations, CacheClient, TopicClient, TopicConfigurations } from '@gomomento/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startMomento, type MomentoStandIn } from '../../local/momento/server.ts';
import { accountTable } from '../../shared/aws/account-table.ts';
import { loadCatalog } from '../../shared/catalog.ts';
import type { Announcement } from '../../shared/domain/announcements.ts';
import type { Snapshot } from '../../shared/domain/entitlements.ts';
import { fillCache } from '../../shared/entitlements/fill-cache.ts';
import { recompute } from '../../shared/entitlements/recompute.ts';
import { momentoAccountTopic } from '../../shared/momento/account-topic.ts';
import { credentialsFor } from '../../shared/momento/credentials.ts';
import { momentoCache } from '../../shared/momento/cache-client.ts';
import { momentoSlots } from '../../shared/momento/slots.ts';
import { momentoSnapshotCache } from '../../shared/momento/snapshot-cache.ts';
import type { AccountStore, AccountTopic, SnapshotCache, SlotStore } from '../../shared/ports.ts';
import { mortal } from '../support/crash.ts';
import { interleave } from '../support/interleaving.ts';
import { startTable, type TestTable } from '../support/table.ts';
import { interrupted, purchase } from '../support/world.ts';

/*
 * What test/shared/entitlements proves with ports in memory, here with the adapters that run in production:
 * Momento's SDK and the AWS SDK, against the stand-ins.
 */
const CACHE = 'usher-test';
const catalog = loadCatalog();
const now = Date.now;
/** Nothing here changes by time. */
const queue = { send: () => Promise.reject(new Error('nobody asked for a recompute')) };

let momento: MomentoStandIn;
let table: TestTable;
let ports: {
  readonly accounts: AccountStore;
  readonly cache: SnapshotCache;
  readonly topic: AccountTopic;
  readonly slots: SlotStore;
};
let reader: CacheClient;
let topics: TopicClient;

beforeAll(async () => {
  momento = await startMomento();
  momento.createCache(CACHE);
  table = await startTable();
  const access = { key: momento.mintKey('data'), endpoint: momento.url };
  const secrets = { get: async () => access, refresh: async () => access };
  ports = {
    accounts: accountTable(table.name, table.client),
    cache: momentoSnapshotCache(momentoCache(secrets), CACHE),
    slots: momentoSlots(momentoCache(secrets), CACHE, { leaseSeconds: 40 }),
    topic: momentoAccountTopic(secrets, CACHE),
  };
  const credentialProvider = credentialsFor(access);
  reader = new CacheClient({
    configuration: Configurations.Lambda.latest(),
    credentialProvider,
    defaultTtlSeconds: 60,
  });
  topics = new TopicClient({ configuration: TopicConfigurations.Default.latest(), credentialProvider });
});
afterAll(async () => {
  await momento.stop();
  await table.stop();
});

async function cachedOf(accountId: string): Promise<Snapshot | undefined> {
  momento.serveStaleReads(false);
  const text = (await reader.get(CACHE, accountId)).value();
  return text === undefined ? undefined : (JSON.parse(text) as Snapshot);
}

async function deliver(to: typeof ports, accountId: string, purchaseId: string): Promise<void> {
  await recompute({ ...to, queue, catalog, now, newId: randomUUID, warn: () => {} }, accountId, [
    purchase({ accountId, purchaseId }),
  ]);
}

describe('over the real SDKs', () => {
  test('a crash after any step loses neither purchase nor push', async () => {
    let deadline = 0;
    for (let died = true; died;) {
      deadline += 1;
      const accountId = `crash-${deadline}`;
      await deliver(ports, accountId, 'before');
      const heard: number[] = [];
      const both = Promise.withResolvers<void>();
      const subscription = await topics.subscribe(CACHE, accountId, {
        onItem: (item) => {
          heard.push((JSON.parse(item.valueString()) as Announcement).version);
          both.resolve();
        },
      });

      const life = mortal({ ...ports }, deadline);
      await deliver(life.ports, accountId, 'bought').catch(() => {});
      died = life.died();
      await deliver(ports, accountId, 'bought');

      await both.promise;
      expect(new Set(heard)).toEqual(new Set([2]));
      const stored = await ports.accounts.read(accountId);
      expect(stored).toMatchObject({ snapshot: { version: 2 }, outbox: [], inbox: [] });
      const { purchases } = await ports.accounts.readAll(accountId);
      expect(purchases.map(({ purchaseId }) => purchaseId)).toEqual(['before', 'bought']);
      expect(await cachedOf(accountId)).toEqual(stored?.snapshot);
      if ('unsubscribe' in subscription) subscription.unsubscribe();
    }
    expect(deadline).toBeGreaterThan(14);
  });

  test('stale reads of the cache neither stop a fill nor bring an older answer back', async () => {
    for (let round = 0; round < 20; round++) {
      const accountId = `stale-${round}`;
      await deliver(ports, accountId, 'first');
      const { snapshot: older } = (await ports.accounts.read(accountId))!;
      if (round % 2 === 0) momento.flushCache(CACHE);
      momento.serveStaleReads(true);

      const slowed = (pause: () => Promise<void>) => {
        const steps = { before: pause, after: pause };
        return {
          accounts: interrupted(ports.accounts, steps),
          cache: interrupted(ports.cache, steps),
          topic: ports.topic,
          slots: ports.slots,
        };
      };
      await interleave(
        [
          (pause) => deliver(slowed(pause), accountId, 'second'),
          (pause) => fillCache({ ...slowed(pause), now }, older),
        ],
        [
          { actor: 1, steps: round % 7 },
          { actor: 0, steps: (round * 5) % 23 },
          { actor: 1, steps: 3 },
        ],
      );

      const stored = await ports.accounts.read(accountId);
      expect(stored?.snapshot.version).toBe(2);
      expect(await cachedOf(accountId)).toEqual(stored?.snapshot);
    }
  });
});
