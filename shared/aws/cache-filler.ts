import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { Unavailable } from '../errors.ts';
import type { CacheFiller } from '../ports.ts';
import { answered, CLIENT_OPTIONS } from './errors.ts';

/** A cold start of the other function takes its time; asked again meanwhile, a second one would start. */
const PATIENT = {
  maxAttempts: 1,
  requestHandler: { ...CLIENT_OPTIONS.requestHandler, requestTimeout: 6000 },
};

/**
 * Has the function `fill-cache` do it and waits: the function that may mint tokens then needs neither the table
 * nor the code that computes and caches (docs/decisions/0002-fill-cache-is-a-function.md).
 */
export function invokedCacheFiller(
  functionName: string,
  lambda: Pick<LambdaClient, 'send'> = new LambdaClient(PATIENT),
): CacheFiller {
  return {
    async fill(accountId) {
      const command = new InvokeCommand({
        FunctionName: functionName,
        Payload: JSON.stringify({ accountId }),
      });
      const { FunctionError: failure } = await answered(lambda.send(command), 'Lambda Invoke');
      if (failure !== undefined) throw new Unavailable(`${functionName} failed: ${failure}`);
    },
  };
}
