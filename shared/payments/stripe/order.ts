import type { Envelope, SubscriptionReport } from './event.ts';

/*
 * Stripe dates events by the second, delivers them in any order, and numbers nothing. Of two events of one second the
 * later one is told by what each says by itself, since we keep no state of Stripe's and do not ask Stripe. What is
 * compared, in this order, and why the greater is later, is argued in docs/decisions/0012.
 */

/** How far the thing that is reported has come; nothing goes back to an earlier stage. */
const STAGES = {
  /** `customer.subscription.created`: before all that happens to it. */
  begun: 0,
  living: 1,
  /** Ended for good: Stripe never revives a subscription, nor an item that was removed from one. */
  over: 2,
  /** The money went back; whoever gives back and ends in one second is done with both. */
  refunded: 3,
} as const;
export type Stage = keyof typeof STAGES;

/** Moments are compared by how shortly before the event they lie, within about an hour. */
const SPAN = 4096;

/** The number of values that each part of a `revision` may have, after its stage. All of it stays below 2^53. */
const PARTS = [
  ['period', SPAN],
  ['maturity', 4],
  ['step', 8],
  ['cancellation', SPAN],
  ['mark', 4],
] as const;
type Parts = Readonly<Record<(typeof PARTS)[number][0], number>>;

const NONE: Parts = { period: 0, maturity: 0, step: 0, cancellation: 0, mark: 0 };

/** The `revision` of an event that is compared with others by its stage alone. */
export function revisionOf(stage: Stage): number {
  return packed(stage, NONE);
}

/** The `revision` of an event of a subscription, for what of it has come that far. */
export function revisionWithin(
  stage: Stage,
  { created }: Pick<Envelope, 'created'>,
  report: SubscriptionReport,
): number {
  const { object, previous_attributes: previous } = report;
  const starts = object.items.data.map(
    (item) => item.current_period_start ?? object.current_period_start ?? 0,
  );
  const { atSeconds, mark } = cancellation(report);
  return packed(stage, {
    period: recency(Math.min(...starts), created),
    maturity: Math.max(maturity(object.status), maturity(previous?.status)),
    step: step(previous?.status),
    cancellation: recency(atSeconds, created),
    mark,
  });
}

function packed(stage: Stage, parts: Parts): number {
  return PARTS.reduce<number>((sum, [part, size]) => sum * size + parts[part], STAGES[stage]);
}

/** 0 for what lies further back than the span, its greatest for now. */
function recency(atSeconds: number, created: number): number {
  return Math.max(0, Math.min(SPAN - 1, SPAN - 1 - (created - atSeconds)));
}

/** A subscription is incomplete once and then, as a rule, on trial once; the other statuses may come again. */
function maturity(status: string | undefined): number {
  if (status === undefined || status === 'incomplete') return 0;
  return status === 'trialing' ? 1 : 2;
}

/**
 * Where the event changes the status: what it has left. Who has just come out of the trial is followed by events that
 * change something else; among the statuses that may come again those that change it are the ones that count.
 */
function step(left: string | undefined): number {
  if (left === undefined) return 1;
  return maturity(left) < 2 ? 0 : 2 + Math.max(0, RECURRING.indexOf(left));
}

/** Of two steps of one second, the one that leaves the earlier of these comes first. */
const RECURRING = ['active', 'past_due', 'unpaid', 'paused'];

/** The moment of the cancellation that an event knows of, and what it knows: that it is made, stands, is taken back. */
function cancellation({ object, previous_attributes: previous }: SubscriptionReport): {
  readonly atSeconds: number;
  readonly mark: number;
} {
  const made = object.canceled_at ?? undefined;
  const before = previous?.canceled_at;
  if (made !== undefined) return { atSeconds: made, mark: before === undefined ? 1 : 0 };
  return before === undefined || before === null ? { atSeconds: 0, mark: 0 } : { atSeconds: before, mark: 2 };
}
