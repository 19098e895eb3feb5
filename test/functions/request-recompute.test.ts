import { expect, it } from 'vitest';
import { requestRecompute } from '../../functions/request-recompute.ts';
import { TooOften } from '../../shared/errors.ts';
import { memoryWorld } from '../support/world.ts';

const request = {
  accountId: 'ada',
  headers: {},
  query: {},
  path: {},
  body: Buffer.from('{"accountId":"bob"}'),
};

function world(secondsToWait: number) {
  const { queue, queued, now } = memoryWorld();
  const asked: [string, number][] = [];
  const limiter = {
    secondsToWait: async (accountId: string, atMs: number) => {
      asked.push([accountId, atMs]);
      return secondsToWait;
    },
  };
  return { answer: requestRecompute({ limiter, queue, now }), queued, asked, now };
}

it('a viewer has her own entitlements computed afresh, through the queue', async () => {
  const { answer, queued, asked, now } = world(0);
  expect(await answer(request)).toEqual({ status: 202, body: {} });
  expect(queued).toEqual([{ kind: 'recompute', accountId: 'ada' }]);
  expect(asked).toEqual([['ada', now()]]);
});

it('a viewer who asks too often is told when to come back, and nothing is queued', async () => {
  const { answer, queued } = world(7);
  const refusal: unknown = await answer(request).catch((reason: unknown) => reason);
  expect(refusal).toBeInstanceOf(TooOften);
  expect(refusal).toMatchObject({ retryAfterSeconds: 7 });
  expect(queued).toEqual([]);
});
