import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { answered, awsAccess, LOCAL } from './aws.ts';
import { Complaint } from './command.ts';
import type { StageAccess } from './stage.ts';

/** What AWS documents as an account's first quota in a region; a young account may have 10. */
const USUAL = 1000;

/**
 * How many functions the account may run at once, told to whoever is about to deploy; nothing where that is no AWS.
 * It stops nobody: a first stage works with ten, and who may not ask may still write parameters.
 */
export async function concurrencyTold({ name }: Pick<StageAccess, 'name'>): Promise<string | undefined> {
  if (name === LOCAL) return undefined;
  const access = awsAccess(name, 'LAMBDA');
  const asked = new LambdaClient({ ...access, maxAttempts: 2 }).send(new GetAccountSettingsCommand());
  try {
    const { AccountLimit } = await answered(asked, 'see how many functions may run at once', access);
    const limit = AccountLimit?.ConcurrentExecutions ?? 0;
    const told = `Lambda runs ${limit} functions at once in this account and region`;
    if (limit >= USUAL) return told;
    return `${told}: have it raised in Service Quotas\n  to ${USUAL} or more before viewers come, and before you deploy with heartbeatUrl`;
  } catch (error) {
    if (!(error instanceof Complaint)) throw error;
    return `How many functions Lambda runs at once is not known. ${error.message}`;
  }
}
