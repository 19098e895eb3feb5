import { expect, test } from 'vitest';
import { WrongUsage } from '../../tools/command.ts';
import { parseWaveArguments } from '../../tools/wave-arguments.ts';

const parse = (line: string) => parseWaveArguments(line.split(' '));

test('a wave starts over every product, within five minutes, at priority normal, unless told otherwise', () => {
  expect(parse('start --stage dev')).toEqual({
    state: 'start',
    stage: 'dev',
    ssmStage: undefined,
    products: [],
    withinSeconds: 300,
    priority: 'normal',
    waveId: undefined,
  });
  expect(
    parse('start --stage feat/x --ssm-stage dev --products a,b,a --within 0 --priority high --wave w.1'),
  ).toMatchObject({
    ssmStage: 'dev',
    products: ['a', 'b'],
    withinSeconds: 0,
    priority: 'high',
    waveId: 'w.1',
  });
});

test('a wave is aborted by its id', () => {
  expect(parse('abort --stage dev --wave w.1')).toMatchObject({
    state: 'abort',
    stage: 'dev',
    waveId: 'w.1',
  });
});

test.each([
  ['stop --stage dev', 'start, abort'],
  ['start abort --stage dev', 'start, abort'],
  ['start', '--stage <name>'],
  ['abort --stage dev', '--wave <id>'],
  ['abort --stage dev --wave w --within 5', 'abort takes no --within'],
  ['start --stage dev --within soon', '0 to 86400'],
  ['start --stage dev --within 86401', '0 to 86400'],
  ['start --stage dev --within=-1', '0 to 86400'],
  ['start --stage dev --priority urgent', 'high, normal, low'],
  ['start --stage dev --wave a/b', '--wave takes'],
  ['start --stage dev --products a,,b', '--products takes'],
  ['start --stage dev --product a', '--product'],
])('%s is refused, saying what it should be', (line, complaint) => {
  expect(() => parse(line)).toThrow(WrongUsage);
  expect(() => parse(line)).toThrow(complaint);
});
