import type { cache } from '@gomomento/generated-types';

type Fetch = cache.cache_client._SortedSetFetchRequest;
type ByIndex = Fetch['by_index'];
type ByScore = Fetch['by_score'];
type LengthByScore = cache.cache_client._SortedSetLengthByScoreRequest;

/** An element of a sorted set: its bytes as text, and its score. */
export type Element = readonly [element: string, score: number];

/** Lowest score first; equal scores by their bytes. */
export function ranked(
  scores: ReadonlyMap<string, number>,
  order: 'ascending' | 'descending',
): readonly Element[] {
  const ascending = [...scores].toSorted(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
  return order === 'ascending' ? ascending : ascending.toReversed();
}

/** What a fetch asks of an already ranked set. */
export function select(elements: readonly Element[], request: Fetch): readonly Element[] {
  if (request.has_by_index) return byIndex(elements, request.by_index);
  if (request.has_by_score) return byScore(elements, request.by_score);
  return elements;
}

/** Negative indexes count from the end, as `Array.slice` does. */
function byIndex(elements: readonly Element[], range: ByIndex): readonly Element[] {
  return elements.slice(
    range.has_inclusive_start_index ? range.inclusive_start_index : 0,
    range.has_exclusive_end_index ? range.exclusive_end_index : undefined,
  );
}

/** A count below 0 means all of them. */
function byScore(elements: readonly Element[], range: ByScore): readonly Element[] {
  const { has_min_score, min_score: min, has_max_score, max_score: max } = range;
  const above = (score: number) => !has_min_score || (min.exclusive ? score > min.score : score >= min.score);
  const below = (score: number) => !has_max_score || (max.exclusive ? score < max.score : score <= max.score);
  const within = elements.filter(([, score]) => above(score) && below(score));
  return within.slice(range.offset, range.count < 0 ? undefined : range.offset + range.count);
}

export function countByScore(scores: Iterable<number>, range: LengthByScore): number {
  const above = (score: number) =>
    (!range.has_inclusive_min || score >= range.inclusive_min) &&
    (!range.has_exclusive_min || score > range.exclusive_min);
  const below = (score: number) =>
    (!range.has_inclusive_max || score <= range.inclusive_max) &&
    (!range.has_exclusive_max || score < range.exclusive_max);
  return [...scores].filter((score) => above(score) && below(score)).length;
}
