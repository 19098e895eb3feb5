import { describe, expect, it } from 'vitest';
import { sequenceTo, type TimedCall } from '../../bench/sequence.ts';

function call(name: string, arrivedMs: number, answeredMs: number): TimedCall {
  return { name, arrivedMs, answeredMs };
}

function namesTo(last: TimedCall, calls: readonly TimedCall[]): readonly string[] {
  return sequenceTo(last, calls).map(({ name }) => name);
}

describe('the calls that stand in sequence', () => {
  it('are all of them, in order, when each waits for the one before', () => {
    const [put, query, publish] = [call('put', 1, 2), call('query', 3, 4), call('publish', 5, 6)];
    expect(namesTo(publish, [query, publish, put])).toEqual(['put', 'query', 'publish']);
  });

  it('leave out what ran beside and was answered sooner', () => {
    const [get, put, query] = [call('get', 1, 2), call('put', 1, 4), call('query', 5, 6)];
    expect(namesTo(query, [get, put, query])).toEqual(['put', 'query']);
  });

  it('leave out what was still under way or came later', () => {
    const [slow, publish, late] = [call('slow', 0, 9), call('publish', 5, 6), call('late', 7, 8)];
    expect(namesTo(publish, [slow, publish, late])).toEqual(['publish']);
  });
});
