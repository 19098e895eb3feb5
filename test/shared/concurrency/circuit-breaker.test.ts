import { describe, expect, test } from 'vitest';
import { circuitBreaker } from '../../../shared/concurrency/circuit-breaker.ts';
import { Contended, Outage, Throttled, Unavailable } from '../../../shared/errors.ts';
import { fakeClock } from '../../support/world.ts';

/** Two ports that lead to the same part, which does what it is told. */
function guarded() {
  const now = fakeClock();
  const breaker = circuitBreaker(now);
  const asked: string[] = [];
  let error: Error | undefined;
  const answer = async (name: string) => {
    asked.push(name);
    if (error) throw error;
    return `answer of ${name}`;
  };
  const { read } = breaker.guard({ read: () => answer('read') });
  const { count } = breaker.guard({ count: (by: number) => answer(`count ${by}`) });
  const fail = (next: Error | undefined) => void (error = next);
  return { now, asked, read, count, fail };
}

const down = new Outage('deadline exceeded');

describe('a part that does not answer', () => {
  test('once, is asked again at once', async () => {
    const { read, fail, asked } = guarded();
    fail(down);
    await expect(read()).rejects.toBe(down);
    fail(undefined);
    expect(await read()).toBe('answer of read');
    expect(asked).toHaveLength(2);
  });

  test('twice in a row, is left alone for five seconds by everybody who leads there', async () => {
    const { read, count, fail, asked, now } = guarded();
    fail(down);
    for (let call = 0; call < 2; call++) await expect(read()).rejects.toBe(down);
    fail(undefined);
    now.advance(4999);
    await expect(count(2)).rejects.toThrow(Unavailable);
    await expect(read()).rejects.toThrow('not asked');
    expect(asked).toEqual(['read', 'read']);
    now.advance(1);
    expect(await count(3)).toBe('answer of count 3');
  });

  test('when it is tried again, is left alone once more after a single failure', async () => {
    const { read, fail, asked, now } = guarded();
    fail(down);
    for (let call = 0; call < 2; call++) await expect(read()).rejects.toBe(down);
    now.advance(5000);
    await expect(read()).rejects.toBe(down);
    await expect(read()).rejects.toThrow('not asked');
    expect(asked).toHaveLength(3);
  });

  test('to one question is left alone, although it answers another', async () => {
    const { read, count, fail } = guarded();
    for (let call = 0; call < 2; call++) {
      fail(down);
      await expect(read()).rejects.toBe(down);
      fail(undefined);
      if (call === 0) await count(1);
    }
    await expect(count(2)).rejects.toThrow('not asked');
  });

  test('twice with an answer in between, is not left alone', async () => {
    const { read, fail, asked } = guarded();
    for (let call = 0; call < 4; call++) {
      fail(call % 2 === 0 ? down : undefined);
      await read().catch(() => {});
    }
    expect(asked).toHaveLength(4);
  });
});

test.each([new Throttled('request limit'), new Contended('many at once'), new Error('a mistake')])(
  'an answer that says %s is an answer',
  async (error) => {
    const { read, fail, asked } = guarded();
    fail(error);
    for (let call = 0; call < 5; call++) await expect(read()).rejects.toBe(error);
    expect(asked).toHaveLength(5);
  },
);
