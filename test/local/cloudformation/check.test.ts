import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkTemplate } from '../../../local/cloudformation/check.ts';
import type { Template } from '../../../local/cloudformation/assembly.ts';
import { createResolver } from '../../../local/cloudformation/resolver.ts';
import {
  each,
  fields,
  honoured,
  only,
  resource,
  withoutEffect,
} from '../../../local/cloudformation/support.ts';
import { support } from '../../../local/support.ts';

const shelves = {
  'Test::Shelf': resource({
    Boards: each(fields({ Width: honoured })),
    Colour: withoutEffect('nobody looks'),
    Wood: only('oak'),
  }),
  'Test::Poster': { kind: 'without-effect', why: 'decoration' },
} as const;

function check(template: Partial<Template>): void {
  const whole = { Resources: {}, ...template };
  checkTemplate(
    whole,
    createResolver({ template: whole, pseudoParameters: {}, identityOf: () => undefined }),
    shelves,
  );
}

test('accepts what is honoured and what is knowingly without effect', () => {
  const Resources = {
    Shelf: { Type: 'Test::Shelf', Properties: { Boards: [{ Width: 3 }], Colour: 'red', Wood: 'oak' } },
    Poster: { Type: 'Test::Poster', Properties: { Anything: { Ref: 'Unknown' } } },
  };
  expect(() => check({ Resources })).not.toThrow();
});

test('names every resource and property that it cannot honour, in one error', () => {
  const Resources = {
    Lamp: { Type: 'Test::Lamp' },
    Shelf: {
      Type: 'Test::Shelf',
      Properties: { Boards: [{ Width: 3 }, { Height: 1 }], Door: true, Wood: 'pine' },
    },
    Poster: { Type: 'Test::Poster', CreationPolicy: {} },
  };
  expect(() => check({ Resources, Transform: 'AWS::Serverless' } as Partial<Template>)).toThrow(
    [
      'The local runner cannot honour this template:',
      '  - the section Transform is not supported',
      '  - Lamp (Test::Lamp): the resource type is not supported',
      '  - Shelf (Test::Shelf): Boards[1].Height is not supported',
      '  - Shelf (Test::Shelf): Door is not supported',
      '  - Shelf (Test::Shelf): Wood is "pine"; supported: ["oak"]',
      '  - Poster (Test::Poster): the attribute CreationPolicy is not supported',
    ].join('\n'),
  );
});

test('does not ask for what a condition leaves out', () => {
  const Conditions = { Never: { 'Fn::Equals': [1, 2] } };
  const Resources = { Lamp: { Type: 'Test::Lamp', Condition: 'Never' } };
  expect(() => check({ Conditions, Resources })).not.toThrow();
});

test('documents each resource type it accepts', () => {
  const readme = readFileSync(new URL('../../../local/README.md', import.meta.url), 'utf8');
  expect(Object.keys(support).filter((type) => !readme.includes(`\`${type}\``))).toEqual([]);
});
