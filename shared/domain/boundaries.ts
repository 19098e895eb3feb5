import type { Snapshot } from './entitlements.ts';
import { fromMs, toMs } from './instants.ts';

/*
 * What starts or ends by time alone has to be told at that moment, although nobody does anything then. Every account's
 * next such moment stands in an index, by its minute. A run every minute looks through the minutes that come near and
 * has each account recomputed when its moment is there; and looks once more when a minute is long past, for whoever is
 * still in it. docs/decisions/0010-boundaries-are-announced.md has the argument why none is missed.
 */

/** The next moment at which time alone changes what an account holds. */
export interface Boundary {
  readonly accountId: string;
  readonly atMs: number;
}

/**
 * One of the parts that a minute of the index has, numbered in the order of time. A minute has several, because
 * DynamoDB writes a thousand times a second to one key (its limit per partition), and every subscriber of a promotion
 * leaves the same minute at once.
 */
export type Bucket = number;

const MINUTE_MS = 60_000;

/** Part of the stored keys: who changes it has to look through both numberings for a while. */
const BUCKETS_PER_MINUTE = 8;

/** How long before its minute a bucket is looked through: one run left out, and the next half a minute late, is nothing. */
export const LOOK_AHEAD_MS = 2.5 * MINUTE_MS;

/**
 * A recompute that sets a boundary nearer than this sends the message for it by itself: the run may have looked there
 * already. More than the look-ahead, the minute itself, and the 30 s that a recompute may take, by half a minute, for
 * the index to catch up and for clocks to differ. Less than five minutes, at which the queue's oldest message rings.
 */
export const NEAR_MS = LOOK_AHEAD_MS + 2 * MINUTE_MS;

/** How long after its minute a bucket is looked through again: whoever is still there was missed. */
export const SETTLED_AFTER_MS = 5 * MINUTE_MS;

/** When time next changes the snapshot's answer, in ms; `undefined` = never. */
export function boundaryMs({ nextChangeAt }: Pick<Snapshot, 'nextChangeAt'>): number | undefined {
  return nextChangeAt === null ? undefined : toMs(nextChangeAt);
}

export function bucketOf({ accountId, atMs }: Boundary): Bucket {
  return firstBucketAt(atMs) + (hash(accountId) % BUCKETS_PER_MINUTE);
}

/** The first bucket of the minute that this moment lies in. */
export function firstBucketAt(atMs: number): Bucket {
  return Math.floor(atMs / MINUTE_MS) * BUCKETS_PER_MINUTE;
}

/** The moment at which the bucket's minute begins. */
export function beginningOf(bucket: Bucket): number {
  return Math.floor(bucket / BUCKETS_PER_MINUTE) * MINUTE_MS;
}

export function isLastOfMinute(bucket: Bucket): boolean {
  return (bucket + 1) % BUCKETS_PER_MINUTE === 0;
}

/** What the bucket is called in the index: `2026-11-22T10:00Z#3`. */
export function bucketName(bucket: Bucket): string {
  return `${fromMs(beginningOf(bucket)).slice(0, 16)}Z#${bucket % BUCKETS_PER_MINUTE}`;
}

/** So that what waits this long is visible at the boundary or within a second after it, never before. */
export function secondsUntil(atMs: number, nowMs: number): number {
  return Math.max(0, Math.ceil((atMs - nowMs) / 1000));
}

export function isNear(atMs: number, nowMs: number): boolean {
  return atMs - nowMs <= NEAR_MS;
}

/** How far the index is looked through: everything before these buckets, once ahead and once behind. */
export interface Progress {
  readonly ahead: Bucket;
  readonly behind: Bucket;
}

/** For an index that nobody has looked through yet. Behind, it also sees what the first minutes have missed. */
export function firstProgress(nowMs: number): Progress {
  return { ahead: firstBucketAt(nowMs), behind: firstBucketAt(nowMs - SETTLED_AFTER_MS) };
}

export interface Look {
  readonly bucket: Bucket;
  /** Where the index is looked through up to once that bucket is. */
  readonly after: Progress;
}

/**
 * The bucket that is due to be looked through, if one is. First come the minutes ahead. When even those are long past,
 * as after an outage, one look serves for both: what was left behind before them comes first, and then both go on
 * together, so that nobody who was just sent for is sent for again.
 */
export function nextLook(progress: Progress, nowMs: number): Look | undefined {
  const { ahead, behind } = progress;
  const late = isSettled(ahead, nowMs);
  if (late && behind < ahead) return { bucket: behind, after: { ahead, behind: behind + 1 } };
  if (late) return { bucket: ahead, after: { ahead: ahead + 1, behind: ahead + 1 } };
  if (beginningOf(ahead) <= nowMs + LOOK_AHEAD_MS) {
    return { bucket: ahead, after: { ahead: ahead + 1, behind } };
  }
  return isSettled(behind, nowMs) ? { bucket: behind, after: { ahead, behind: behind + 1 } } : undefined;
}

function isSettled(bucket: Bucket, nowMs: number): boolean {
  return beginningOf(bucket) + MINUTE_MS + SETTLED_AFTER_MS <= nowMs;
}

/** FNV-1a, 32 bits: spreads ids evenly, and is the same wherever it runs. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}
