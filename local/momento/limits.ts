import { invalid, overLimit } from './status.ts';

// Hard limits: docs.momentohq.com/cache/limits and /topics/limits, as of November 2026. "5 MB" is taken as the
// smaller of its two readings, so that nothing passes here that Momento would refuse.
const MAX_ITEM_BYTES = 5_000_000;
const MAX_ELEMENT_BYTES = 128 * 1024;
const MAX_MESSAGE_BYTES = 4 * 1024;
const MAX_TTL_MS = 24 * 60 * 60 * 1000;

/** An item with its elements aside, plus the frame and field headers around it. */
export const MAX_REQUEST_BYTES = MAX_ITEM_BYTES + 64 * 1024;

/** Momento's adjustable limits, per second or as a count; absent = not enforced. */
export interface SoftLimits {
  readonly authPerSecond?: number;
  /** Publications and deliveries, each counted in units of 1 KB. */
  readonly topicUnitsPerSecond?: number;
  readonly subscriptions?: number;
  readonly cacheOperationsPerSecond?: number;
  readonly caches?: number;
}

/**
 * @param ttlMs whole milliseconds, more than 0 and at most 24 hours
 * @throws Refusal INVALID_ARGUMENT otherwise
 */
export function requireTtl(ttlMs: number): number {
  if (!(ttlMs > 0)) throw invalid('The TTL must be more than 0');
  if (ttlMs > MAX_TTL_MS) throw invalid('The TTL must be at most 24 hours');
  return ttlMs;
}

export function requireItemSize(key: Uint8Array, value: Uint8Array): void {
  if (key.length + value.length > MAX_ITEM_BYTES) {
    throw overLimit('item_size_limit_exceeded', 'The item size exceeds 5 MB');
  }
}

export function requireElementSize(...parts: readonly Uint8Array[]): void {
  if (parts.reduce((sum, part) => sum + part.length, 0) > MAX_ELEMENT_BYTES) {
    throw overLimit('element_size_limit_exceeded', 'The element size exceeds 128 KB');
  }
}

export function requireMessageSize(bytes: number): void {
  if (bytes > MAX_MESSAGE_BYTES) {
    throw overLimit('request_size_limit_exceeded', 'The request limit of 4 KB per topic message is exceeded');
  }
}

/** Topic traffic is counted in units of 1 KB, begun ones included. */
export const topicUnits = (bytes: number) => Math.max(1, Math.ceil(bytes / 1024));

/** A multi-element operation costs half an operation per element, and at least one. */
export const operationsFor = (elements: number) => Math.max(1, Math.ceil(elements / 2));

/** @throws Refusal RESOURCE_EXHAUSTED when `units` more would exceed the rate */
export type Meter = (units: number) => void;

/**
 * Counts what passed within the last second, so no burst across a boundary gets through.
 *
 * @param perSecond the rate; undefined = anything passes
 * @param of names the limit in the refusal; "operations" is a word the SDKs look for
 */
export function meter(
  { now }: { readonly now: () => number },
  perSecond: number | undefined,
  of: string,
): Meter {
  if (perSecond === undefined) return () => undefined;
  let passed: ReadonlyArray<{ readonly at: number; readonly units: number }> = [];
  return (units) => {
    const at = now();
    passed = passed.filter((earlier) => earlier.at > at - 1000);
    const used = passed.reduce((sum, earlier) => sum + earlier.units, 0);
    if (used + units > perSecond) {
      throw overLimit(
        'operations_rate_limit_exceeded',
        `The limit of ${perSecond} ${of} per second is exceeded`,
      );
    }
    passed = [...passed, { at, units }];
  };
}
