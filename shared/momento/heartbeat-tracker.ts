import { CollectionTtl } from '@gomomento/sdk';
import { dictionaryOf } from '../domain/heartbeat-intervals.ts';
import type { HeartbeatTracker } from '../ports.ts';
import type { MomentoCache } from './cache-client.ts';
import { answered } from './errors.ts';

/**
 * Heartbeats in the stage's Momento cache, one dictionary per account and interval, one field per device. Their count
 * may run ahead: an increment that was not answered may have taken effect, and is tried once more. The number of
 * devices, which is what counts, is the same whichever it was.
 */
export function momentoHeartbeatTracker(momento: MomentoCache, cacheName: string): HeartbeatTracker {
  return {
    count: (accountId, interval, deviceId, beats = 1) =>
      momento.use(async (client) => {
        // Twice the interval from the last beat on: a dictionary is read throughout the interval that follows its own.
        // Renewing with every beat is what the SDK does unless told otherwise, and leaves room for clocks that differ.
        const ttl = CollectionTtl.of(Math.ceil((2 * interval.lengthMs) / 1000));
        const dictionary = dictionaryOf(accountId, interval);
        const answer = await client.dictionaryIncrement(cacheName, dictionary, deviceId, beats, { ttl });
        return answered(answer, 'dictionaryIncrement').value();
      }),

    devices: (accountId, interval) =>
      momento.use(async (client) => {
        const answer = await client.dictionaryLength(cacheName, dictionaryOf(accountId, interval));
        const length = answered(answer, 'dictionaryLength');
        return length.type === 'Hit' ? length.value() : 0;
      }),
  };
}
