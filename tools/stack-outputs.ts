import { CloudFormationClient, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation';
import * as z from 'zod/mini';
import { nameIn } from '../lib/stage.ts';
import { answered, LOCAL, localFile } from './aws.ts';
import { Complaint } from './command.ts';
import type { StageAccess } from './stage.ts';

/** What a stack says of itself once it is deployed, by the names that `lib/usher-stack.ts` gives. */
export type StackOutputs = Readonly<Record<string, string>>;

/** In which a stack's outputs are those of what runs; after a failed update it runs as it did before. */
const STANDS = /^(CREATE|UPDATE|UPDATE_ROLLBACK|IMPORT)_COMPLETE(_CLEANUP_IN_PROGRESS)?$/;

/**
 * The outputs of a deployed stage, asked with the operator's own credentials; of the stage `local`, those of what
 * `npm start` runs.
 * @throws Complaint when the stage is not there, or AWS does not say
 */
export async function readStackOutputs({ name }: Pick<StageAccess, 'name'>): Promise<StackOutputs> {
  if (name === LOCAL) {
    return z.record(z.string(), z.string()).parse(JSON.parse(localFile('outputs.json')));
  }
  const { StackStatus = 'unknown', Outputs = [] } = await describeStack(nameIn({ name }));
  if (!STANDS.test(StackStatus)) {
    throw new Complaint(`The stage '${name}' is not ready: its stack is ${StackStatus}.`);
  }
  return Object.fromEntries(Outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));
}

async function describeStack(stackName: string): Promise<Partial<Stack>> {
  const call = new CloudFormationClient().send(new DescribeStacksCommand({ StackName: stackName }));
  const { Stacks = [] } = await answered(call, `describe the stack ${stackName}`, {}).catch(
    (cause: unknown) => {
      // CloudFormation has no error of its own for it.
      if (!(cause instanceof Error) || !cause.message.endsWith('does not exist')) throw cause;
      throw new Complaint(
        `The stage is not deployed here: there is no stack ${stackName}. Look at AWS_REGION.`,
        { cause },
      );
    },
  );
  return Stacks[0] ?? {};
}
