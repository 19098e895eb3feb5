import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { repository, workflows, type Workflow } from './workflow-files.ts';
import { RULES } from './workflow-rules.ts';

const all = workflows();

function problemsOf(workflow: Workflow): readonly string[] {
  return Object.values(RULES).flatMap((rule) => rule(workflow));
}

function named(file: string): Workflow {
  const found = all.find((workflow) => workflow.file === file);
  if (!found) throw new Error(`there is no ${file}`);
  return found;
}

test.each(all.map((workflow) => [workflow.file, workflow] as const))('%s may be merged', (_, workflow) => {
  expect(problemsOf(workflow)).toEqual([]);
});

test('a stage is destroyed after the deployment that is under way, and instead of the one that waits', () => {
  const [deploy, destroy] = [named('preview.yml'), named('preview-destroy.yml')];
  expect(destroy.concurrency).toEqual(deploy.concurrency);
  expect(deploy.concurrency?.['cancel-in-progress']).toBe(false);
  expect(deploy.concurrency?.group).toContain('github.event.number');
  expect(destroy.on['pull_request']?.types).toEqual(['closed']);
  expect(deploy.on['pull_request']?.types).not.toContain('closed');
});

test('docs/environments.md names each variable that a workflow reads, and no other', () => {
  const page = readFileSync(path.join(repository, 'docs', 'environments.md'), 'utf8');
  const read = all.flatMap(({ text }) => [...text.matchAll(/\bvars\.(\w+)/g)].map(([, name]) => name!));
  const told = [...page.matchAll(/`((?:AWS|PREVIEW)_\w+)`/g)].map(([, name]) => name!);
  expect(new Set(told.filter((name) => name !== 'AWS_PROFILE'))).toEqual(new Set(read));
});

test('what takes stages down goes by the tag that a pull request’s stage is deployed with', () => {
  const scripts = (file: string) =>
    Object.values(named(file).jobs)
      .flatMap(({ steps = [] }) => steps.map(({ run = '' }) => run))
      .join('\n');
  expect(scripts('preview.yml')).toContain('--tags "usher:pull-request=$GITHUB_REPOSITORY/$NUMBER"');
  expect(scripts('preview-destroy.yml')).toContain('--of "$GITHUB_REPOSITORY/$NUMBER"');
  expect(scripts('janitor.yml')).toContain('--of "$GITHUB_REPOSITORY" --without open.json');
  expect(scripts('deploy.yml')).not.toContain('--tags');
});

describe('the rules', () => {
  const sound = named('preview.yml');
  const [deployId, deploy] = Object.entries(sound.jobs).find(([, job]) => job.permissions?.['id-token'])!;
  const withJob = (changes: object): Workflow => ({
    ...sound,
    jobs: { ...sound.jobs, [deployId]: { ...deploy, ...changes } },
  });
  const withScript = (run: string) => withJob({ steps: [...deploy.steps!, { run }] });

  test.each<readonly [string, Workflow, RegExp]>([
    ['no permissions stated', { ...sound, permissions: { contents: 'write' } }, /permissions of all jobs/],
    [
      'a job that says nothing of its own',
      withJob({ permissions: undefined }),
      /does not say what it may do/,
    ],
    ['too many permissions', withJob({ permissions: { contents: 'write' } }), /may write contents/],
    [
      'a role and a pen in one hand',
      withJob({ permissions: { 'id-token': 'write', 'pull-requests': 'write' } }),
      /at once/,
    ],
    ['a tag', { ...sound, text: '      - uses: actions/checkout@v7' }, /not pinned/],
    [
      'a branch’s name within a script',
      withScript('echo ${{ github.head_ref }}'),
      /expression into a script/,
    ],
    ['a script that is none', withScript('if true; then'), /syntax error/],
    ['a shell that misses failures', { ...sound, defaults: {} }, /within a pipe/],
    ['an npm script that is not there', withScript('npm run no-such'), /no npm script no-such/],
    ['a file that is not there', withScript('node tools/no-such.ts'), /no tools\/no-such.ts/],
    [
      'everyone’s pull requests with our rights',
      { ...sound, on: { pull_request_target: null } },
      /for anyone/,
    ],
    ['a role for forks', withJob({ if: 'always()' }), /assumes a role for forks/],
    ['a long-lived key', { ...sound, text: 'key: ${{ secrets.AWS_KEY }}' }, /uses a secret/],
    ['no environment', withJob({ environment: undefined }), /outside an environment/],
    [
      'a token left where code can read it',
      withJob({ steps: [{ uses: 'actions/checkout@x' }] }),
      /leaves the token/,
    ],
    [
      'a deployment cut short',
      { ...sound, concurrency: { group: 'x', 'cancel-in-progress': true } },
      /may be cancelled/,
    ],
    ['a job without an end', withJob({ 'timeout-minutes': undefined }), /no timeout/],
  ])('find %s', (_, workflow, problem) => {
    expect(problemsOf(workflow).join('\n')).toMatch(problem);
  });
});
