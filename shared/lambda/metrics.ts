import { NotAsked } from '../concurrency/circuit-breaker.ts';
import { Outage, Throttled, TooOften } from '../errors.ts';
import { lazily } from '../lazily.ts';
import { setting } from '../env.ts';

/** What is counted, by its name in CloudWatch: namespace `usher`, dimensions `service` and `stage`, unit Count. */
export type Counted =
  | 'PurchasesAccepted'
  /** Accounts brought up to date, whether or not anything changed. */
  | 'Recomputes'
  | 'AnnouncementsPublished'
  /** Messages put into the dead-letter queue with a reason. */
  | 'DeadLetters'
  | 'Admissions'
  | 'RefusalsNotEntitled'
  | 'RefusalsTooManyStreams'
  /** Admissions without a slot; counted in `Admissions` too. */
  | 'DegradedAdmissions'
  /** Sessions that an outage let in beyond the limit, and that had to go when it was over. */
  | 'OverAdmissions'
  /** Viewers asked to come back, since Momento mints no more tokens this second. */
  | 'TokenLimitHits'
  | Trouble;

/** Counted once in five seconds by each execution environment: how widespread it is, not how many it hits. */
export type Trouble = 'MomentoUnreachable' | 'MomentoThrottled';

/** In trouble every heartbeat would write a line of its own otherwise. */
const TROUBLE_EVERY_MS = 5000;

const pending = new Map<Counted, number>();
const sparedUntilMs = new Map<Trouble, number>();

/** Counts something; it is told to CloudWatch by {@link publishTally}. */
export function tally(what: Counted, times = 1): void {
  if (times > 0) pending.set(what, (pending.get(what) ?? 0) + times);
}

/** Counts what an error says of Momento, if it says anything. */
export function tallyTrouble(error: unknown, nowMs: number = Date.now()): void {
  if (error instanceof TooOften && error.cause instanceof Throttled) return tally('TokenLimitHits');
  const trouble = troubleOf(error);
  if (trouble === undefined || nowMs < (sparedUntilMs.get(trouble) ?? 0)) return;
  sparedUntilMs.set(trouble, nowMs + TROUBLE_EVERY_MS);
  tally(trouble);
}

function troubleOf(error: unknown): Trouble | undefined {
  if (error instanceof Throttled) return 'MomentoThrottled';
  // Who was not asked is no news: the call that opened the breaker has been counted.
  return error instanceof Outage && !(error instanceof NotAsked) ? 'MomentoUnreachable' : undefined;
}

/**
 * Writes everything counted since the last time as one line in CloudWatch's embedded metric format, and no line when
 * there is nothing. Called at the end of each invocation: one that crashes takes its counts with it.
 */
export async function publishTally(): Promise<void> {
  if (pending.size === 0) return;
  const { metrics, unit } = await powertools();
  for (const [what, times] of pending) metrics.addMetric(what, unit, times);
  pending.clear();
  // Lambda takes a line without these two for one of level INFO, which a function whose level is WARN does not let out.
  metrics.addMetadata('level', setting('POWERTOOLS_LOG_LEVEL'));
  metrics.addMetadata('timestamp', new Date().toISOString());
  metrics.publishStoredMetrics();
}

/** Loaded when there is something to tell: most heartbeats have nothing. */
const powertools = lazily(async () => {
  const { Metrics, MetricUnit } = await import('@aws-lambda-powertools/metrics');
  const metrics = new Metrics({
    namespace: 'usher',
    defaultDimensions: { stage: setting('STAGE_NAME') },
  });
  return { metrics, unit: MetricUnit.Count };
});
