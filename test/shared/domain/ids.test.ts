import { describe, expect, it } from 'vitest';
import { isAccountId } from '../../../shared/domain/ids.ts';

describe('an account', () => {
  it.each(['ada', '7c0b1f3e-9a1d-4a6e-8c50-6f5f3e1d2c4b', 'A', '0', 'a.b_c-d', 'x'.repeat(64)])(
    'may be called %s',
    (id) => {
      expect(isAccountId(id)).toBe(true);
    },
  );

  it.each([
    ['the topic of all heartbeats', 'heartbeat'],
    ['the topic of the catalogue', 'catalog'],
    ['the key of another account’s slot', 'ada:slot:1'],
    ['a path', 'ada/bob'],
    ['something that starts with a sign', '-ada'],
    ['more than 64 characters', 'x'.repeat(65)],
    ['a line break', 'ada\n'],
    ['nothing', ''],
    ['letters that look alike', 'аda'],
  ])('is never called like %s', (_, id) => {
    expect(isAccountId(id)).toBe(false);
  });
});
