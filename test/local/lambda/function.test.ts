import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import {
  createFunction,
  type FunctionSettings,
  type LambdaFunction,
} from '../../../local/lambda/function.ts';
import { bundle } from '../fixtures/bundle.ts';

const started: LambdaFunction[] = [];
afterEach(() => Promise.all(started.splice(0).map((one) => one.stop())));

function lambda(settings: Partial<FunctionSettings> = {}): LambdaFunction {
  const one = createFunction({
    directory: bundle(),
    handler: 'index.handler',
    functionName: 'greet',
    functionArn: 'arn:aws:lambda:eu-west-1:000000000000:function:greet',
    memoryMb: 128,
    timeoutSeconds: 20,
    variables: { GREETING: 'hello' },
    log: () => {},
    ...settings,
  });
  started.push(one);
  return one;
}

async function returned(one: LambdaFunction, event: object): Promise<unknown> {
  const outcome = await one.invoke(JSON.stringify(event));
  if (!outcome.ok) throw new Error(`${outcome.error.errorType}: ${outcome.error.errorMessage}`);
  return JSON.parse(outcome.payload);
}

async function failure(one: LambdaFunction, event: object): Promise<string> {
  const outcome = await one.invoke(JSON.stringify(event));
  return outcome.ok ? `returned ${outcome.payload}` : outcome.error.errorType;
}

test('hands the event over and the result back', async () => {
  expect(await returned(lambda(), { hello: ['world', 1, null] })).toEqual({ hello: ['world', 1, null] });
});

test('gives a function its own environment variables and nothing of the runner’s', async () => {
  process.env['SECRET_OF_THE_RUNNER'] = 'x';
  expect(await returned(lambda(), { do: 'env' })).toEqual({ GREETING: 'hello' });
});

test('keeps an environment for the next invocation, and gives each function its own', async () => {
  const [one, other] = [lambda(), lambda()];
  await returned(one, { do: 'count' });
  expect(await returned(one, { do: 'count' })).toBe(2);
  expect(await returned(other, { do: 'count' })).toBe(1);
});

test('runs invocations that come at once in environments of their own', async () => {
  const one = lambda();
  const counts = await Promise.all([returned(one, { do: 'count' }), returned(one, { do: 'count' })]);
  expect(counts).toEqual([1, 1]);
});

test('after a deployment what begins reads the code anew, and what is under way ends with the old', async () => {
  const directory = bundle(`export const handler = async ({ wait }) => {
    console.log('begun');
    await new Promise((resolve) => setTimeout(resolve, wait));
    return 'old';
  };`);
  let begun = () => {};
  const one = lambda({ directory, log: () => begun() });
  expect(await returned(one, { wait: 0 })).toBe('old');
  const isUnderWay = new Promise<void>((resolve) => (begun = resolve));
  const underWay = returned(one, { wait: 300 });
  await isUnderWay;
  writeFileSync(path.join(directory, 'index.mjs'), 'export const handler = async () => "new";');
  await one.renew();
  expect(await returned(one, {})).toBe('new');
  expect(await underWay).toBe('old');
  expect(await Promise.all([returned(one, {}), returned(one, {})])).toEqual(['new', 'new']);
});

test('tells the handler who it is and how long it has', async () => {
  const context = (await returned(lambda({ timeoutSeconds: 7 }), { do: 'context' })) as Record<
    string,
    unknown
  >;
  expect(context).toMatchObject({
    functionName: 'greet',
    memoryLimitInMB: '128',
    functionVersion: '$LATEST',
  });
  expect(context['awsRequestId']).toMatch(/^[0-9a-f-]{36}$/);
  expect(context['remaining']).toBeGreaterThan(0);
  expect(context['remaining']).toBeLessThanOrEqual(7000);
});

test('captures what a function logs, line by line', async () => {
  const lines: string[] = [];
  let third: () => void = () => {};
  const all = new Promise<void>((resolve) => (third = resolve));
  const one = lambda({
    log: (line) => {
      lines.push(line);
      if (lines.length === 3) third();
    },
  });
  await returned(one, { do: 'log' });
  await all;
  expect(lines.toSorted()).toEqual(['one', 'three', 'two']);
});

test('reports what a handler throws, and keeps its environment', async () => {
  const one = lambda();
  const outcome = await one.invoke('{"do":"throw"}');
  expect(outcome).toMatchObject({
    ok: false,
    error: { errorType: 'RangeError', errorMessage: 'out of range' },
  });
  expect(await returned(one, { do: 'count' })).toBe(2);
});

test.each(['hang', 'spin'])(
  'ends a function that does not return in time (%s), and begins afresh',
  async (how) => {
    const one = lambda({ timeoutSeconds: 1 });
    await returned(one, { do: 'count' });
    const outcome = await one.invoke(JSON.stringify({ do: how }));
    expect(outcome).toMatchObject({
      error: {
        errorType: 'Sandbox.Timedout',
        errorMessage: expect.stringContaining('Task timed out after 1.00 seconds'),
      },
    });
    expect(await returned(one, { do: 'count' })).toBe(1);
  },
);

test('survives a function that ends its process', async () => {
  const one = lambda();
  expect(await failure(one, { do: 'exit' })).toBe('Runtime.ExitError');
  expect(await returned(one, { do: 'count' })).toBe(1);
});

test('ends an environment whose promise was rejected unseen, as Lambda does', async () => {
  expect(await failure(lambda(), { do: 'reject' })).toBe('Runtime.UnhandledError');
});

test('throttles what exceeds the reserved concurrency', async () => {
  const one = lambda({ reservedConcurrency: 1 });
  const outcomes = await Promise.all([failure(one, { do: 'echo' }), failure(one, { do: 'echo' })]);
  expect(outcomes).toEqual(['returned {"do":"echo"}', 'TooManyRequestsException']);
});

test('throttles more than ten invocations a second for each reserved place', async () => {
  let ms = 0;
  const one = lambda({ reservedConcurrency: 1, now: () => ms });
  for (let n = 0; n < 10; n += 1) await returned(one, {});
  expect(await failure(one, {})).toBe('TooManyRequestsException');
  ms += 100;
  expect(await failure(one, {})).toBe('returned {}');
  expect(await failure(one, {})).toBe('TooManyRequestsException');
});

test('has reserved invocations wait for one of the threads, and throttles what has no place', async () => {
  const one = lambda({ reservedConcurrency: 12 });
  const outcomes = await Promise.all(Array.from({ length: 13 }, () => failure(one, {})));
  expect(outcomes.filter((outcome) => outcome === 'returned {}')).toHaveLength(12);
  expect(outcomes.at(-1)).toBe('TooManyRequestsException');
}, 30_000);

test('has invocations wait for an environment where no concurrency is reserved', async () => {
  const one = lambda();
  const counts = await Promise.all(Array.from({ length: 25 }, () => returned(one, { do: 'count' })));
  expect(counts).toHaveLength(25);
  expect(Math.max(...(counts as number[]))).toBeGreaterThan(1);
}, 30_000);

test.each([
  'import "neighbour";',
  'import { createRequire } from "node:module"; createRequire(import.meta.url)("neighbour");',
])(
  'refuses what the bundle does not hold, although a node_modules above it would answer: %s',
  async (statement) => {
    const directory = bundle(`${statement} export const handler = async () => 1;`);
    const neighbour = path.join(directory, '..', 'node_modules', 'neighbour');
    mkdirSync(neighbour, { recursive: true });
    writeFileSync(path.join(neighbour, 'index.js'), '');
    const outcome = await lambda({ directory }).invoke('{}');
    expect(outcome).toMatchObject({
      ok: false,
      error: { errorMessage: expect.stringContaining('neighbour') as string },
    });
  },
);

test.each([
  ['index.missing', 'Runtime.HandlerNotFound'],
  ['other.handler', 'Runtime.ImportModuleError'],
  ['index.callback', 'Runtime.CallbackHandlerDeprecated'],
])('refuses the handler %s', async (handler, errorType) => {
  expect(await failure(lambda({ handler }), {})).toBe(errorType);
});

test('reports an error at import time for each invocation, and tries afresh', async () => {
  const one = lambda({ directory: bundle('throw new TypeError("no start")') });
  expect(await failure(one, {})).toBe('TypeError');
  expect(await failure(one, {})).toBe('TypeError');
});

test('keeps to Lambda’s 6 MB for events and responses', async () => {
  const one = lambda({ memoryMb: 256 });
  expect(await failure(one, { text: 'x'.repeat(6 * 1024 * 1024) })).toBe('RequestTooLargeException');
  expect(await failure(one, { do: 'large' })).toBe('Function.ResponseSizeTooLarge');
});

test('answers what is still running when it is stopped', async () => {
  const one = lambda();
  await returned(one, {});
  const running = failure(one, { do: 'hang' });
  await one.stop();
  expect(await running).toBe('Runtime.Stopped');
});
