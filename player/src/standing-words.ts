import { fromMs } from '../../shared/domain/instants.ts';
import { momentOf, timeOf } from './words.ts';

/** How long the last known answer counts without the service. */
export const GRACE_SECONDS = 3 * 24 * 3600;

/** Within this time the hour alone says when. */
const SAME_DAY_MS = 12 * 3_600_000;

/** How far what is shown can be relied on; both are empty when the service stands by it. */
export interface StandingWords {
  /** A few words. */
  readonly mark: string;
  /** What that means for the viewer while the service cannot be reached. */
  readonly note: string;
}

type Standing =
  | { readonly standing: 'unknown' | 'confirmed' }
  | { readonly standing: 'stale'; readonly graceEndsAtMs: number };

interface Moment {
  /** The service is being asked. */
  readonly isBeingChecked: boolean;
  /** It could not be reached when it was asked last. */
  readonly isCutOff: boolean;
  /** The service's time. */
  readonly nowMs: number;
}

export function standingWordsOf(
  entitlements: Standing,
  { isBeingChecked, isCutOff, nowMs }: Moment,
): StandingWords {
  if (entitlements.standing !== 'stale') return { mark: '', note: '' };
  const { graceEndsAtMs } = entitlements;
  const sinceMs = graceEndsAtMs - GRACE_SECONDS * 1000;
  const since = nowMs - sinceMs < SAME_DAY_MS ? timeOf(fromMs(sinceMs)) : momentOf(fromMs(sinceMs));
  return {
    mark: `last known, from ${since}${isBeingChecked ? '; being checked' : ''}`,
    note: isCutOff
      ? `The service cannot be reached. What is yours stays open until ${momentOf(fromMs(graceEndsAtMs))}.`
      : '',
  };
}
