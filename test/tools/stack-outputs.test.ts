import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { testStage } from '../../tools/run-stage-tests.ts';
import { readStackOutputs } from '../../tools/stack-outputs.ts';
import { fakeCommand } from '../github/fake-command.ts';

/** AWS's command line, as it answers. */
function aws(script: string) {
  const fake = fakeCommand('aws', script);
  vi.stubEnv('PATH', `${fake.directory}:${process.env['PATH']}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  return fake;
}

function described(status: string, outputs: Readonly<Record<string, string>> = {}): string {
  const Outputs = Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
  return `cat <<'JSON'\n${JSON.stringify({ Stacks: [{ StackStatus: status, Outputs }] })}\nJSON`;
}

test('a deployed stage is known by its stack’s outputs', async () => {
  const fake = aws(described('UPDATE_COMPLETE', { ApiUrl: 'https://x.example/dev', StageName: 'dev' }));
  expect(await readStackOutputs({ name: 'dev' })).toEqual({
    ApiUrl: 'https://x.example/dev',
    StageName: 'dev',
  });
  expect(fake.calls()).toEqual(['cloudformation describe-stacks --stack-name usher-dev --output json']);
});

test.each([
  ['is being deployed', described('UPDATE_IN_PROGRESS'), /not ready: its stack is UPDATE_IN_PROGRESS/],
  ['was never finished', described('ROLLBACK_COMPLETE'), /not ready/],
  ['is not there', 'echo "Stack with id usher-dev does not exist" >&2; exit 254', /no stack usher-dev/],
  ['may not be seen', 'echo "Unable to locate credentials" >&2; exit 253', /usher-dev: Unable to locate/],
])('a stage that %s is not tested, and it says why', async (_, script, message) => {
  aws(script);
  await expect(readStackOutputs({ name: 'dev' })).rejects.toThrow(message);
});

test('without AWS’s command line it says what is missing', async () => {
  vi.stubEnv('PATH', '');
  onTestFinished(() => void vi.unstubAllEnvs());
  await expect(readStackOutputs({ name: 'dev' })).rejects.toThrow('no aws here');
});

test('the local stage is what npm start runs', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'usher-outputs-'));
  vi.stubEnv('USHER_DATA', directory);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(directory, { recursive: true });
  });
  await expect(readStackOutputs({ name: 'local' })).rejects.toThrow('npm start');
  writeFileSync(path.join(directory, 'outputs.json'), '{"StageName":"local"}');
  expect(await readStackOutputs({ name: 'local' })).toEqual({ StageName: 'local' });
});

test('a stage that cannot be tested is told what it lacks, and prod is left alone', async () => {
  const outputs = {
    ApiUrl: 'https://x.example/dev',
    Origins: 'https://tv.example',
    Region: 'eu-west-1',
    SsmStageName: 'dev',
    StageName: 'dev',
    UserPoolId: 'p',
    UserPoolClientId: 'c',
  };
  const run = (stage: string) => testStage([stage], () => {});
  await expect(run('prod')).rejects.toThrow('not in prod');
  aws(described('CREATE_COMPLETE', outputs));
  await expect(run('dev')).rejects.toThrow('-c heartbeatUrl=true');
  aws(described('CREATE_COMPLETE', { ...outputs, HeartbeatUrl: 'https://h.example/', Origins: '*' }));
  await expect(run('dev')).rejects.toThrow('-c origins=');
  aws(described('CREATE_COMPLETE', { ...outputs, UserPoolId: '' }));
  await expect(run('dev')).rejects.toThrow('does not tell UserPoolId');
});
