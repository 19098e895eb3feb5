import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Complaint } from '../../tools/command.ts';
import { testStage } from '../../tools/run-stage-tests.ts';
import { readStackOutputs } from '../../tools/stack-outputs.ts';
import { cloudFormation } from './cloud-formation.ts';

const aws = cloudFormation();

test('a deployed stage is known by its stack’s outputs', async () => {
  const outputs = { ApiUrl: 'https://x.example/dev', StageName: 'dev' };
  aws.answers({ status: 'UPDATE_COMPLETE', outputs });
  expect(await readStackOutputs({ name: 'dev' })).toEqual(outputs);
  expect(aws.asked).toEqual([{ Action: 'DescribeStacks', StackName: 'usher-dev', Version: '2010-05-15' }]);
});

test.each([
  ['is being deployed', { status: 'UPDATE_IN_PROGRESS' }, /not ready: its stack is UPDATE_IN_PROGRESS/],
  ['was never finished', { status: 'ROLLBACK_COMPLETE' }, /not ready/],
  [
    'is not there',
    refusal('ValidationError', 'Stack with id usher-dev does not exist', 400),
    /no stack usher-dev\. Look at AWS_REGION/,
  ],
  [
    'may not be seen',
    refusal('AccessDenied', 'User x is not authorized to perform: cloudformation:DescribeStacks', 403),
    /not let you describe the stack usher-dev: User x is not authorized/,
  ],
  [
    'belongs to someone who signed in long ago',
    refusal('ExpiredToken', 'The security token included in the request is expired', 403),
    /does not accept the credentials \(ExpiredToken\)/,
  ],
])('a stage that %s is not tested, and it says why', async (_, answer, message) => {
  aws.answers(answer);
  await expect(readStackOutputs({ name: 'dev' })).rejects.toSatisfy(
    (error) => error instanceof Complaint && message.test(error.message),
  );
});

test('without a region it says what to set', async () => {
  const region = process.env['AWS_REGION'];
  vi.stubEnv('AWS_REGION', undefined);
  vi.stubEnv('AWS_CONFIG_FILE', '/nowhere');
  onTestFinished(() => {
    vi.stubEnv('AWS_REGION', region);
    vi.stubEnv('AWS_CONFIG_FILE', undefined);
  });
  await expect(readStackOutputs({ name: 'dev' })).rejects.toThrow('no AWS region: set AWS_REGION');
});

test('the local stage is what npm start runs', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'usher-outputs-'));
  vi.stubEnv('USHER_DATA', directory);
  onTestFinished(() => {
    vi.stubEnv('USHER_DATA', undefined);
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
  aws.answers({ status: 'CREATE_COMPLETE', outputs: outputs });
  await expect(run('dev')).rejects.toThrow('-c heartbeatUrl=true');
  aws.answers({
    status: 'CREATE_COMPLETE',
    outputs: { ...outputs, HeartbeatUrl: 'https://h.example/', Origins: '*' },
  });
  await expect(run('dev')).rejects.toThrow('-c origins=');
  aws.answers({ status: 'CREATE_COMPLETE', outputs: { ...outputs, UserPoolId: '' } });
  await expect(run('dev')).rejects.toThrow('does not tell UserPoolId');
});

function refusal(error: string, message: string, httpStatus: number) {
  return { error, message, httpStatus };
}
