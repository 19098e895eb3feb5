import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as z from 'zod/mini';
import { nameIn } from '../lib/stage.ts';
import { LOCAL, localFile } from './aws.ts';
import { Complaint } from './command.ts';
import type { StageAccess } from './stage.ts';

/** What a stack says of itself once it is deployed, by the names that `lib/usher-stack.ts` gives. */
export type StackOutputs = Readonly<Record<string, string>>;

/** In which a stack's outputs are those of what runs; after a failed update it runs as it did before. */
const STANDS = /^(CREATE|UPDATE|UPDATE_ROLLBACK|IMPORT)_COMPLETE(_CLEANUP_IN_PROGRESS)?$/;

const described = z.object({
  Stacks: z.tuple([
    z.object({
      StackStatus: z.string(),
      Outputs: z._default(z.array(z.object({ OutputKey: z.string(), OutputValue: z.string() })), []),
    }),
  ]),
});

/**
 * The outputs of a deployed stage, by AWS's command line with the operator's own credentials; of the stage `local`,
 * those of what `npm start` runs.
 * @throws Complaint when the stage is not there, or AWS does not say
 */
export async function readStackOutputs({ name }: Pick<StageAccess, 'name'>): Promise<StackOutputs> {
  if (name === LOCAL) {
    return z.record(z.string(), z.string()).parse(JSON.parse(localFile('outputs.json')));
  }
  const { Stacks } = described.parse(JSON.parse(await describeStack(nameIn({ name }))));
  const [{ StackStatus, Outputs }] = Stacks;
  if (!STANDS.test(StackStatus)) {
    throw new Complaint(`The stage '${name}' is not ready: its stack is ${StackStatus}.`);
  }
  return Object.fromEntries(Outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
}

async function describeStack(stackName: string): Promise<string> {
  const args = ['cloudformation', 'describe-stacks', '--stack-name', stackName, '--output', 'json'];
  try {
    const { stdout } = await promisify(execFile)('aws', args);
    return stdout;
  } catch (cause) {
    throw complaintOf(cause, stackName);
  }
}

function complaintOf(cause: unknown, stackName: string): unknown {
  const { code, stderr = '' } = cause as { readonly code?: unknown; readonly stderr?: string };
  const complain = (text: string) => new Complaint(text, { cause });
  if (code === 'ENOENT') return complain('AWS’s command line is not installed: there is no aws here.');
  if (stderr.includes('does not exist')) {
    return complain(`The stage is not deployed here: there is no stack ${stackName}. Look at AWS_REGION.`);
  }
  if (stderr.trim() === '') return cause;
  return complain(`AWS does not describe the stack ${stackName}: ${stderr.trim()}`);
}
