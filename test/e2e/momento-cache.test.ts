import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Answer } from '../../local/custom-resource/answer.ts';
import { openResponseUrl } from '../../local/custom-resource/response-url.ts';
import type { LocalStack } from '../../local/stack.ts';
import { cacheClient } from '../support/momento.ts';
import { startStack } from './support.ts';

const PROVIDER = 'usher-local-provide-cache';
const SUPER_KEY = '/usher/local/momento-super-key';

/** What CloudFormation would send later in the life of a stack, and what the function answers it. */
async function ask(stack: LocalStack, request: object, CacheName: string): Promise<Answer> {
  const ids = { StackId: 'the stack', RequestId: randomUUID(), LogicalResourceId: 'Cache' };
  const response = await openResponseUrl(ids);
  await stack.invoke(PROVIDER, {
    ...ids,
    ...request,
    ResponseURL: response.url,
    ResourceProperties: { CacheName },
  });
  await response.stop();
  return response.answered;
}

/** The caches of the Momento account. */
async function cachesOf({ momento }: LocalStack): Promise<readonly string[]> {
  const answer = await cacheClient(momento, momento.mintKey('super')).listCaches();
  if (answer.type !== 'Success') throw new Error(answer.toString());
  return answer.getCaches().map((cache) => cache.getName());
}

test('the stack makes its cache, renames it and takes it down, and names the quota when it is reached', async () => {
  const stack = await startStack();
  onTestFinished(() => stack.stop());
  expect(await cachesOf(stack)).toEqual(['usher-local']);
  expect(stack.momento.countCalls('CreateCache')).toBe(1);
  const said = stack.logs.filter(({ functionName }) => functionName === PROVIDER);
  expect(said.map(({ line }) => JSON.parse(line))).toEqual([
    expect.objectContaining({ message: 'provided', request: 'Create', id: 'usher-local' }),
  ]);

  const renaming = { RequestType: 'Update', PhysicalResourceId: 'usher-local' };
  expect(await ask(stack, renaming, 'usher-other')).toEqual({ status: 'SUCCESS', id: 'usher-other' });
  expect(await cachesOf(stack)).toEqual(['usher-local', 'usher-other']);
  for (const time of ['once', 'and once more']) {
    const removal = { RequestType: 'Delete', PhysicalResourceId: 'usher-local' };
    const outcome = await ask(stack, removal, 'usher-local');
    expect([time, outcome]).toEqual([time, { status: 'SUCCESS', id: 'usher-local' }]);
  }
  expect(await cachesOf(stack)).toEqual(['usher-other']);

  stack.momento.fail({ rpc: 'CreateCache', code: 'RESOURCE_EXHAUSTED', message: 'no more caches' });
  const refused = await ask(stack, { RequestType: 'Create' }, 'usher-third');
  expect(refused).toMatchObject({
    status: 'FAILED',
    reason: expect.stringMatching(/delete one .*usher-other$/),
  });
  expect(
    await ask(stack, { RequestType: 'Delete', PhysicalResourceId: refused.id }, 'usher-third'),
  ).toMatchObject({ status: 'SUCCESS' });
});

test('a key that may not make caches stops the start, which says where to put the right one', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'usher-data-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const first = await startStack({ dataDir });
  const lesser = first.ssm.get('/usher/local/momento-data-key')!;
  first.ssm.put({ name: SUPER_KEY, value: lesser, type: 'SecureString' });
  await first.stop();

  const lines: string[] = [];
  const starting = startStack({ dataDir, log: (_, line) => lines.push(line) });
  await expect(starting).rejects.toThrow(
    /^MomentoCache\w* \(Custom::MomentoCache\): .*\/usher\/local\/momento-super-key.* put a super user key there$/,
  );
  const said: unknown = await starting.catch((error: unknown) => error);
  expect([(said as Error).message, ...lines].join('\n')).not.toContain(lesser);
});
