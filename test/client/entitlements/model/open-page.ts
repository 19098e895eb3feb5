import type { ConnectionState } from '../../../../client/src/entitlements/connection.ts';
import { followEntitlements } from '../../../../client/src/entitlements/follow-entitlements.ts';
import type { Entitlements } from '../../../../client/src/entitlements/holding.ts';
import { keptSnapshots } from '../../../../client/src/entitlements/kept-snapshot.ts';
import { delayAfter } from '../../../../client/src/timing/backoff.ts';
import { createServerClock } from '../../../../client/src/timing/server-clock.ts';
import type { Wave } from '../../../../shared/domain/catalog-messages.ts';
import { fromMs, toMs } from '../../../../shared/domain/instants.ts';
import type { FakeNetwork } from './fake-network.ts';
import type { FakeService } from './fake-service.ts';
import type { FakeTime } from './fake-time.ts';

interface World {
  readonly time: FakeTime;
  readonly network: Pick<FakeNetwork, 'call' | 'hear' | 'drop'>;
  readonly service: FakeService;
  /** The browser's, which its tabs share. */
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly random: () => number;
  /** How long its tokens live. */
  readonly lifeMs: number;
  readonly graceMs: number;
  readonly isHidden?: () => boolean;
  readonly playingProductIds?: () => readonly string[];
}

interface Listener {
  readonly onEntitlements?: (entitlements: Entitlements) => void;
  readonly onMessage?: (text: string) => void;
  readonly onWave?: (wave: Wave) => void;
  /** It asks the API, or the cache. */
  readonly onRead?: (of: 'api' | 'cache') => void;
  readonly onBreach: (law: string) => void;
}

/** A page of the account `ada`, through the library's own code. */
export function openPage(
  { time, network, service, storage, random, lifeMs, graceMs, isHidden, playingProductIds }: World,
  { onEntitlements, onMessage, onWave, onRead, onBreach }: Listener,
) {
  const timers = new Set<() => void>();
  let entitlements: Entitlements = { standing: 'unknown' };
  let connection: ConnectionState = 'offline';
  let isGone = false;
  const live = followEntitlements(
    {
      readGrant: () =>
        network.call(() => ({
          userId: 'ada',
          cacheName: 'usher',
          endpoint: 'cell.example',
          issuedAt: fromMs(time.now()),
          expiresAt: fromMs(time.now() + lifeMs),
          token: 't',
          cacheToken: 'c',
        })),
      readEntitlements({ atLeast }) {
        onRead?.('api');
        return network.call(() => service.read(atLeast));
      },
      connect: async ({ expiresAt }) => ({
        hear: (topic, events) => network.hear(topic, events, toMs(expiresAt)),
        readSnapshot() {
          onRead?.('cache');
          return network.call(() => service.cached && JSON.stringify(service.cached));
        },
      }),
      delayAfter: (error, failures) => delayAfter(error, failures, random),
      clock: createServerClock(time.device),
      after,
      random,
      kept: keptSnapshots(() => storage),
      graceMs,
      accountId: 'ada',
      isHidden: isHidden ?? (() => false),
      playingProductIds: playingProductIds ?? (() => []),
    },
    {
      onEntitlements(next) {
        if (isGone) onBreach('it tells of something after it was stopped');
        entitlements = next;
        onEntitlements?.(next);
      },
      onConnection(next) {
        connection = next;
      },
      onMessage: (text) => onMessage?.(text),
      onSessionEnd: () => {},
      onWave: (wave) => onWave?.(wave),
      onStopped: (error) => onBreach(`it has stopped: ${String(error)}`),
    },
  );

  return {
    live,
    get entitlements() {
      return entitlements;
    },
    get connection() {
      return connection;
    },
    /** It takes its timers with it. */
    close() {
      network.drop();
      live.stop();
      isGone = true;
      for (const cancel of timers) cancel();
    },
  };

  function after(delayMs: number, act: () => void): () => void {
    const cancel = time.device.after(delayMs, () => {
      timers.delete(cancel);
      act();
    });
    timers.add(cancel);
    return () => {
      timers.delete(cancel);
      cancel();
    };
  }
}

export type Page = ReturnType<typeof openPage>;
