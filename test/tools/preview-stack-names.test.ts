import { expect, test } from 'vitest';
import { previewStacks } from '../../tools/preview-stack-names.ts';

function stack(StackName: string, pullRequest?: string, StackStatus = 'CREATE_COMPLETE') {
  const Tags = pullRequest === undefined ? [] : [{ Key: 'usher:pull-request', Value: pullRequest }];
  return { StackName, StackStatus, Tags };
}

const Stacks = [
  stack('usher-dev'),
  stack('usher-prod'),
  stack('usher-my-own'), // deployed by hand
  stack('usher-feat-a-1234abcd', 'tv/usher/1'),
  stack('usher-feat-b', 'tv/usher/2'),
  stack('usher-feat-b-old', 'tv/usher/2', 'DELETE_FAILED'),
  stack('usher-feat-c', 'tv/usher/21'),
  stack('usher-fork', 'other/usher/2'),
  stack('billing', 'tv/usher/2'),
];

test('a pull request’s stacks are those deployed with its tag, whatever its branch is called now', () => {
  expect(previewStacks({ Stacks }, { of: 'tv/usher/2' })).toEqual(['usher-feat-b', 'usher-feat-b-old']);
  expect(previewStacks({ Stacks }, { of: 'tv/usher/3' })).toEqual([]);
});

test('left over is what no open pull request has, and nothing that was never a pull request’s', () => {
  const left = (open: readonly { number: number }[]) => previewStacks({ Stacks }, { of: 'tv/usher', open });
  expect(left([{ number: 2 }])).toEqual(['usher-feat-a-1234abcd', 'usher-feat-c']);
  expect(left([{ number: 1 }, { number: 2 }, { number: 21 }])).toEqual([]);
  expect(left([])).toEqual(['usher-feat-a-1234abcd', 'usher-feat-b', 'usher-feat-b-old', 'usher-feat-c']);
});

test('prod and dev stay, though they were tagged by mistake', () => {
  const tagged = ['usher-prod', 'usher-dev', 'usher-staging', 'usher-main'].map((name) =>
    stack(name, 'tv/usher/1'),
  );
  expect(previewStacks({ Stacks: tagged }, { of: 'tv/usher', open: [] })).toEqual([]);
  expect(previewStacks({ Stacks: tagged }, { of: 'tv/usher/1' })).toEqual([]);
});

test('what is not said is not guessed', () => {
  expect(() => previewStacks({ Stacks }, { of: 'tv/usher' })).toThrow('which pull requests are open');
  for (const of of ['', '/', 'usher', 'tv/usher/', 'tv/usher/x']) {
    expect(() => previewStacks({ Stacks }, { of, open: [] })).toThrow('neither a repository nor');
  }
  const wrong = [{ number: 'all' as unknown as number }];
  expect(() => previewStacks({ Stacks }, { of: 'tv/usher', open: wrong })).toThrow('has a number');
});
