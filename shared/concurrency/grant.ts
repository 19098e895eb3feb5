import { nextChangeAt, type Snapshot } from '../domain/entitlements.ts';
import { toMs } from '../domain/instants.ts';
import type { Session } from '../domain/sessions.ts';
import type { SessionGrant } from '../ports.ts';
import { contentOf } from './look.ts';
import type { SessionWorld } from './world.ts';

/** Whoever moves a boundary nearer has the sessions look again (end-excess.ts); what is missed is seen within this. */
const RECHECK_MS = 5 * 60_000;

/** What a session that has been admitted, or found in its place, may do until its next heartbeat. */
export function grantOf(
  { catalog, leaseSeconds }: Pick<SessionWorld, 'catalog' | 'leaseSeconds'>,
  accountId: string,
  {
    session,
    slot,
    snapshot,
    sinceMs,
  }: {
    readonly session: Session;
    readonly slot: number | null;
    readonly snapshot: Snapshot;
    /** The clock before the call that wrote the slot, so that the token ends before the slot does. */
    readonly sinceMs: number;
  },
): SessionGrant {
  const boundaries = [
    nextChangeAt(snapshot.entitlements, sinceMs),
    contentOf(catalog, session.contentId)?.until,
  ].flatMap((instant) => (instant ? [toMs(instant)] : []));
  return {
    accountId,
    session,
    slot,
    expiresAtMs: sinceMs + leaseSeconds * 1000,
    recheckAtMs: Math.min(sinceMs + RECHECK_MS, ...boundaries),
    degradedUntilMs: null,
  };
}
