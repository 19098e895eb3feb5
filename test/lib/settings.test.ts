import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { SETTINGS, settingsIn } from '../../lib/settings.ts';
import { readStage } from '../../lib/stage.ts';

const prod = {
  stageName: 'prod',
  stages: { prod: { origins: 'https://tv.example', requestsPerSecond: 2000 } },
};

test('what cdk.json says of a stage holds for that stage alone', () => {
  expect(readStage(settingsIn(prod)).origins).toEqual(['https://tv.example']);
  expect(readStage(settingsIn({ ...prod, stageName: 'dev' })).origins).toEqual(['http://localhost:3000']);
});

test('the command line adds to what cdk.json says of a stage, and does not contradict it', () => {
  const added = settingsIn({ ...prod, tracing: 'true', requestsPerSecond: '2000' });
  expect(readStage(added).operations).toMatchObject({ tracing: true, throttle: { requestsPerSecond: 2000 } });
  expect(() => readStage(settingsIn({ ...prod, origins: '*' }))).toThrow(
    'The context origins is "https://tv.example" in cdk.json for the stage prod and "*" elsewhere',
  );
});

test('a setting that nobody knows is refused wherever it stands, and contexts of CDK’s are let be', () => {
  expect(() => settingsIn({ stageName: 'dev', alarmTopicArm: 'x' })).toThrow('no setting alarmTopicArm');
  expect(() => settingsIn({ stageName: 'dev', stages: { dev: { stagename: 'x' } } })).toThrow('stagename');
  expect(() => settingsIn({ stageName: 'dev', stages: [] })).toThrow('stages cannot be []');
  const ofCdk = { 'aws:cdk:enable-path-metadata': true, '@aws-cdk/core:flag': true, 'cli-telemetry': false };
  expect(readStage(settingsIn({ stageName: 'dev', ...ofCdk })).name).toBe('dev');
});

test('every setting is read, and the app as it comes knows all that cdk.json says', async () => {
  const read = new Set<string>();
  readStage((key) => {
    read.add(key);
    return new Map([
      ['stageName', 'dev'],
      ['player', 'true'],
    ]).get(key);
  });
  expect([...read].toSorted()).toEqual(SETTINGS.toSorted());
  const { context } = JSON.parse(await readFile(new URL('../../cdk.json', import.meta.url), 'utf8')) as {
    readonly context: Readonly<Record<string, unknown>>;
  };
  expect(readStage(settingsIn(context)).name).toBe('dev');
});
