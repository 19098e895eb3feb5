import { expect, test } from 'vitest';
import { scopeOf } from '../../../shared/domain/token-scope.ts';
import { momentoTokenMint } from '../../../shared/momento/token-mint.ts';
import { accessTo, CACHE, cacheClient, momentoForTest } from '../../support/momento.ts';

test('after its expiry a token opens nothing', async () => {
  let nowMs = Date.now();
  const momento = await momentoForTest({ now: () => nowMs });
  const mint = momentoTokenMint(accessTo(momento, 'super'), CACHE);
  const { token } = await mint.mintForCache(scopeOf('ada', { followsHeartbeatTopic: true }), 1800);
  const cache = cacheClient(momento, token);
  nowMs += 1_799_000;
  expect((await cache.get(CACHE, 'ada')).type).toBe('Miss');
  nowMs += 2000;
  expect(String(await cache.get(CACHE, 'ada'))).toContain('Invalid authentication');
});
