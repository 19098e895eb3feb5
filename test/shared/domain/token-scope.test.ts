import { expect, it } from 'vitest';
import { scopeOf } from '../../../shared/domain/token-scope.ts';

it('a viewer reads her own key, hears her own topic and the catalogue’s, and is known by her account', () => {
  expect(scopeOf('ada', { followsHeartbeatTopic: false })).toEqual({
    tokenId: 'ada',
    cacheKey: 'ada',
    subscribe: ['ada', 'catalog'],
    publish: [],
  });
});

it('where heartbeats are followed she publishes them as well, and nothing else', () => {
  const { publish, ...rest } = scopeOf('ada', { followsHeartbeatTopic: true });
  expect(publish).toEqual(['heartbeat']);
  expect({ ...rest, publish: [] }).toEqual(scopeOf('ada', { followsHeartbeatTopic: false }));
});
