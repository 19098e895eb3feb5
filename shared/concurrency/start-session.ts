import type { WhenFull } from '../domain/admission.ts';
import { fromMs } from '../domain/instants.ts';
import type { Session } from '../domain/sessions.ts';
import type { SessionGrant } from '../ports.ts';
import { grantOf } from './grant.ts';
import { contentOf, look, mayWatch } from './look.ts';
import { occupy, type NotAdmitted } from './occupy.ts';
import type { SessionWorld } from './world.ts';

/** Who wants to watch what, where. */
export interface StartRequest extends Pick<
  Session,
  'deviceId' | 'playerId' | 'contentId' | 'deviceType' | 'region'
> {
  /** A session of the account to end for it. */
  readonly terminate?: string | undefined;
}

export type Started = { readonly admitted: true; readonly grant: SessionGrant } | NotAdmitted;

/**
 * Starts a playback if the account may watch this there and has a stream to spare. Content that is not counted takes
 * no slot.
 * @throws Contended, Unavailable, Throttled
 */
export async function startSession(
  world: SessionWorld & { readonly whenFull: WhenFull },
  accountId: string,
  { terminate, ...request }: StartRequest,
): Promise<Started> {
  const { catalog, now, newId, whenFull } = world;
  const sinceMs = now();
  const wanted = { ...request, startedAt: fromMs(sinceMs) };

  if (contentOf(catalog, request.contentId)?.counted === false) {
    const { snapshot } = await look(world, accountId);
    const access = mayWatch(catalog, snapshot, request, sinceMs);
    if (!access.allowed) return { admitted: false, reason: 'not-entitled', refusal: access.reason };
    const session: Session = { ...wanted, sessionId: newId(), nonce: newId(), instead: null };
    return { admitted: true, grant: grantOf(world, accountId, { session, slot: null, snapshot, sinceMs }) };
  }

  const occupied = await occupy(world, accountId, { ...wanted, terminate }, whenFull);
  if (!occupied.admitted) return occupied;
  return { admitted: true, grant: grantOf(world, accountId, { ...occupied, slot: occupied.number }) };
}
