import { tableBoundaryIndex, tableBoundaryProgress } from '../shared/aws/boundary-index.ts';
import { sqsRecomputeRequests } from '../shared/aws/checkout-queue.ts';
import { announceBoundaries, type Run } from '../shared/entitlements/announce-boundaries.ts';
import { setting } from '../shared/env.ts';
import { logger } from '../shared/lambda/log.ts';

interface World {
  readonly announce: (untilMs: number) => Promise<Run>;
  readonly now: () => number;
}

/** Within the function's 55 s, with time for a bucket that is very full: the next run is on its way by then. */
const RUN_MS = 40_000;

/** Started every minute: accounts whose answer time changes soon → checkout queue. One line tells of the whole run. */
export function lookForBoundaries({ announce, now }: World) {
  return async (): Promise<void> => {
    const run = await announce(now() + RUN_MS);
    logger[run.lateSeconds > 0 ? 'warn' : 'info']('looked for boundaries', { ...run });
  };
}

const tableName = setting('TABLE_NAME');
const world = {
  boundaries: tableBoundaryIndex(tableName),
  progress: tableBoundaryProgress(tableName),
  requests: sqsRecomputeRequests(setting('CHECKOUT_QUEUE_URL')),
  now: Date.now,
};

export const handler = lookForBoundaries({
  announce: (untilMs) => announceBoundaries(world, untilMs),
  now: Date.now,
});
