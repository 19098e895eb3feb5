import { describe, expect, it } from 'vitest';
import { readHistory, runOf, withRun, type Run } from '../../bench/cold-start-history.ts';
import { plotHistory } from '../../bench/cold-start-plot.ts';
import { summarize } from '../../bench/statistics.ts';

const once = (value: number) => summarize([value]);

function runAt(commit: string, firstCallRatio = 4): Run {
  const functions = { 'vend-token': { bytes: 1_000_000, importRatio: 2.5, firstCallRatio } };
  return { date: '2026-11-22', commit, functions };
}

describe('the history of cold starts', () => {
  it('is told in multiples of a function that imports nothing', () => {
    const bundle = { bytes: 1000, laterBytes: 0, shares: [], importMs: once(1) };
    const bundles = { wholeSdk: { name: 'sdk', ...bundle }, functions: ['vend-token', 'unused'] };
    const run = runOf(
      new Date('2026-11-22T10:00:00.000Z'),
      'abc',
      { ...bundles, functions: bundles.functions.map((name) => ({ name, ...bundle })) },
      {
        bare: { name: 'bare', importedMs: once(40), answeredMs: once(41) },
        functions: [{ name: 'vend-token', importedMs: once(100), answeredMs: once(164) }],
      },
    );
    expect(run).toEqual({
      date: '2026-11-22',
      commit: 'abc',
      functions: { 'vend-token': { bytes: 1000, importRatio: 2.5, firstCallRatio: 4 } },
    });
  });

  it('has one line for each commit: a second run takes the place of the first', () => {
    const two = withRun(withRun([], runAt('a')), runAt('b'));
    expect(two.map(({ commit }) => commit)).toEqual(['a', 'b']);
    expect(withRun(two, runAt('a', 5))).toEqual([runAt('a', 5), runAt('b')]);
  });

  it('as it is published names no commit twice', async () => {
    const commits = (await readHistory()).map(({ commit }) => commit);
    expect(new Set(commits).size).toBe(commits.length);
  });
});

describe('the plot', () => {
  const history: readonly Run[] = [
    { ...runAt('aaaaaaaaa'), functions: { 'vend-token': { bytes: 1, importRatio: 3 } } },
    runAt('bbbbbbbbb'),
    {
      ...runAt('ccccccccc'),
      functions: { ...runAt('c').functions, 'fill-cache': { bytes: 1, importRatio: 2 } },
    },
  ];
  const svg = plotHistory(history);

  it('has a panel for each function that there is now, from the first commit to the last', () => {
    expect(svg.match(/class="name">(vend-token|fill-cache)</g)).toHaveLength(2);
    expect(svg).toContain('>aaaaaaa<');
    expect(svg).toContain('>ccccccc<');
  });

  it('draws what was measured and nothing in between: a run without a first call has no point on that line', () => {
    const lines = [...svg.matchAll(/<polyline class="line" points="([^"]*)"/g)].map(([, points = '']) =>
      points === '' ? 0 : points.split(' ').length,
    );
    expect(lines).toEqual([0, 1, 2, 3]); // fill-cache, then vend-token: first answers, then imports
  });

  it('can be read on light and on dark, and says what its axes are', () => {
    expect(svg).toContain('prefers-color-scheme: dark');
    expect(svg).toContain('prefers-color-scheme: light');
    expect(svg).toMatch(/across: 3 commits.*up: times the bare function/);
    expect(svg).not.toContain('NaN');
  });
});
