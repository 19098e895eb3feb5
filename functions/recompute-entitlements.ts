import { randomUUID } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda';
import { accountTable } from '../shared/aws/account-table.ts';
import { sqsCheckoutQueue } from '../shared/aws/checkout-queue.ts';
import { loadCatalog } from '../shared/catalog.ts';
import { parseCheckoutMessage, type Order } from '../shared/checkout-message.ts';
import { recompute } from '../shared/entitlements/recompute.ts';
import { numberSetting, setting } from '../shared/env.ts';
import { noteMissing } from '../shared/lambda/log.ts';
import { tally } from '../shared/lambda/metrics.ts';
import { momentoSecrets } from '../shared/lambda/momento-secrets.ts';
import { batch, DONE, failed, type Outcome } from '../shared/lambda/queue.ts';
import { momentoAccountTopic } from '../shared/momento/account-topic.ts';
import { momentoCache } from '../shared/momento/cache-client.ts';
import { momentoSlots } from '../shared/momento/slots.ts';
import { momentoSnapshotCache } from '../shared/momento/snapshot-cache.ts';
import type { Purchase } from '../shared/domain/purchases.ts';

interface World {
  readonly parse: (body: string) => readonly Order[];
  readonly recompute: (accountId: string, reported: readonly Purchase[]) => Promise<void>;
}

/** Checkout queue → table → cache → topic. A batch recomputes an account once; each account fares by itself. */
export function recomputeEntitlements({ parse, recompute: recomputeAccount }: World) {
  async function serve(accountId: string, orders: readonly Order[]): Promise<Outcome> {
    try {
      await recomputeAccount(
        accountId,
        orders.flatMap(({ purchase }) => purchase ?? []),
      );
      tally('Recomputes');
      return DONE;
    } catch (error) {
      return failed(error);
    }
  }

  return async (records: readonly SQSRecord[]): Promise<ReadonlyMap<SQSRecord, Outcome>> => {
    const outcomes = new Map<SQSRecord, Outcome>();
    const parsed = records.flatMap((record) => {
      try {
        outcomes.set(record, DONE); // unless it fails for one of those that it is about
        return parse(record.body).map((order) => ({ record, order }));
      } catch (error) {
        outcomes.set(record, failed(error));
        return [];
      }
    });
    const byAccount = Map.groupBy(parsed, ({ order }) => order.accountId);
    await Promise.all(
      [...byAccount].map(async ([accountId, entries]) => {
        const outcome = await serve(
          accountId,
          entries.map(({ order }) => order),
        );
        if (!outcome.done) for (const { record } of entries) outcomes.set(record, outcome);
      }),
    );
    return outcomes;
  };
}

const secrets = momentoSecrets('MOMENTO_DATA_KEY_PARAMETER');
const momento = momentoCache(secrets);
const cacheName = setting('MOMENTO_CACHE_NAME');
const catalog = loadCatalog();
const topic = momentoAccountTopic(secrets, cacheName);
const queueUrl = setting('CHECKOUT_QUEUE_URL');
const world = {
  queue: sqsCheckoutQueue(queueUrl),
  accounts: accountTable(setting('TABLE_NAME')),
  cache: momentoSnapshotCache(momento, cacheName),
  slots: momentoSlots(momento, cacheName, { leaseSeconds: numberSetting('LEASE_SECONDS') }),
  topic: {
    publish: async (...[accountId, announcement]: Parameters<typeof topic.publish>) => {
      await topic.publish(accountId, announcement);
      tally('AnnouncementsPublished');
    },
  },
  catalog,
  now: Date.now,
  newId: randomUUID,
  warn: noteMissing,
};

export const handler = batch(
  { queueUrl, deadLetterQueueUrl: setting('DEAD_LETTER_QUEUE_URL') },
  recomputeEntitlements({
    parse: (body) => parseCheckoutMessage(body, catalog),
    recompute: (accountId, reported) => recompute(world, accountId, reported),
  }),
);
