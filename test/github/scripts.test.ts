import { execFile } from 'node:child_process';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { environmentWith, fakeCommand, type FakeCommand } from './fake-command.ts';
import { repository } from './workflow-files.ts';

interface Outcome {
  readonly code: number;
  readonly said: string;
}

function run(
  script: string,
  fake: FakeCommand,
  { args = [], input = '' }: { readonly args?: readonly string[]; readonly input?: string } = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(
      path.join(repository, '.github', 'scripts', script),
      args,
      {
        env: {
          ...environmentWith(fake),
          PAUSE_SECONDS: '0',
          NUMBER: '12',
          GITHUB_REPOSITORY: 'tv/usher',
        },
      },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, said: stdout + stderr }),
    );
    child.stdin?.end(input);
  });
}

describe('destroy.sh', () => {
  test('lets a deployment finish before it takes the stack down', async () => {
    const aws = fakeCommand(
      'aws',
      `case "$*" in
        *describe-stacks*) [ -e $STATE ] && echo UPDATE_COMPLETE || { touch $STATE; echo UPDATE_IN_PROGRESS; } ;;
      esac`,
    );
    const { code, said } = await run('destroy.sh', aws, { args: ['usher-a'] });
    expect([code, said]).toEqual([0, expect.stringMatching(/waiting.*UPDATE_IN_PROGRESS[^]*usher-a: gone/)]);
    expect(aws.calls().map((call) => call.split(' ')[1])).toEqual([
      'describe-stacks',
      'describe-stacks',
      'delete-stack',
      'wait',
    ]);
  });

  test('has nothing to do where there is no stack', async () => {
    const aws = fakeCommand('aws', 'echo "Stack with id usher-a does not exist" >&2; exit 254');
    expect(await run('destroy.sh', aws, { args: ['usher-a'] })).toMatchObject({ code: 0 });
    expect(aws.calls()).toHaveLength(1);
  });

  test('goes on with the next when one does not go, and fails in the end', async () => {
    const aws = fakeCommand(
      'aws',
      `case "$*" in
        *describe-stacks*) echo CREATE_COMPLETE ;;
        *wait*usher-a*) echo "Waiter encountered a terminal failure state" >&2; exit 255 ;;
      esac`,
    );
    const { code, said } = await run('destroy.sh', aws, { args: ['usher-a', 'usher-b'] });
    expect(code).toBe(1);
    expect(said).toMatch(/::error::usher-a is not gone/);
    expect(said).toContain('usher-b: gone');
  });

  test('takes nothing for gone when AWS does not say', async () => {
    const aws = fakeCommand('aws', 'echo "Unable to locate credentials" >&2; exit 253');
    const { code, said } = await run('destroy.sh', aws, { args: ['usher-a'] });
    expect(code).toBe(1);
    expect(said).toContain('Unable to locate credentials');
  });
});

describe('comment.sh', () => {
  test('comments once, and from then on in the same place', async () => {
    const first = fakeCommand('gh', '');
    expect(await run('comment.sh', first, { input: 'It runs at $HOME `id`.' })).toMatchObject({ code: 0 });
    expect(first.calls().join('\n')).toMatch(
      /--method POST repos\/tv\/usher\/issues\/12\/comments -f body=<!-- usher: preview -->\nIt runs at \$HOME `id`\./,
    );
    const again = fakeCommand('gh', 'case "$*" in *--paginate*) echo 7; echo 9 ;; esac');
    expect(await run('comment.sh', again, { input: 'It is gone.' })).toMatchObject({ code: 0 });
    expect(again.calls().join('\n')).toMatch(/--method PATCH repos\/tv\/usher\/issues\/comments\/7 /);
    expect(again.calls().join('\n')).not.toContain('POST');
  });

  test('says nothing twice when it cannot read what was said', async () => {
    const gh = fakeCommand('gh', 'exit 1');
    expect((await run('comment.sh', gh, { input: 'x' })).code).not.toBe(0);
    expect(gh.calls()).toHaveLength(1);
  });
});
