import { expect, it } from 'vitest';
import { scopeOf } from '../../../shared/domain/token-scope.ts';

it('a viewer reads her own key, hears her own topic and the catalogue’s, and is known by her account', () => {
  expect(scopeOf('ada')).toEqual({ tokenId: 'ada', cacheKey: 'ada', subscribe: ['ada', 'catalog'] });
});
