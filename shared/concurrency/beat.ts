import {
  compareAge,
  fateOf,
  isSamePlayer,
  standingIn,
  textOfSession,
  type EndReason,
  type Session,
} from '../domain/sessions.ts';
import { Contended } from '../errors.ts';
import type { SessionGrant } from '../ports.ts';
import { bury } from './bury.ts';
import { grantOf } from './grant.ts';
import { contentOf, limitOf, look, mayWatch } from './look.ts';
import { occupy } from './occupy.ts';
import type { SessionWorld } from './world.ts';

export type Beaten =
  | { readonly alive: true; readonly grant: SessionGrant }
  /** `overAdmitted`: it went on in an outage, and there is no slot for it now that there are slots again. */
  | { readonly alive: false; readonly reason: EndReason; readonly overAdmitted?: boolean };

/** Whoever is kept from its own slot this often in a row is told to come back. */
const MOST_ROUNDS = 4;

/**
 * Renews a session's lease: one call, as long as it stands where its token says. Every few minutes, and when time may
 * have changed what the account may watch, it looks again; so it does when it finds somebody else in its place. A
 * session that has merely been forgotten (the cache was flushed, or it was admitted in an outage) takes a slot again
 * if there is one, but nobody else's.
 * @throws Contended, Outage, Unavailable, Throttled
 */
export async function beat(world: SessionWorld, grant: SessionGrant): Promise<Beaten> {
  const { accountId, session, slot, expiresAtMs, recheckAtMs } = grant;
  const sinceMs = world.now();
  if (sinceMs >= expiresAtMs) return over('expired');
  if (slot !== null && sinceMs < recheckAtMs) {
    const text = textOfSession(session);
    if (await world.slots.replace(accountId, slot, text, text)) {
      return {
        alive: true,
        grant: { ...grant, expiresAtMs: sinceMs + world.leaseSeconds * 1000, degradedUntilMs: null },
      };
    }
  }
  return lookAgain(world, grant);
}

async function lookAgain(world: SessionWorld, grant: SessionGrant): Promise<Beaten> {
  const { accountId, session } = grant;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const view = await look(world, accountId);
    const sinceMs = world.now();
    const standing = standingIn(view.slots).find((one) => one.session.sessionId === session.sessionId);
    const fate = standing ? undefined : fateOf(session, grant.slot, view.slots);
    if (fate) return { ...over(fate), overAdmitted: fate === 'expired' && grant.degradedUntilMs !== null };

    if (!mayWatch(world.catalog, view.snapshot, session, sinceMs).allowed) {
      if (standing && !(await bury(world, accountId, standing, 'revoked'))) continue;
      return over('revoked');
    }
    if (contentOf(world.catalog, session.contentId)?.counted === false) {
      const { snapshot } = view;
      return { alive: true, grant: grantOf(world, accountId, { session, slot: null, snapshot, sinceMs }) };
    }
    if (!standing) {
      if (standingIn(view.slots).some((one) => isNewer(one.session, session))) return over('superseded');
      const outcome = await standAgain(world, grant);
      if (outcome) return outcome;
      continue; // another heartbeat of the same session was faster, or its player has started again
    }
    if (standing.number > limitOf(view.snapshot, sinceMs)) {
      if (!(await bury(world, accountId, standing, 'expired'))) continue;
      return over('expired');
    }
    if (await world.slots.replace(accountId, standing.number, standing.text, standing.text)) {
      const found = { session: standing.session, slot: standing.number, snapshot: view.snapshot, sinceMs };
      return { alive: true, grant: grantOf(world, accountId, found) };
    }
  }
  throw new Contended('the slots of the account are being changed by many at once');
}

/**
 * Nobody ended it, and it stands nowhere: it may have a slot that is free. `undefined` when it stands by now, or what
 * its player has started since.
 */
async function standAgain(world: SessionWorld, grant: SessionGrant): Promise<Beaten | undefined> {
  const { accountId, session, slot, degradedUntilMs } = grant;
  const { nonce: _nonce, instead: _instead, ...rest } = session;
  const wanted = { ...rest, ...(slot !== null && { number: slot }) };
  const occupied = await occupy(world, accountId, wanted, 'refuse-newest');
  if (occupied.admitted) {
    return { alive: true, grant: grantOf(world, accountId, { ...occupied, slot: occupied.number }) };
  }
  if (occupied.reason === 'not-entitled') return over('revoked');
  const { sessionId } = session;
  if (occupied.conflicts.some((one) => one.sessionId === sessionId || isNewer(one, session)))
    return undefined;
  return { ...over('expired'), overAdmitted: degradedUntilMs !== null };
}

function over(reason: EndReason) {
  return { alive: false, reason } as const;
}

function isNewer(one: Session, session: Session): boolean {
  return isSamePlayer(one, session) && compareAge(session, one) < 0;
}
