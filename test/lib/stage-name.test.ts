import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STAGE_NAME_LENGTH, stageNameOf } from '../../lib/stage-name.ts';

/** Branches as people name them, and as nobody should. */
const branch = fc.oneof(
  fc.string({ minLength: 1, maxLength: 120 }),
  fc.string({ minLength: 1, maxLength: 120, unit: 'grapheme' }),
  fc.string({
    minLength: 1,
    maxLength: 40,
    unit: fc.constantFrom('a', 'B', 'b', '-', '_', '/', '.', '1', 'あ'),
  }),
  fc.stringMatching(/^(feat|feature|fix)[-/_][a-zA-Z0-9]{1,30}$/),
);

describe('the name of a stage', () => {
  it.each(['dev', 'prod', 'staging', 'pr-42', 'a', '2026', 'x'.repeat(24)])(
    'is %s itself where it can be',
    (name) => {
      expect(stageNameOf(name)).toBe(name);
    },
  );

  it.each([
    ['feature/ABC-123_x', /^feature-abc-123-[0-9a-f]{8}$/],
    ['Prod', /^prod-[0-9a-f]{8}$/],
    ['x'.repeat(120), /^x{15}-[0-9a-f]{8}$/],
    ['機能/視聴権', /^b-[0-9a-f]{8}$/],
    ['修正/token-期限', /^token-[0-9a-f]{8}$/],
    ['---', /^b-[0-9a-f]{8}$/],
  ])('of the branch %s is a readable part and a hash', (name, form) => {
    expect(stageNameOf(name)).toMatch(form);
  });

  it('tells branches apart that differ in case, in punctuation or behind the 24th character', () => {
    const long = 'feature/a-very-long-name-of-a-branch';
    const branches = [
      'feat/x',
      'Feat/x',
      'feat-x',
      'Feat-X',
      'feat_x',
      'feat--x',
      '視聴',
      '視聴権',
      `${long}-1`,
      `${long}-2`,
    ];
    expect(new Set(branches.map(stageNameOf)).size).toBe(branches.length);
  });

  it('of one branch cannot be taken by a branch that is called like it', () => {
    expect(stageNameOf(stageNameOf('feat/x'))).not.toBe(stageNameOf('feat/x'));
  });

  it('never meets that of another branch, nor of a branch called like a stage', () => {
    fc.assert(
      fc.property(branch, branch, (one, other) => {
        fc.pre(one !== other);
        const names = [one, other, stageNameOf(one), stageNameOf(other)];
        const distinct = new Set(names);
        expect(new Set([...distinct].map(stageNameOf)).size).toBe(distinct.size);
      }),
      { numRuns: 2000 },
    );
  });

  it('is always 1 to 24 lower-case letters, digits and inner hyphens, and always the same', () => {
    fc.assert(
      fc.property(branch, (name) => {
        const stage = stageNameOf(name);
        expect(stage).toMatch(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
        expect(stage.length).toBeLessThanOrEqual(STAGE_NAME_LENGTH);
        expect(stageNameOf(name)).toBe(stage);
      }),
      { numRuns: 1000 },
    );
  });
});
