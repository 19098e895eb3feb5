import { MOST_STREAMS } from '../domain/entitlements.ts';
import { Outage } from '../errors.ts';
import type { SlotStore } from '../ports.ts';
import { DEADLINE_MS, type MomentoCache } from './cache-client.ts';
import { answered } from './errors.ts';
import { snapshotIn } from './snapshot-cache.ts';

/**
 * A slot outlives the session token that stands for it, so that nobody takes it while the token is still good: the
 * lease counts from before the call on our clock, the key's life from its arrival on Momento's.
 */
const MARGIN_SECONDS = 5;

/**
 * An account's slots under `{accountId}:slot:{1 … 16}` in the stage's Momento cache, each key atomic by itself.
 *
 * An operation may run a second time on a new connection when the first try was not answered. A `replace` whose first
 * try took effect then finds its own text there and says false, so false means only "look who stands there": whoever
 * reads its own text has it. Texts are unique, and so neither try can put anything over what somebody else put there.
 */
export function momentoSlots(
  momento: MomentoCache,
  cacheName: string,
  { leaseSeconds }: { readonly leaseSeconds: number },
): SlotStore {
  const ttl = leaseSeconds + MARGIN_SECONDS;

  return {
    read: (accountId) =>
      momento.use(async (client) => {
        const keys = [accountId, ...slotKeys(accountId)];
        // Batches are streams to the SDK: it gives them no deadline of its own.
        const abortSignal = AbortSignal.timeout(DEADLINE_MS);
        const batch = answered(await client.getBatch(cacheName, keys, { abortSignal }), 'getBatch');
        const found = batch.results().map((result) => {
          const one = answered(result, 'getBatch');
          return one.type === 'Hit' ? one.valueString() : undefined;
        });
        if (found.length !== keys.length) throw new Outage('Momento getBatch: answers are missing');
        const [snapshot, ...slots] = found;
        return { snapshot: snapshot === undefined ? undefined : snapshotIn(snapshot, accountId), slots };
      }),

    replace: (accountId, number, seen, text) =>
      momento.use(async (client) => {
        const key = slotKey(accountId, number);
        const answer =
          seen === undefined
            ? await client.setIfAbsent(cacheName, key, text, { ttl })
            : await client.setIfEqual(cacheName, key, text, seen, { ttl });
        return answered(answer, 'setIf').type === 'Stored';
      }),
  };
}

function slotKeys(accountId: string): readonly string[] {
  return Array.from({ length: MOST_STREAMS }, (_, index) => slotKey(accountId, index + 1));
}

function slotKey(accountId: string, number: number): string {
  return `${accountId}:slot:${number}`;
}
