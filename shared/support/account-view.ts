import type { Snapshot } from '../domain/entitlements.ts';
import { fromMs, toMs } from '../domain/instants.ts';
import { latestOf } from '../domain/purchases.ts';
import { standingIn, slotOf, type Session } from '../domain/sessions.ts';
import { refolded } from '../domain/snapshots.ts';
import type { Account, DegradedEntry, SlotsRead } from '../ports.ts';

interface Found {
  readonly account: Account;
  /** `undefined` while Momento does not answer. */
  readonly cached: SlotsRead | undefined;
  readonly degraded: readonly DegradedEntry[];
}

/**
 * What support is shown of an account: what it bought, what it has by that now, who watches, what changed lately, and
 * what is on its way still. `stored: false` is an account that never bought nor asked for anything.
 */
export function accountView(accountId: string, { account, cached, degraded }: Found, nowMs: number) {
  const { record, purchases } = account;
  const stored = latestOf([...purchases, ...(record?.inbox ?? [])]);
  return {
    accountId,
    stored: record !== undefined,
    erasedAt: record?.erasedAtMs === undefined ? null : fromMs(record.erasedAtMs),
    snapshot: record ? refolded(record.snapshot, nowMs) : null,
    purchases: stored
      .toSorted((a, b) => toMs(b.reported.occurredAt) - toMs(a.reported.occurredAt))
      .map(({ accountId: _accountId, ...purchase }) => purchase),
    sessions: cached ? sessionsIn(cached) : null,
    degradedSessions: degraded
      .filter(({ untilMs }) => untilMs > nowMs)
      .map(({ session, untilMs }) => ({ ...told(session), until: fromMs(untilMs) })),
    recentChanges: (record?.recent ?? [])
      .toReversed()
      .map(({ version, atMs, cause }) => ({ version, at: fromMs(atMs), cause })),
    pending: {
      announcements: (record?.outbox ?? []).map(({ version, type }) => ({ version, type })),
      reports: record?.inbox.length ?? 0,
      sessionsToEnd: record?.sessionsDue !== undefined,
    },
    cached: cached ? versionOf(cached.snapshot) : null,
  };
}

/** The sessions that hold a slot, the oldest first. */
export function sessionsIn({ slots }: Pick<SlotsRead, 'slots'>) {
  return standingIn(slots.map(slotOf)).map(({ number, session }) => ({ ...told(session), slot: number }));
}

/** Without the nonce, a random number that tells one text in a slot from another. */
function told({ nonce: _nonce, instead: _instead, ...session }: Session) {
  return session;
}

function versionOf(snapshot: Snapshot | undefined) {
  return snapshot ? { epoch: snapshot.epoch, version: snapshot.version } : undefined;
}
