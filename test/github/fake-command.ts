import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

export interface FakeCommand {
  /** Put before `PATH`, so that the fake is what is found. */
  readonly directory: string;
  /** What it was called with, one call a line. */
  calls(): readonly string[];
}

/**
 * A command line tool that is not here, such as `aws`, until the test ends. `script` is bash: it answers by `$*`, and
 * may keep what it has to remember in `$STATE`.
 */
export function fakeCommand(name: string, script: string): FakeCommand {
  const directory = mkdtempSync(path.join(tmpdir(), `usher-${name}-`));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const log = path.join(directory, 'calls');
  const file = path.join(directory, name);
  writeFileSync(log, '');
  writeFileSync(file, `#!/usr/bin/env bash\nSTATE=${directory}/state\necho "$*" >> ${log}\n${script}\n`);
  chmodSync(file, 0o755);
  return { directory, calls: () => readFileSync(log, 'utf8').split('\n').filter(Boolean) };
}

/** The environment in which the fakes are found. */
export function environmentWith(...fakes: readonly FakeCommand[]): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PATH: [...fakes.map(({ directory }) => directory), process.env['PATH']].join(':'),
  };
}
