import {
  beginningOf,
  firstProgress,
  isLastOfMinute,
  nextLook,
  secondsUntil,
  type Bucket,
} from '../domain/boundaries.ts';
import type { BoundaryIndex, BoundaryProgress, RecomputeRequests } from '../ports.ts';

interface World {
  readonly boundaries: BoundaryIndex;
  readonly progress: BoundaryProgress;
  readonly requests: RecomputeRequests;
  readonly now: () => number;
}

/** What one run has done. */
export interface Run {
  /** Accounts that were sent for. */
  readonly requested: number;
  readonly buckets: number;
  /** How long ago the first minute began that is not looked through yet; 0 as long as nothing is late. */
  readonly lateSeconds: number;
  /** Another run was at the same, and went on. */
  readonly overtaken: boolean;
}

/**
 * Has every account whose answer time changes soon recomputed at that moment, and those that were missed at once. Goes
 * on where the last run has stopped, and stops at `untilMs`; what is left is the next run's. What was sent for when a
 * run dies is sent for again, which is harmless.
 * @throws Unavailable when the table or the queue does not answer.
 */
export async function announceBoundaries(world: World, untilMs: number): Promise<Run> {
  const { progress, now } = world;
  const stored = await progress.read();
  // Where the first run begins is kept, should it die: what is due by then lies in these minutes.
  let reached = stored ?? firstProgress(now());
  let overtaken = stored === undefined && !(await progress.advance(undefined, reached));

  let [saved, requested, buckets] = [reached, 0, 0];
  while (!overtaken && now() < untilMs) {
    const look = nextLook(reached, now());
    if (look === undefined) break;
    const found = await requestBucket(world, look.bucket);
    requested += found;
    buckets += 1;
    reached = look.after;
    // Without a write for every empty bucket, and none that was full is gone through twice.
    if (found === 0 && !isLastOfMinute(look.bucket)) continue;
    overtaken = !(await progress.advance(saved, reached));
    saved = reached;
  }
  const lateMs = Math.max(0, now() - beginningOf(reached.ahead));
  return { requested, buckets, lateSeconds: Math.floor(lateMs / 1000), overtaken };
}

async function requestBucket({ boundaries, requests, now }: World, bucket: Bucket): Promise<number> {
  let found = 0;
  for await (const page of boundaries.read(bucket)) {
    const nowMs = now();
    await requests.sendAll(
      page.map(({ accountId, atMs }) => ({ accountId, delaySeconds: secondsUntil(atMs, nowMs) })),
    );
    found += page.length;
  }
  return found;
}
