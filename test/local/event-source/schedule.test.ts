import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { rateMs, startSchedule } from '../../../local/event-source/schedule.ts';
import { fakeFunction } from '../fixtures/fake-function.ts';

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 10, 22, 10) }));
afterEach(() => void vi.useRealTimers());

test.each([
  ['rate(1 minute)', 60_000],
  ['rate(5 minutes)', 300_000],
  ['rate(2 hours)', 7_200_000],
  ['rate(1 day)', 86_400_000],
])('reads %s', (expression, ms) => {
  expect(rateMs(expression)).toBe(ms);
});

test.each(['cron(0 12 * * ? *)', 'rate(5)', 'at(2026-11-22T10:00:00)', ''])(
  'does not know %j',
  (expression) => {
    expect(rateMs(expression)).toBeUndefined();
  },
);

test('invokes its targets at the rate, first at once, until it is stopped', () => {
  const [follow, sweep] = [fakeFunction('follow'), fakeFunction('sweep')];
  const stop = startSchedule({
    ruleArn: 'arn:rule',
    region: 'eu-west-1',
    everyMs: 60_000,
    targets: [{ target: follow }, { target: sweep, input: '{"limit":5}' }],
  });
  vi.advanceTimersByTime(59_999);
  expect(sweep.events).toEqual([{ limit: 5 }]);
  vi.advanceTimersByTime(60_001);
  expect(sweep.events).toEqual([{ limit: 5 }, { limit: 5 }, { limit: 5 }]);
  const event = { source: 'aws.events', 'detail-type': 'Scheduled Event', resources: ['arn:rule'] };
  expect(follow.events).toMatchObject([
    { ...event, time: '2026-11-22T10:00:00.000Z' },
    { ...event, time: '2026-11-22T10:01:00.000Z' },
    { ...event, time: '2026-11-22T10:02:00.000Z' },
  ]);
  stop();
  vi.advanceTimersByTime(600_000);
  expect(follow.events).toHaveLength(3);
});
