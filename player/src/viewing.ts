import type { Snapshot } from '../../shared/domain/entitlements.ts';
import type { Viewer } from './account.ts';
import type { Api } from '../../client/src/service/api.ts';
import { delayAfter } from '../../client/src/timing/backoff.ts';
import {
  followEntitlements,
  type ConnectionState,
  type LiveEntitlements,
} from '../../client/src/entitlements/follow-entitlements.ts';
import { keptSnapshots } from '../../client/src/entitlements/kept-snapshot.ts';
import { connectMomento } from '../../client/src/momento/momento.ts';
import { createServerClock } from '../../client/src/timing/server-clock.ts';
import type { SessionEnd } from '../../client/src/service/session-answers.ts';

/** How long an answer counts after the service last stood by it. */
const GRACE_MS = 3 * 24 * 3_600_000;

/** An answer and when it was shown. */
export interface Shown {
  readonly snapshot: Snapshot;
  readonly atMs: number;
}

interface Listener {
  /** Another answer than `before`, which is absent for the first. */
  readonly onShown: (before: Shown | undefined, now: Shown) => void;
  readonly onConnection: (state: ConnectionState) => void;
  /** One of the account's sessions is over. */
  readonly onSessionEnd: (end: SessionEnd) => void;
  /** It is over without the viewer having wanted it. */
  readonly onOver: (error: unknown) => void;
}

/** One viewer's presence on the page, from signing in to signing out. */
export interface Viewing {
  readonly viewer: Viewer;
  readonly shown: Shown | undefined;
  readonly live: Pick<LiveEntitlements, 'refresh' | 'stop'>;
}

/** Follows what the viewer is entitled to, and wakes up with the page. */
export function startViewing(api: Api, viewer: Viewer, listener: Listener): Viewing {
  let shown: Shown | undefined;
  const live = followEntitlements(
    {
      readGrant: () => api.readGrant(),
      readEntitlements: (asked) => api.readEntitlements(asked),
      connect: connectMomento,
      delayAfter: (error, failures) => delayAfter(error, failures, Math.random),
      clock: createServerClock({ now: Date.now, steadyNow: () => performance.now() }),
      after(delayMs, act) {
        const timer = setTimeout(act, delayMs);
        return () => clearTimeout(timer);
      },
      random: Math.random,
      kept: keptSnapshots(() => localStorage),
      graceMs: GRACE_MS,
      accountId: viewer.accountId,
      isHidden: () => document.hidden,
      playingProductIds: () => [],
    },
    {
      onEntitlements(entitlements) {
        if (entitlements.standing === 'unknown' || entitlements.snapshot === shown?.snapshot) return;
        const before = shown;
        shown = { snapshot: entitlements.snapshot, atMs: Date.now() };
        listener.onShown(before, shown);
      },
      onConnection: listener.onConnection,
      onMessage: () => {},
      onWave: () => {},
      onSessionEnd: listener.onSessionEnd,
      onStopped(error) {
        wakers.abort();
        listener.onOver(error);
      },
    },
  );
  const wakers = wakeWithPage(() => live.reconnect());
  return {
    viewer,
    get shown() {
      return shown;
    },
    live: {
      ...live,
      stop() {
        wakers.abort();
        live.stop({ forget: true });
      },
    },
  };
}

/** A page that was hidden, cut off or frozen may have missed anything, its subscription's end included. */
function wakeWithPage(wake: () => void): AbortController {
  const listening = new AbortController();
  const { signal } = listening;
  document.addEventListener('visibilitychange', () => document.hidden || wake(), { signal });
  addEventListener('online', wake, { signal });
  addEventListener('pageshow', ({ persisted }) => persisted && wake(), { signal });
  return listening;
}
