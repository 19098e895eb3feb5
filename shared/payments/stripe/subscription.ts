import type { Claim, State } from './claim.ts';
import type { Envelope, Item, SubscriptionReport } from './event.ts';
import { revisionWithin, type Stage } from './order.ts';

/**
 * What an event of a subscription says of each of its items: an item is one purchase, which keeps its id when its
 * price changes, so that an upgrade is a change and not an end and a beginning. An item that the event removes ends,
 * and so does everything for the account that the subscription was moved away from.
 */
export function claimsOfSubscription(event: Envelope, report: SubscriptionReport): readonly Claim[] {
  const { object, previous_attributes: previous } = report;
  const accountId = object.metadata?.usher_account_id ?? undefined;
  const remaining = new Set(object.items.data.map(({ id }) => id));
  const earlier = (previous?.items?.data ?? []).filter((item) => item !== undefined);
  const removed = earlier.filter(({ id }) => !remaining.has(id));
  const before = previous?.metadata?.usher_account_id ?? undefined;
  const moved = before !== undefined && accountId !== undefined && before !== accountId;

  const claim = (item: Item, state: Claim['state'], stage: Stage, owner = accountId): Claim => ({
    accountId: owner,
    purchaseId: item.id,
    priceId: item.price.id,
    state,
    fromSeconds: startOf(item, event),
    revision: revisionWithin(stage, event, report),
  });
  const over = endedAt(event.created);
  return [
    ...object.items.data.map((item) => claim(item, stateOf(item, event, report), stageOf(event, report))),
    ...removed.map((item) => claim(item, over, 'over', before)),
    ...(moved ? object.items.data.map((item) => claim(item, over, 'over', before)) : []),
  ];
}

function stageOf({ type }: Envelope, { object: { status } }: SubscriptionReport): Stage {
  if (type === 'customer.subscription.created') return 'begun';
  return status === 'canceled' || status === 'incomplete_expired' ? 'over' : 'living';
}

/** An item is made a moment after its subscription; the event that tells of it is no later than that by Stripe's own clock. */
function startOf(item: Item, { created }: Envelope): number {
  return Math.min(item.created, created);
}

const NOT_HELD: State = { status: 'paused', untilSeconds: null };

function endedAt(untilSeconds: number): State {
  return { status: 'cancelled', untilSeconds };
}

/** https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses */
function stateOf(item: Item, event: Envelope, { object }: SubscriptionReport): Claim['state'] {
  const start = item.current_period_start ?? object.current_period_start;
  const end = item.current_period_end ?? object.current_period_end;
  const from = startOf(item, event);
  const until = (seconds: number): State => ({ status: 'active', untilSeconds: Math.max(from, seconds) });

  switch (object.status) {
    case 'canceled':
      return endedAt(object.ended_at ?? event.created);
    // Not paid for the first time, not paid for the last time, or without a means of payment after its trial.
    case 'incomplete':
    case 'incomplete_expired':
    case 'unpaid':
    case 'paused':
      return NOT_HELD;
    // The new period has begun and is not paid: the last one that was paid has ended, and the product's grace runs.
    case 'past_due':
      return start == null ? { fault: 'nothing says when its period began' } : until(start);
    case 'trialing':
    case 'active': {
      // By Stripe's words `void` is for who cannot provide the service now; the other two go on providing it.
      if (item.quantity === 0 || object.pause_collection?.behavior === 'void') return NOT_HELD;
      if (end == null) return { fault: 'nothing says when its period ends' };
      const cancelAt = object.cancel_at ?? (object.cancel_at_period_end ? end : undefined);
      return cancelAt !== undefined && cancelAt <= end ? endedAt(cancelAt) : until(end);
    }
    default:
      return { fault: `nothing is known of the status '${object.status}'` };
  }
}
