import { expect, test } from 'vitest';
import {
  dictionaryOf,
  intervalAt,
  intervalBefore,
  mostHeartbeats,
} from '../../../shared/domain/heartbeat-intervals.ts';

const MINUTE = 60_000;
const noon = Date.parse('2026-11-22T12:00:00.000Z');

test('an interval begins with the clock and ends where the next begins', () => {
  expect(intervalAt(noon, MINUTE)).toEqual({ marker: noon, lengthMs: MINUTE });
  expect(intervalAt(noon + MINUTE - 1, MINUTE).marker).toBe(noon);
  expect(intervalAt(noon + MINUTE, MINUTE).marker).toBe(noon + MINUTE);
});

test('the last complete interval is the one before', () => {
  expect(intervalBefore(intervalAt(noon + 1, MINUTE))).toEqual({ marker: noon - MINUTE, lengthMs: MINUTE });
});

test('a dictionary is named after the account and the interval’s start', () => {
  expect(dictionaryOf('ada', intervalAt(noon + 5, MINUTE))).toBe(`ada-${noon}`);
});

test('a device may beat ten times as often as it is told', () => {
  expect(mostHeartbeats({ lengthMs: MINUTE }, 15)).toBe(40);
  expect(mostHeartbeats({ lengthMs: MINUTE }, 7)).toBe(90);
  expect(mostHeartbeats({ lengthMs: 5000 }, 15)).toBe(10);
});
