import { expect, test } from 'vitest';
import { summaryOf, withEntry, type LatencyKind, type LogEntry } from '../../player/src/event-log.ts';

const entry = (ms?: number, kind: LatencyKind = 'message'): LogEntry => ({
  atMs: 0,
  type: 'entitlement.created',
  text: '',
  ...(ms !== undefined && { latency: { kind, ms } }),
});

test('keeps the last fifty, the newest first', () => {
  let log: readonly LogEntry[] = [];
  for (let n = 1; n <= 60; n++) log = withEntry(log, { ...entry(), atMs: n });
  expect(log.map(({ atMs }) => atMs)).toEqual(Array.from({ length: 50 }, (_, index) => 60 - index));
});

test('says of each kind what half of them took at most, and the longest', () => {
  const log = [entry(30), entry(), entry(10), entry(400, 'purchase'), entry(20), entry(90)];
  expect(summaryOf(log, 'message')).toEqual({ count: 4, medianMs: 20, longestMs: 90 });
  expect(summaryOf(log, 'purchase')).toEqual({ count: 1, medianMs: 400, longestMs: 400 });
});

test('has nothing to say of a kind that has not happened', () => {
  expect(summaryOf([entry(), entry(5)], 'purchase')).toBeUndefined();
});
