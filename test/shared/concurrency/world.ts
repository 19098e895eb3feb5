import { beat, type Beaten } from '../../../shared/concurrency/beat.ts';
import { startSession, type StartRequest } from '../../../shared/concurrency/start-session.ts';
import type { SessionWorld } from '../../../shared/concurrency/world.ts';
import type { WhenFull } from '../../../shared/domain/admission.ts';
import {
  foldAccess,
  nextChangeAt,
  type Entitlement,
  type Snapshot,
} from '../../../shared/domain/entitlements.ts';
import { fromMs } from '../../../shared/domain/instants.ts';
import type { SessionTerminated } from '../../../shared/domain/session-messages.ts';
import { slotOf } from '../../../shared/domain/sessions.ts';
import type { SessionGrant } from '../../../shared/ports.ts';
import { catalogOf, content, entitlement } from '../../support/catalogs.ts';
import { fakeSlots, type FakeSlots } from '../../support/slots.ts';
import { fakeClock, type FakeClock } from '../../support/world.ts';

export const LEASE_MS = 40_000;

/** The Harbour counts as a stream, as does The Final; the news do not. */
export const catalog = catalogOf([], {
  contents: [
    content(),
    content({ contentId: 'final', requires: ['sports'] }),
    content({ contentId: 'news', requires: ['movies'], counted: false }),
  ],
});

export function snapshotOf(entitlements: readonly Entitlement[], version: number, nowMs: number): Snapshot {
  return {
    accountId: 'ada',
    epoch: '0',
    version,
    catalogVersion: catalog.catalogVersion,
    asOf: fromMs(nowMs),
    nextChangeAt: nextChangeAt(entitlements, nowMs),
    entitlements,
    access: foldAccess(entitlements, nowMs),
  };
}

export interface SessionsWorld extends SessionWorld {
  readonly slots: FakeSlots;
  readonly now: FakeClock;
  readonly whenFull: WhenFull;
  /** What the account's devices were told. */
  readonly told: SessionTerminated[];
  readonly warned: string[];
  /** What the account holds from now on, in the table and in the cache. */
  holds(...entitlements: readonly Entitlement[]): Snapshot;
  /** Movies and sports on that many screens. */
  limitTo(maxStreams: number): Snapshot;
}

/** Ada's sessions, with everything around them in memory. */
export function sessionsWorld({
  limit = 2,
  whenFull = 'refuse-newest',
}: { readonly limit?: number; readonly whenFull?: WhenFull } = {}): SessionsWorld {
  const now = fakeClock();
  const slots = fakeSlots(now);
  const told: SessionTerminated[] = [];
  const warned: string[] = [];
  let stored: Snapshot;
  let ids = 0;
  const world: SessionsWorld = {
    slots,
    now,
    whenFull,
    told,
    warned,
    catalog,
    leaseSeconds: LEASE_MS / 1000,
    snapshotOf: async () => stored,
    topic: {
      publish: async (_, message) => {
        if (message.type === 'session.terminated') told.push(message);
      },
    },
    newId: () => `id-${(ids += 1)}`,
    warn: (message) => void warned.push(message),
    holds(...entitlements) {
      stored = snapshotOf(entitlements, (stored?.version ?? 0) + 1, now());
      slots.snapshots.set('ada', stored);
      return stored;
    },
    limitTo: (maxStreams) =>
      world.holds(entitlement({ maxStreams, grants: maxStreams > 0 ? ['movies', 'sports'] : [] })),
  };
  world.limitTo(limit);
  return world;
}

/** A start on that device, by its only player, unless told otherwise. */
export function request(deviceId: string, changes: Partial<StartRequest> = {}): StartRequest {
  return { deviceId, playerId: deviceId, contentId: 'harbour', deviceType: 'web', region: 'JP', ...changes };
}

/** The grant of one that must have been admitted. */
export async function started(
  world: SessionsWorld,
  deviceId: string,
  changes: Partial<StartRequest> = {},
): Promise<SessionGrant> {
  const outcome = await startSession(world, 'ada', request(deviceId, changes));
  if (!outcome.admitted) throw new Error(`${deviceId} was not admitted: ${outcome.reason}`);
  return outcome.grant;
}

/** Starts one after another, a second apart. */
export async function play(world: SessionsWorld, ...deviceIds: readonly string[]): Promise<SessionGrant[]> {
  const grants: SessionGrant[] = [];
  for (const deviceId of deviceIds) {
    grants.push(await started(world, deviceId));
    world.now.advance(1000);
  }
  return grants;
}

/** What each beat is answered: `alive`, or why it is over. */
export async function beats(world: SessionsWorld, ...grants: readonly SessionGrant[]): Promise<string[]> {
  const answers: string[] = [];
  for (const grant of grants) answers.push(nameOf(await beat(world, grant)));
  return answers;
}

function nameOf(beaten: Beaten): string {
  return beaten.alive ? 'alive' : beaten.reason;
}

/** The device that stands in each slot, from slot 1 to the last that is taken; a tombstone as `†device`. */
export function devicesIn({ slots }: { readonly slots: FakeSlots }): readonly string[] {
  const names = slots
    .texts()
    .map(slotOf)
    .map((slot) => {
      if (slot.kind === 'held') return slot.session.deviceId;
      return slot.kind === 'ended' ? `†${slot.deviceId}` : '';
    });
  return names.slice(0, names.findLastIndex((name) => name !== '') + 1);
}

/** Whom the account's devices were told of, and why. */
export function announced({ told }: Pick<SessionsWorld, 'told'>): readonly (readonly [string, string])[] {
  return told.map(({ data: { deviceId, reason } }) => [deviceId, reason] as const);
}
