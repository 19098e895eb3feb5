import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { awsAccess, LOCAL } from './aws.ts';
import { parseStageCommandLine } from './command-line.ts';
import { Complaint, WrongUsage, type Say } from './command.ts';
import { readStackOutputs, type StackOutputs } from './stack-outputs.ts';

export const USAGE = `npm run test:stage -- <stage>

  <stage>   dev, a branch, or local for what npm start runs`;

/** What the tests are told of the stage, in `USHER_STAGE_UNDER_TEST`. There is no secret in it. */
export interface StageUnderTest {
  readonly outputs: StackOutputs;
  /** Of the stand-ins, where it is they that run. */
  readonly endpoints?: { readonly cognito: string; readonly ssm: string };
}

/** Without these no test can tell which stage it is, or reach it. */
const NEEDED = ['ApiUrl', 'Origins', 'Region', 'SsmStageName', 'StageName', 'UserPoolClientId', 'UserPoolId'];

/**
 * Runs the tests that need nothing of a stage but what everyone who operates it has. They make viewers of their own and
 * take these away again; what those have bought stays in the table, so `prod` is refused.
 * @throws Complaint when a test fails, or the stage cannot be tested
 */
export async function testStage(args: readonly string[], say: Say): Promise<void> {
  const { stage } = parseStageCommandLine(args, { operands: [], options: {} });
  if (stage.name === 'prod') throw new WrongUsage('The tests leave purchases behind: not in prod.');
  const outputs = await readStackOutputs(stage);
  requireTestable(stage.name, outputs);
  const underTest: StageUnderTest = {
    outputs,
    ...(stage.name === LOCAL && {
      endpoints: {
        cognito: awsAccess(LOCAL, 'COGNITO_IDENTITY_PROVIDER').endpoint ?? '',
        ssm: awsAccess(LOCAL, 'SSM').endpoint ?? '',
      },
    }),
  };
  say(`Testing the stage '${stage.name}' at ${outputs['ApiUrl']} …`);
  await runTests(underTest);
}

function requireTestable(name: string, outputs: StackOutputs): void {
  const missing = NEEDED.find((output) => !outputs[output]);
  if (missing !== undefined) {
    throw new Complaint(`The stack of '${name}' does not tell ${missing}: deploy it anew.`);
  }
  if (outputs['Origins'] === '*') {
    throw new Complaint(
      `The stage '${name}' admits every origin, where one is to be told from others: deploy it with -c origins=…`,
    );
  }
  if (outputs['HeartbeatUrl'] === undefined) {
    throw new Complaint(
      `The stage '${name}' has no heartbeat URL, which is tested too. Deploy it with -c heartbeatUrl=true ` +
        `-c followHeartbeatTopic=true.`,
    );
  }
}

/** One file after the other: Momento gives a new account five tokens a second. */
async function runTests(stage: StageUnderTest): Promise<void> {
  const require = createRequire(import.meta.url);
  const vitest = path.join(path.dirname(require.resolve('vitest/package.json')), 'vitest.mjs');
  const tests = spawn(process.execPath, [vitest, 'run', '--project', 'stage', '--no-file-parallelism'], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, USHER_STAGE_UNDER_TEST: JSON.stringify(stage) },
    stdio: 'inherit',
  });
  const [code, signal] = (await once(tests, 'exit')) as [number | null, string | null];
  if (code !== 0) {
    throw new Complaint(signal === null ? 'Not every test passed.' : `The tests were stopped (${signal}).`);
  }
}
