import {
  foldAccess,
  nextChangeAt,
  type Entitlement,
  type Snapshot,
} from '../../../shared/domain/entitlements.ts';
import { toMs } from '../../../shared/domain/instants.ts';
import { compareSnapshots } from '../../../shared/domain/snapshots.ts';
import type { Reading } from '../service/api.ts';
import type { EntitlementMessage } from '../service/messages.ts';

/** Where in an account's history an answer or a message stands. */
export interface Point {
  readonly epoch: string;
  readonly version: number;
}

/** What the player knows of one account. */
export interface EntitlementState {
  /** The newest answer that was read, with all the messages since; `undefined` until the first is read. */
  readonly snapshot: Snapshot | undefined;
  /** The newest version that anything has spoken of, so that a read can ask for at least that. */
  readonly heard: Point | undefined;
  /**
   * Whether the service would call the snapshot by its version, so that "nothing newer" confirms it: not what an
   * earlier page kept, and not what was computed for one answer and may never get a version.
   */
  readonly isExact: boolean;
}

/** Nothing read, nothing heard. */
export const UNKNOWN: EntitlementState = { snapshot: undefined, heard: undefined, isExact: false };

/** Starts with what an earlier page kept, which counts as nothing that was heard. */
export function recall(snapshot: Snapshot, nowMs: number): EntitlementState {
  return { ...UNKNOWN, snapshot: refold(snapshot, nowMs) };
}

/** Takes an answer that was read, unless a newer one is held: what is shown never goes back. */
export function adopt(
  state: EntitlementState,
  { snapshot: read, provisional }: Reading,
  nowMs: number,
): EntitlementState {
  const { snapshot: held } = state;
  const heard = later(state.heard, read);
  if (held && isNewer(held, read)) return { ...state, heard };
  return { heard, snapshot: held === read ? held : refold(read, nowMs), isExact: !provisional };
}

/** The version to ask for at least: what was heard of, and never less than what is held. */
export function leastVersion({ snapshot, heard }: EntitlementState): number {
  if (!heard) return snapshot?.version ?? 0;
  // Versions start over with an epoch: one more than is held passes over what is still cached of the old one.
  const isNewEpoch = snapshot && snapshot.epoch !== heard.epoch;
  return isNewEpoch ? Math.max(heard.version, snapshot.version + 1) : heard.version;
}

/**
 * Whether an answer to `atLeast` shows that what an earlier page kept is no history of this service's: it was asked
 * for that version, and has not come as far.
 */
export function isRefuted({ snapshot, isExact }: EntitlementState, read: Snapshot, atLeast: number): boolean {
  if (!snapshot || isExact || atLeast < snapshot.version) return false;
  return read.epoch === snapshot.epoch && read.version < snapshot.version;
}

/**
 * Takes a message from the account's topic. Only the next version of the same epoch is applied; an older one or one
 * that is held already changes nothing; anything else leaves the player {@link isBehind}, which calls for a read.
 */
export function hear(state: EntitlementState, message: EntitlementMessage, nowMs: number): EntitlementState {
  const { snapshot } = state;
  const heard = later(state.heard, message);
  const follows = snapshot && message.epoch === snapshot.epoch && message.version === snapshot.version + 1;
  if (!follows || message.type === 'entitlements.replaced') return { ...state, heard };
  const entitlements = applyTo(snapshot.entitlements, message);
  return {
    ...state,
    heard,
    snapshot: refold({ ...snapshot, version: message.version, entitlements }, nowMs),
  };
}

/** Whether something newer than what is held has been spoken of, or nothing is held at all. */
export function isBehind({ snapshot, heard }: EntitlementState): boolean {
  return !snapshot || (heard !== undefined && comparePoints(heard, snapshot) > 0);
}

/** Computes `access` and `nextChangeAt` again: for after a message, and for when time alone changes the answer. */
export function refold(snapshot: Snapshot, nowMs: number): Snapshot {
  const { entitlements } = snapshot;
  return {
    ...snapshot,
    nextChangeAt: nextChangeAt(entitlements, nowMs),
    access: foldAccess(entitlements, nowMs),
  };
}

/** In the order in which the back end lists them, so that a player that read and one that heard show the same. */
function applyTo(
  entitlements: readonly Entitlement[],
  message: Exclude<EntitlementMessage, { readonly type: 'entitlements.replaced' }>,
): readonly Entitlement[] {
  const { entitlementId } = message.data;
  const others = entitlements.filter((entitlement) => entitlement.entitlementId !== entitlementId);
  if (message.type === 'entitlement.deleted') return others;
  return [...others, message.data].toSorted((a, b) => (a.entitlementId < b.entitlementId ? -1 : 1));
}

/**
 * Of two answers at the same version the one computed later counts: the back end may answer for a boundary in time
 * before it has given that change a version.
 */
export function isNewer(held: Snapshot, read: Snapshot): boolean {
  return (compareSnapshots(held, read) || toMs(held.asOf) - toMs(read.asOf)) > 0;
}

function later(a: Point | undefined, b: Point): Point {
  return a && comparePoints(a, b) >= 0 ? a : { epoch: b.epoch, version: b.version };
}

function comparePoints(a: Point, b: Point): number {
  return Number(a.epoch) - Number(b.epoch) || a.version - b.version;
}
