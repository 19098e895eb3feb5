import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  beginningOf,
  boundaryMs,
  bucketName,
  bucketOf,
  firstBucketAt,
  firstProgress,
  isLastOfMinute,
  isNear,
  LOOK_AHEAD_MS,
  NEAR_MS,
  nextLook,
  secondsUntil,
  SETTLED_AFTER_MS,
  type Progress,
} from '../../../shared/domain/boundaries.ts';

const atMs = Date.parse('2026-11-22T10:00:42.500Z');
const minuteMs = Date.parse('2026-11-22T10:00:00.000Z');
const accountIds = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
const moments = fc.integer({ min: 0, max: Date.parse('9999-12-31T23:59:59.999Z') });

describe('a boundary', () => {
  it('is when time next changes the answer, if it ever does', () => {
    expect(boundaryMs({ nextChangeAt: '2026-11-22T10:00:42.500Z' })).toBe(atMs);
    expect(boundaryMs({ nextChangeAt: null })).toBeUndefined();
  });

  it('lies in a bucket of its own minute', () => {
    fc.assert(
      fc.property(accountIds, moments, (accountId, moment) => {
        const bucket = bucketOf({ accountId, atMs: moment });
        expect(beginningOf(bucket)).toBe(Math.floor(moment / 60_000) * 60_000);
      }),
    );
  });

  it('lies where it lay before, and where the index says', () => {
    expect(bucketName(bucketOf({ accountId: 'ada', atMs }))).toBe('2026-11-22T10:00Z#3');
    expect(bucketName(bucketOf({ accountId: 'bob', atMs }))).toBe('2026-11-22T10:00Z#4');
  });

  it('of a hundred thousand who end at once fills eight buckets evenly, so that none is a hot partition', () => {
    const counts = new Map<string, number>();
    for (let n = 0; n < 100_000; n++) {
      const name = bucketName(bucketOf({ accountId: `2f1c8a52-0000-4000-8000-${1e11 + n}`, atMs }));
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    expect(counts.size).toBe(8);
    for (const count of counts.values()) expect(Math.abs(count - 12_500)).toBeLessThan(1250);
  });

  it('is waited for in whole seconds, never less than it takes and less than a second more', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1000, max: NEAR_MS }), (aheadMs) => {
        const waitMs = secondsUntil(atMs + aheadMs, atMs) * 1000;
        expect(waitMs).toBeGreaterThanOrEqual(aheadMs);
        expect(waitMs - Math.max(0, aheadMs)).toBeLessThan(1000);
      }),
    );
  });

  it('that is near is nearer than SQS delays anything, and takes in all that a run looks at', () => {
    expect(NEAR_MS).toBeLessThanOrEqual(900_000);
    expect(NEAR_MS).toBeGreaterThanOrEqual(LOOK_AHEAD_MS + 60_000 + 30_000);
    expect([isNear(atMs + NEAR_MS, atMs), isNear(atMs + NEAR_MS + 1, atMs)]).toEqual([true, false]);
  });
});

describe('the buckets', () => {
  it('are numbered in the order of time, the last of a minute before the first of the next', () => {
    const first = firstBucketAt(atMs);
    expect(bucketName(first)).toBe('2026-11-22T10:00Z#0');
    expect(bucketName(first + 8)).toBe('2026-11-22T10:01Z#0');
    expect(beginningOf(first + 7)).toBe(minuteMs);
    expect([isLastOfMinute(first + 6), isLastOfMinute(first + 7)]).toEqual([false, true]);
  });
});

describe('what is looked through next', () => {
  /** The names of the buckets that are due, in their order, and where that leaves off. */
  function looks(from: Progress, nowMs: number) {
    let progress = from;
    const names: string[] = [];
    for (let look = nextLook(progress, nowMs); look; look = nextLook(progress, nowMs)) {
      names.push(bucketName(look.bucket));
      progress = look.after;
    }
    return { names, progress };
  }

  const minutesOf = (names: readonly string[]) => [...new Set(names.map((name) => name.slice(11, 16)))];

  it('is, at the first time, what comes next', () => {
    const { names, progress } = looks(firstProgress(atMs), atMs);
    expect(minutesOf(names)).toEqual(['10:00', '10:01', '10:02', '10:03']);
    expect(names).toHaveLength(4 * 8);
    expect(nextLook(progress, atMs)).toBeUndefined();
  });

  it('is, a minute later, the next minute ahead and the next that is settled', () => {
    const { progress } = looks(firstProgress(atMs), atMs);
    expect(minutesOf(looks(progress, atMs + 60_000).names)).toEqual(['10:04', '09:55']);
  });

  it('is every bucket twice, ahead and long after, however the runs come', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 20, maxLength: 40 }), (gaps) => {
        let nowMs = atMs;
        let progress = firstProgress(nowMs);
        const seen = new Map<string, number[]>();
        for (const gapSeconds of gaps) {
          nowMs += gapSeconds * 1000;
          const run = looks(progress, nowMs);
          for (const name of run.names) seen.set(name, [...(seen.get(name) ?? []), nowMs]);
          progress = run.progress;
        }
        const first = firstBucketAt(atMs);
        for (let bucket = first; beginningOf(bucket) + 60_000 + SETTLED_AFTER_MS <= nowMs; bucket++) {
          const times = seen.get(bucketName(bucket)) ?? [];
          expect(times.length).toBeLessThanOrEqual(2);
          // The last look comes when nobody can enter the bucket any more.
          expect(times.at(-1)).toBeGreaterThanOrEqual(beginningOf(bucket) + 60_000 + SETTLED_AFTER_MS);
        }
      }),
    );
  });

  it('is, after an outage, everything since, once: nobody is sent for twice', () => {
    const { progress } = looks(firstProgress(atMs), atMs);
    const laterMs = atMs + 3 * 24 * 3_600_000;
    const { names, progress: reached } = looks(progress, laterMs);
    expect(new Set(names).size).toBe(names.length);
    expect(bucketName(reached.behind - 1)).toBe('2026-11-25T09:54Z#7');
    expect(bucketName(reached.ahead - 1)).toBe('2026-11-25T10:03Z#7');
    // What was looked at ahead before the outage and is still there was missed.
    expect(minutesOf(names.slice(0, 9 * 8))).toEqual(
      ['09:55', '09:56', '09:57', '09:58', '09:59'].concat(['10:00', '10:01', '10:02', '10:03']),
    );
  });

  it('is nothing new when a clock goes back', () => {
    const { progress } = looks(firstProgress(atMs), atMs);
    expect(nextLook(progress, atMs - 3_600_000)).toBeUndefined();
  });
});
