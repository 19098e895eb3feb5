import {
  foldAccess,
  nextChangeAt,
  type Entitlement,
  type Snapshot,
} from '../../../shared/domain/entitlements.ts';
import { toMs } from '../../../shared/domain/instants.ts';
import { compareSnapshots } from '../../../shared/domain/snapshots.ts';
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
}

/** Nothing read, nothing heard. */
export const UNKNOWN: EntitlementState = { snapshot: undefined, heard: undefined };

/** Takes an answer that was read, unless a newer one is held: what is shown never goes back. */
export function adopt(state: EntitlementState, read: Snapshot, nowMs: number): EntitlementState {
  const { snapshot: held } = state;
  return {
    heard: later(state.heard, read),
    snapshot: held && isNewer(held, read) ? held : refold(read, nowMs),
  };
}

/**
 * Takes a message from the account's topic. Only the next version of the same epoch is applied; an older one or one
 * that is held already changes nothing; anything else leaves the player {@link isBehind}, which calls for a read.
 */
export function hear(state: EntitlementState, message: EntitlementMessage, nowMs: number): EntitlementState {
  const { snapshot } = state;
  const heard = later(state.heard, message);
  const follows = snapshot && message.epoch === snapshot.epoch && message.version === snapshot.version + 1;
  if (!follows || message.type === 'entitlements.replaced') return { snapshot, heard };
  const entitlements = applyTo(snapshot.entitlements, message);
  return { heard, snapshot: refold({ ...snapshot, version: message.version, entitlements }, nowMs) };
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
function isNewer(held: Snapshot, read: Snapshot): boolean {
  return (compareSnapshots(held, read) || toMs(held.asOf) - toMs(read.asOf)) > 0;
}

function later(a: Point | undefined, b: Point): Point {
  return a && comparePoints(a, b) >= 0 ? a : { epoch: b.epoch, version: b.version };
}

function comparePoints(a: Point, b: Point): number {
  return Number(a.epoch) - Number(b.epoch) || a.version - b.version;
}
