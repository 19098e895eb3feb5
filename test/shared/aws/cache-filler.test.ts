import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { expect, it } from 'vitest';
import { invokedCacheFiller } from '../../../shared/aws/cache-filler.ts';
import { Unavailable } from '../../../shared/errors.ts';

/** A Lambda service whose invocations end like this. */
function lambda(outcome: { readonly FunctionError?: string } | Error) {
  const invoked: unknown[] = [];
  const send = async (command: unknown) => {
    if (command instanceof InvokeCommand) invoked.push(command.input);
    if (outcome instanceof Error) throw outcome;
    return outcome;
  };
  return { invoked, client: { send: send as LambdaClient['send'] } };
}

it('the cache is filled by the function that may, for the account it is told', async () => {
  const { client, invoked } = lambda({});
  await invokedCacheFiller('usher-dev-fill-cache', client).fill('ada');
  expect(invoked).toEqual([{ FunctionName: 'usher-dev-fill-cache', Payload: '{"accountId":"ada"}' }]);
});

it.each([
  ['the function fails', { FunctionError: 'Unhandled' }],
  ['nothing answers', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })],
  ['too many run at once', Object.assign(new Error('rate'), { name: 'TooManyRequestsException' })],
])('filling the cache is unavailable while %s', async (_, outcome) => {
  const { client } = lambda(outcome);
  await expect(invokedCacheFiller('fill', client).fill('ada')).rejects.toBeInstanceOf(Unavailable);
});

it('a function that we may not invoke is a fault of ours', async () => {
  const { client } = lambda(Object.assign(new Error('no'), { name: 'AccessDeniedException' }));
  await expect(invokedCacheFiller('fill', client).fill('ada')).rejects.toThrow('no');
});
