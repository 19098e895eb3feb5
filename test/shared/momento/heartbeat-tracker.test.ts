import { describe, expect, it } from 'vitest';
import { intervalAt, intervalBefore } from '../../../shared/domain/heartbeat-intervals.ts';
import { Throttled, Unavailable } from '../../../shared/errors.ts';
import { momentoCache } from '../../../shared/momento/cache-client.ts';
import { momentoHeartbeatTracker } from '../../../shared/momento/heartbeat-tracker.ts';
import { accessTo, CACHE, cacheClient, momentoForTest } from '../../support/momento.ts';

const startMs = Date.parse('2026-11-22T10:00:00.000Z');
const interval = intervalAt(startMs, 60_000);

async function world() {
  let nowMs = startMs;
  const momento = await momentoForTest({ now: () => nowMs });
  return {
    momento,
    tracker: momentoHeartbeatTracker(momentoCache(accessTo(momento)), CACHE),
    anybody: cacheClient(momento, momento.mintKey('data')),
    pass: (ms: number) => void (nowMs += ms),
  };
}

describe('a heartbeat', () => {
  it('adds one to its device’s field in the dictionary of the account and the interval', async () => {
    const { tracker, anybody } = await world();
    expect(await tracker.count('ada', interval, 'tv')).toBe(1);
    expect(await tracker.count('ada', interval, 'tv')).toBe(2);
    expect(await tracker.count('ada', interval, 'phone')).toBe(1);
    const fetched = await anybody.dictionaryFetch(CACHE, `ada-${startMs}`);
    expect(fetched.value()).toEqual({ tv: '2', phone: '1' });
  });

  it('may stand for several that came together', async () => {
    const { tracker } = await world();
    expect(await tracker.count('ada', interval, 'tv', 7)).toBe(7);
  });

  it('keeps the dictionary for twice the interval, so that it is there throughout the next one', async () => {
    const { tracker, pass } = await world();
    await tracker.count('ada', interval, 'tv');
    pass(59_999); // the last moment of the interval
    await tracker.count('ada', interval, 'phone');
    pass(119_999);
    expect(await tracker.devices('ada', interval)).toBe(2);
    pass(1);
    expect(await tracker.devices('ada', interval)).toBe(0);
  });
});

describe('the devices of an interval', () => {
  it('are as many as have beaten in it, however often', async () => {
    const { tracker } = await world();
    for (const device of ['tv', 'phone', 'tv', 'tablet', 'tv']) await tracker.count('ada', interval, device);
    expect(await tracker.devices('ada', interval)).toBe(3);
  });

  it('are none where nobody has beaten, in another interval or account', async () => {
    const { tracker } = await world();
    await tracker.count('ada', interval, 'tv');
    expect(await tracker.devices('ada', intervalBefore(interval))).toBe(0);
    expect(await tracker.devices('bob', interval)).toBe(0);
  });

  it('are as many when an increment’s answer is lost and the player beats again', async () => {
    const { tracker, momento } = await world();
    momento.fail({ rpc: 'DictionaryIncrement', code: 'DEADLINE_EXCEEDED', takesEffect: true });
    await expect(tracker.count('ada', interval, 'tv')).rejects.toBeInstanceOf(Unavailable);
    await tracker.count('ada', interval, 'tv');
    expect(await tracker.devices('ada', interval)).toBe(1);
  });

  it('are read as they are, not as they were before the last beat', async () => {
    const { tracker, momento } = await world();
    momento.serveStaleReads(true);
    await tracker.count('ada', interval, 'tv');
    await tracker.count('ada', interval, 'phone');
    expect(await tracker.devices('ada', interval)).toBe(2);
  });
});

describe('Momento', () => {
  it.each(['DictionaryIncrement', 'DictionaryLength'] as const)(
    'whose quota is used up is no outage (%s)',
    async (rpc) => {
      const { tracker, momento } = await world();
      momento.fail({ rpc, code: 'RESOURCE_EXHAUSTED' });
      const failure = tracker[rpc === 'DictionaryIncrement' ? 'count' : 'devices']('ada', interval, 'tv');
      await expect(failure).rejects.toBeInstanceOf(Throttled);
    },
  );

  it.each(['DictionaryIncrement', 'DictionaryLength'] as const)(
    'that does not answer is unavailable, never an account without devices (%s)',
    async (rpc) => {
      const { tracker, momento } = await world();
      momento.fail({ rpc, code: 'UNAVAILABLE', times: 9 });
      const failure = tracker[rpc === 'DictionaryIncrement' ? 'count' : 'devices']('ada', interval, 'tv');
      await expect(failure).rejects.toBeInstanceOf(Unavailable);
    },
  );
});
