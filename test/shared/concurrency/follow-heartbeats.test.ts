import fc from 'fast-check';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { followHeartbeats } from '../../../shared/concurrency/follow-heartbeats.ts';
import { Unavailable } from '../../../shared/errors.ts';
import type { HeartbeatListener, HeartbeatMessage, HeartbeatTracker } from '../../../shared/ports.ts';

const startMs = Date.parse('2026-11-22T10:00:00.000Z');
const RUN_MS = 65_000;
const INTERVAL_MS = 60_000;

beforeEach(() => {
  vi.useFakeTimers({ now: startMs });
  onTestFinished(() => void vi.useRealTimers());
});

type Count = HeartbeatTracker['count'];
type Late = PromiseWithResolvers<number>;

/** A run on a fake topic and tracker; `counts` is what the tracker holds, by dictionary and device. */
function run({ count = async () => 1 }: { readonly count?: Count } = {}) {
  const counts = new Map<string, number>();
  const increments: (readonly [string, number])[] = [];
  const warnings: (readonly [string, unknown])[] = [];
  let listener: HeartbeatListener | undefined;
  let stopped = false;
  let underWay = 0;
  let mostUnderWay = 0;
  const followed = followHeartbeats(
    {
      topic: {
        follow: async (hears) => {
          listener = hears;
          return { stop: async () => void (stopped = true) };
        },
      },
      tracker: {
        count: async (accountId, interval, deviceId, beats = 1) => {
          underWay += 1;
          mostUnderWay = Math.max(mostUnderWay, underWay);
          try {
            await count(accountId, interval, deviceId, beats);
          } finally {
            underWay -= 1;
          }
          const key = `${accountId}-${interval.marker} ${deviceId}`;
          increments.push([key, beats]);
          counts.set(key, (counts.get(key) ?? 0) + beats);
          return counts.get(key)!;
        },
      },
      now: Date.now,
      warn: (message, reason) => void warnings.push([message, reason]),
    },
    { intervalMs: INTERVAL_MS, untilMs: startMs + RUN_MS },
  );
  return {
    followed,
    counts,
    increments,
    warnings,
    hear: (message: HeartbeatMessage) => listener!.onBeat(message),
    listener: () => listener!,
    isStopped: () => stopped,
    mostUnderWay: () => mostUnderWay,
    /** Lets the run come to its end. */
    end: async () => {
      await vi.advanceTimersByTimeAsync(startMs + RUN_MS + 20_000 - Date.now());
      return followed;
    },
  };
}

type Run = ReturnType<typeof run>;

function beat(tokenId: string | undefined, deviceId: unknown, more: object = {}): HeartbeatMessage {
  return { tokenId, text: JSON.stringify({ deviceId, mediaId: 'movie-1', ...more }) };
}

async function started(options: Parameters<typeof run>[0] = {}): Promise<Run> {
  const following = run(options);
  await vi.advanceTimersByTimeAsync(0);
  return following;
}

describe('a heartbeat', () => {
  it('is counted for the account of its token within half a second', async () => {
    const { hear, counts } = await started();
    hear(beat('ada', 'tv'));
    await vi.advanceTimersByTimeAsync(500);
    expect([...counts]).toEqual([[`ada-${startMs} tv`, 1]]);
  });

  it('is never counted for an account that its body names', async () => {
    const { hear, counts, end } = await started();
    hear(beat('ada', 'tv', { accountId: 'bob', userId: 'bob', tokenId: 'bob', sub: 'bob' }));
    await end();
    expect([...counts.keys()]).toEqual([`ada-${startMs} tv`]);
  });

  it('of a device that beats several times costs one increment with the sum', async () => {
    const { hear, increments, end } = await started();
    for (let n = 0; n < 7; n++) hear(beat('ada', 'tv'));
    hear(beat('ada', 'phone'));
    hear(beat('bob', 'tv'));
    expect(await end()).toMatchObject({ received: 9, counted: 9 });
    expect(increments).toEqual([
      [`ada-${startMs} tv`, 7],
      [`ada-${startMs} phone`, 1],
      [`bob-${startMs} tv`, 1],
    ]);
  });

  it('counts in the interval in which it arrives, whenever it is written', async () => {
    const { hear, counts, end } = await started();
    await vi.advanceTimersByTimeAsync(INTERVAL_MS - 1);
    hear(beat('ada', 'tv'));
    await vi.advanceTimersByTimeAsync(1);
    hear(beat('ada', 'tv'));
    await end();
    expect([...counts]).toEqual([
      [`ada-${startMs} tv`, 1],
      [`ada-${startMs + INTERVAL_MS} tv`, 1],
    ]);
  });

  it('that arrives with the last moment of the run is counted', async () => {
    const { hear, counts, end } = await started();
    await vi.advanceTimersByTimeAsync(RUN_MS - 1);
    hear(beat('ada', 'tv'));
    await end();
    expect(counts.size).toBe(1);
  });
});

it('a heartbeat that arrives while the last ones are being counted is counted too', async () => {
  const { hear, end } = await started({
    count: () => new Promise((resolve) => void setTimeout(() => resolve(1), 100)),
  });
  await vi.advanceTimersByTimeAsync(RUN_MS - 1);
  hear(beat('ada', 'tv'));
  await vi.advanceTimersByTimeAsync(50);
  hear(beat('ada', 'phone'));
  expect(await end()).toMatchObject({ received: 2, counted: 2, dropped: 0 });
});

describe('a message that is no heartbeat', () => {
  const malformed: readonly (readonly [string, HeartbeatMessage])[] = [
    ['binary', { tokenId: 'ada', text: undefined }],
    ['not-json', { tokenId: 'ada', text: 'beat' }],
    ['not-json', { tokenId: 'ada', text: '' }],
    ['not-json', { tokenId: 'ada', text: '{"deviceId":"tv","mediaId":"movie-1"' }],
    ['not-json', { tokenId: 'ada', text: '\u0000{"'.repeat(1365) }],
    ['no-account', beat(undefined, 'tv', { accountId: 'ada' })],
    ['no-account', beat('', 'tv')],
    ['no-account', beat('heartbeat', 'tv')],
    ['no-account', beat('ada:slot:1', 'tv')],
    ['no-account', beat('a'.repeat(65), 'tv')],
    ['not-a-heartbeat', { tokenId: 'ada', text: 'null' }],
    ['not-a-heartbeat', { tokenId: 'ada', text: '"tv"' }],
    ['not-a-heartbeat', { tokenId: 'ada', text: '[]' }],
    ['not-a-heartbeat', { tokenId: 'ada', text: '['.repeat(2000) + ']'.repeat(2000) }],
    ['not-a-heartbeat', { tokenId: 'ada', text: '{"deviceId":"tv"}' }],
    ['not-a-heartbeat', beat('ada', 'tv', { mediaId: null })],
    ['not-a-heartbeat', beat('ada', 'tv', { mediaId: '' })],
    ['not-a-heartbeat', beat('ada', 7)],
    ['not-a-heartbeat', beat('ada', ['tv'])],
    ['not-a-heartbeat', beat('ada', 'a tv')],
    ['not-a-heartbeat', beat('ada', '../tv')],
    ['not-a-heartbeat', beat('ada', 't'.repeat(65))],
    ['not-a-heartbeat', { tokenId: 'ada', text: '{"__proto__":{"deviceId":"tv","mediaId":"m"}}' }],
  ];

  it.each(malformed)('is counted as %s and skipped, and the next one is heard: %#', async (kind, message) => {
    const { hear, counts, end } = await started();
    hear(message);
    hear(beat('ada', 'phone'));
    const { malformed: kinds, ...followed } = await end();
    expect(kinds).toEqual({ binary: 0, 'not-json': 0, 'no-account': 0, 'not-a-heartbeat': 0, [kind]: 1 });
    expect(followed).toMatchObject({ received: 2, counted: 1, malformedTotal: 1, dropped: 0 });
    expect([...counts.keys()]).toEqual([`ada-${startMs} phone`]);
  });
});

describe('while Momento does not count', () => {
  /** A tracker that fails until it is mended. */
  function failing() {
    let broken = true;
    const count: Count = async () => {
      if (broken) throw new Unavailable('down');
      return 1;
    };
    return { count, mend: () => void (broken = false) };
  }

  it('heartbeats wait, and are summed with those that come later', async () => {
    const { count, mend } = failing();
    const { hear, increments, warnings, end } = await started({ count });
    for (let n = 0; n < 5; n++) {
      hear(beat('ada', 'tv'));
      await vi.advanceTimersByTimeAsync(500);
    }
    mend();
    expect(await end()).toMatchObject({ received: 5, counted: 5, dropped: 0 });
    expect(increments).toEqual([[`ada-${startMs} tv`, 5]]);
    expect(warnings).toEqual([['heartbeats not counted', expect.any(Unavailable)]]);
  });

  it('is told how long the first of them had to wait', async () => {
    const { count, mend } = failing();
    const { hear, end } = await started({ count });
    hear(beat('ada', 'tv'));
    await vi.advanceTimersByTimeAsync(2000);
    mend();
    expect((await end()).lagMs).toEqual({ p50: 2500, max: 2500 });
  });

  it('memory is bounded: what is beyond some thousand devices is dropped and told', async () => {
    const { count, mend } = failing();
    const { hear, end } = await started({ count });
    for (let n = 0; n < 6000; n++) hear(beat(`viewer-${n % 500}`, `device-${n}`));
    await vi.advanceTimersByTimeAsync(500);
    mend();
    expect(await end()).toMatchObject({ received: 6000, counted: 5000, dropped: 1000 });
  });

  it('one attempt costs as many time-outs as run at once, not one for each device', async () => {
    let asked = 0;
    const { hear } = await started({
      count: async () => {
        asked += 1;
        throw new Unavailable('down');
      },
    });
    for (let n = 0; n < 1000; n++) hear(beat(`viewer-${n}`, 'tv'));
    await vi.advanceTimersByTimeAsync(500);
    expect(asked).toBe(32);
  });

  it('for one account, the others are counted', async () => {
    const { hear, counts, end } = await started({
      count: async (accountId) => {
        if (accountId === 'ada') throw new Unavailable('down');
        return 1;
      },
    });
    for (let n = 0; n < 40; n++) hear(beat('ada', `tv-${n}`));
    for (let n = 0; n < 100; n++) hear(beat(`viewer-${n}`, 'tv'));
    expect(await end()).toMatchObject({ counted: 100, dropped: 40 });
    expect(counts.size).toBe(100);
  });

  it.each([
    ['fails', (late: Late) => late.reject(new Unavailable('late'))],
    ['is slow', (late: Late) => late.resolve(1)],
  ])('the run ends within its ten seconds of grace: each increment %s after a second', async (_, settle) => {
    const { hear, followed } = await started({
      count: () => {
        const late = Promise.withResolvers<number>();
        setTimeout(() => settle(late), 1000);
        return late.promise;
      },
    });
    for (let n = 0; n < 4000; n++) hear(beat(`viewer-${n}`, 'tv'));
    await vi.advanceTimersByTimeAsync(RUN_MS + 10_000);
    const ended = await Promise.race([followed, Promise.resolve(undefined)]);
    expect(ended?.received).toBe(4000);
    expect(ended?.dropped).toBeGreaterThan(0);
  });
});

describe('noise of one viewer', () => {
  it('takes no other account’s room', async () => {
    const { hear, counts, end } = await started();
    for (let n = 0; n < 10_000; n++) hear(beat('mallory', `device-${n}`));
    for (let n = 0; n < 100; n++) hear(beat(`viewer-${n}`, 'tv'));
    await end();
    const others = [...counts.keys()].filter((key) => !key.startsWith('mallory'));
    expect(others).toHaveLength(100);
  });

  it('does not use up her room for good', async () => {
    const { hear, counts, end } = await started();
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 64; n++) hear(beat('mallory', `device-${round}-${n}`));
      await vi.advanceTimersByTimeAsync(500);
    }
    expect(await end()).toMatchObject({ counted: 192, dropped: 0 });
    expect(counts.size).toBe(192);
  });
});

describe('a run', () => {
  it('counts at most 32 devices at once', async () => {
    const { hear, mostUnderWay, end } = await started({
      count: () => new Promise((resolve) => void setTimeout(() => resolve(1), 10)),
    });
    for (let n = 0; n < 1000; n++) hear(beat(`viewer-${n}`, 'tv'));
    expect(await end()).toMatchObject({ counted: 1000 });
    expect(mostUnderWay()).toBe(32);
  });

  it('listens until its end, then stops listening and tells what became of every message', async () => {
    const { hear, isStopped, listener, followed } = await started();
    hear(beat('ada', 'tv'));
    listener().onGap();
    await vi.advanceTimersByTimeAsync(RUN_MS - 1);
    expect(isStopped()).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await followed).toEqual({
      received: 1,
      counted: 1,
      malformed: { binary: 0, 'not-json': 0, 'no-account': 0, 'not-a-heartbeat': 0 },
      malformedTotal: 0,
      dropped: 0,
      gaps: 1,
      lagMs: { p50: 500, max: 500 },
    });
    expect(isStopped()).toBe(true);
  });

  it('in which nothing is heard measures nothing', async () => {
    expect(await (await started()).end()).toMatchObject({ received: 0, lagMs: { p50: null, max: null } });
  });

  it('warns once however often the connection breaks', async () => {
    const { listener, warnings, end } = await started();
    for (let n = 0; n < 5; n++) listener().onTrouble(new Unavailable(`no. ${n}`));
    await end();
    expect(warnings).toEqual([['heartbeats not followed', new Unavailable('no. 0')]]);
  });

  it('that overlaps with another counts what both hear twice, and the devices once', async () => {
    const [one, other] = [await started(), await started()];
    for (const device of ['tv', 'phone', 'tv']) {
      one.hear(beat('ada', device));
      other.hear(beat('ada', device));
    }
    await one.end();
    await other.end();
    const devices = new Set([...one.counts.keys(), ...other.counts.keys()]);
    expect(devices.size).toBe(2);
  });

  it('accounts for every message, whatever comes and whatever fails', async () => {
    const message = fc.oneof(
      fc.record({
        tokenId: fc.constantFrom('ada', 'bob', 'heartbeat', undefined),
        text: fc.option(fc.string(), { nil: undefined }),
      }),
      fc
        .record({ account: fc.constantFrom('ada', 'bob'), device: fc.constantFrom('tv', 'phone', '-') })
        .map(({ account, device }) => beat(account, device)),
    );
    const step = fc.record({ messages: fc.array(message), waitMs: fc.nat(3000), fails: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        vi.setSystemTime(startMs);
        let fails = false;
        const { hear, increments, end } = await started({
          count: async () => {
            if (fails) throw new Unavailable('down');
            return 1;
          },
        });
        for (const { messages, waitMs, fails: next } of steps) {
          fails = next;
          for (const one of messages) hear(one);
          await vi.advanceTimersByTimeAsync(waitMs);
        }
        const { received, counted, malformedTotal, dropped } = await end();
        expect(received).toBe(steps.flatMap(({ messages }) => messages).length);
        expect(counted + malformedTotal + dropped).toBe(received);
        expect(increments.reduce((sum, [, beats]) => sum + beats, 0)).toBe(counted);
      }),
      { numRuns: 60 },
    );
  });
});
