import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { createClock, followClock } from '../../local/clock.ts';
import { createFunction } from '../../local/lambda/function.ts';
import { bundle } from './fixtures/bundle.ts';

const HOUR_MS = 3_600_000;
const machines = Date;

let leave = () => {};
afterEach(() => leave());

test('a thread that follows a clock is as far ahead as that is put forward, and runs on', async () => {
  const clock = createClock();
  leave = followClock(clock);
  clock.advance(HOUR_MS);
  clock.advance(HOUR_MS);
  const aheadMs = Date.now() - machines.now();
  expect(Math.abs(aheadMs - 2 * HOUR_MS)).toBeLessThan(1000);
  expect(Math.abs(new Date().getTime() - Date.now())).toBeLessThan(1000);
  const beforeMs = Date.now();
  await sleep(2);
  expect(Date.now()).toBeGreaterThan(beforeMs);
});

test('a date that is named is what it was, and still a date', () => {
  leave = followClock(createClock());
  expect(new Date('2026-11-22T10:00:00.000Z').toISOString()).toBe('2026-11-22T10:00:00.000Z');
  expect(new Date(0)).toBeInstanceOf(Date);
  expect(Date.UTC(2026, 10, 22)).toBe(machines.UTC(2026, 10, 22));
});

test('who leaves a clock has the machine’s again', () => {
  const clock = createClock();
  followClock(clock)();
  clock.advance(HOUR_MS);
  expect(Math.abs(Date.now() - machines.now())).toBeLessThan(1000);
});

test('a function goes by the clock of its stack, also when it runs already', async () => {
  const clock = createClock();
  const one = createFunction({
    directory: bundle('export const handler = async () => [Date.now(), new Date().getTime()];'),
    handler: 'index.handler',
    functionName: 'tell',
    functionArn: 'arn:aws:lambda:eu-west-1:000000000000:function:tell',
    memoryMb: 128,
    timeoutSeconds: 20,
    variables: {},
    log: () => {},
    clock: { memory: clock.memory },
  });
  for (const hours of [0, 1, 2]) {
    const outcome = await one.invoke('{}');
    const told = JSON.parse(outcome.ok ? outcome.payload : '[]') as number[];
    expect(told.map((ms) => Math.abs(Math.round((ms - machines.now()) / HOUR_MS)))).toEqual([hours, hours]);
    clock.advance(HOUR_MS);
  }
  await one.stop();
});
