import { tableRequestLimiter } from '../shared/aws/account-table.ts';
import { sqsCheckoutQueue } from '../shared/aws/checkout-queue.ts';
import { setting } from '../shared/env.ts';
import { TooOften } from '../shared/errors.ts';
import { type HttpReply } from '../shared/lambda/http-messages.ts';
import { viewer, type ViewerRequest } from '../shared/lambda/http.ts';
import type { CheckoutQueue, RequestLimiter } from '../shared/ports.ts';

interface World {
  readonly limiter: RequestLimiter;
  readonly queue: CheckoutQueue;
  readonly now: () => number;
}

/** "Restore purchases" is pressed again and again; once in this time is enough. */
const INTERVAL_SECONDS = 5;

/** POST /entitlements/recompute: has the account's answer computed afresh from its purchases. */
export function requestRecompute({ limiter, queue, now }: World) {
  return async ({ accountId }: ViewerRequest): Promise<HttpReply> => {
    const retryAfterSeconds = await limiter.secondsToWait(accountId, now());
    if (retryAfterSeconds > 0) throw new TooOften('recompute asked for too often', { retryAfterSeconds });
    await queue.send({ kind: 'recompute', accountId });
    return { status: 202, body: {} };
  };
}

export const handler = viewer(
  requestRecompute({
    limiter: tableRequestLimiter(setting('TABLE_NAME'), INTERVAL_SECONDS),
    queue: sqsCheckoutQueue(setting('CHECKOUT_QUEUE_URL')),
    now: Date.now,
  }),
);
