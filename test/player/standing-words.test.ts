import { expect, test, vi } from 'vitest';
import { GRACE_SECONDS, standingWordsOf } from '../../player/src/standing-words.ts';
import { toMs } from '../../shared/domain/instants.ts';

// The page speaks of times where the viewer is.
vi.hoisted(() => {
  process.env['TZ'] = 'UTC';
});

const NOW = toMs('2026-11-22T12:00:00.000Z');
const staleSince = (instant: string) =>
  ({ standing: 'stale', graceEndsAtMs: toMs(instant) + GRACE_SECONDS * 1000 }) as const;

test('says nothing of what the service stands by', () => {
  const words = standingWordsOf(
    { standing: 'confirmed' },
    { isBeingChecked: true, isCutOff: true, nowMs: NOW },
  );
  expect(words).toEqual({ mark: '', note: '' });
});

test('marks what was known last with its time, and with its day when that was another', () => {
  const checking = { isBeingChecked: true, isCutOff: false, nowMs: NOW };
  const mark = (instant: string) => standingWordsOf(staleSince(instant), checking).mark;
  expect(mark('2026-11-22T10:32:00.000Z')).toBe('last known, from 10:32; being checked');
  expect(mark('2026-11-20T10:32:00.000Z')).toBe('last known, from 20 Nov 2026, 10:32; being checked');
});

test('says until when that counts for as long as the service has not been reached, asked again or not', () => {
  const note = 'The service cannot be reached. What is yours stays open until 25 Nov 2026, 10:32.';
  const words = (isBeingChecked: boolean) =>
    standingWordsOf(staleSince('2026-11-22T10:32:00.000Z'), { isBeingChecked, isCutOff: true, nowMs: NOW });
  expect(words(false)).toEqual({ mark: 'last known, from 10:32', note });
  expect(words(true)).toEqual({ mark: 'last known, from 10:32; being checked', note });
});
