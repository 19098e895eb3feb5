import { afterEach, describe, expect, it, vi } from 'vitest';
import { numberSetting, setting } from '../../shared/env.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('a setting', () => {
  it('is read from the environment', () => {
    vi.stubEnv('TABLE_NAME', 'usher-dev');
    expect(setting('TABLE_NAME')).toBe('usher-dev');
  });

  it.each([undefined, ''])('that is %o stops the function with its name', (value) => {
    vi.stubEnv('TABLE_NAME', value);
    expect(() => setting('TABLE_NAME')).toThrow(/TABLE_NAME/);
  });
});

describe('a setting that is a number', () => {
  it('is read as one', () => {
    vi.stubEnv('TOKEN_TTL_SECONDS', '1800');
    expect(numberSetting('TOKEN_TTL_SECONDS')).toBe(1800);
  });

  it.each(['0', '-5', '1.5', 'half an hour', '1800s', ' '])('stops the function when it is "%s"', (value) => {
    vi.stubEnv('TOKEN_TTL_SECONDS', value);
    expect(() => numberSetting('TOKEN_TTL_SECONDS')).toThrow(/TOKEN_TTL_SECONDS/);
  });
});
