import { expect, test } from 'vitest';
import { createThrottle } from '../../local/throttle.ts';

test('lets a burst through and then the rate', () => {
  let ms = 0;
  const admits = createThrottle({ now: () => ms }, { rate: 2, burst: 3 });
  expect([admits(), admits(), admits(), admits()]).toEqual([true, true, true, false]);
  ms += 500;
  expect([admits(), admits()]).toEqual([true, false]);
  ms += 60_000;
  expect([admits(), admits(), admits(), admits()]).toEqual([true, true, true, false]);
});
