import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { HeardTopic, TopicEvents } from '../../../client/src/momento/momento.ts';
import { subscribe } from '../../../client/src/momento/subscription.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

interface Line {
  readonly topic: string;
  readonly events: TopicEvents;
  readonly answer: PromiseWithResolvers<HeardTopic>;
  isHeard: boolean;
  isClosed: boolean;
}

/** Momento, as a test has it answer. */
function createMomento() {
  const lines: Line[] = [];
  const told: string[] = [];
  const subscribed = subscribe(
    {
      after(delayMs, act) {
        const timer = setTimeout(act, delayMs);
        return () => clearTimeout(timer);
      },
      clock: { elapsedMs: Date.now },
    },
    {
      hear(topic, events) {
        const answer = Promise.withResolvers<HeardTopic>();
        lines.push({ topic, events, answer, isHeard: true, isClosed: false });
        return answer.promise;
      },
      readSnapshot: async () => undefined,
    },
    'ada',
    { onMessage: (text) => told.push(text), onGap: () => told.push('gap') },
  );
  const failed = subscribed.then(
    () => undefined,
    (error: unknown) => String(error),
  );
  return {
    subscribed,
    failed,
    lines,
    told,
    account: () => lines.find(({ topic }) => topic === 'ada')!,
    catalog: () => lines.find(({ topic }) => topic === 'catalog')!,
  };
}

type Momento = ReturnType<typeof createMomento>;

function open(line: Line): void {
  line.answer.resolve({
    isHeard: () => line.isHeard,
    close() {
      line.isClosed = true;
    },
  });
}

/** Both topics are heard, and told of why they are not any more. */
async function createHeard(): Promise<Momento & { readonly close: () => void; readonly ended: string[] }> {
  const momento = createMomento();
  for (const line of momento.lines) open(line);
  const subscription = await momento.subscribed;
  const ended: string[] = [];
  void subscription.ended.then((reason) => ended.push(reason));
  return { ...momento, close: () => subscription.close(), ended };
}

const beat = ({ lines }: Momento) => {
  for (const { events } of lines) events.onHeartbeat();
};

test('hears the account’s topic and the stage’s, and says what comes on either', async () => {
  const { account, catalog, told } = await createHeard();
  account().events.onItem('a purchase');
  catalog().events.onItem('a wave');
  expect(told).toEqual(['a purchase', 'a wave']);
});

test('counts as heard only when both topics are', async () => {
  const { lines, account, catalog, subscribed } = createMomento();
  let isHeard = false;
  void subscribed.then(() => (isHeard = true));
  expect(lines).toHaveLength(2);
  open(account());
  await vi.advanceTimersByTimeAsync(10_000);
  expect(isHeard).toBe(false);
  open(catalog());
  await vi.advanceTimersByTimeAsync(0);
  expect(isHeard).toBe(true);
});

test('says what may have been lost of the account’s topic; a lost wave costs nothing but time', async () => {
  const { account, catalog, told } = await createHeard();
  catalog().events.onDiscontinuity();
  catalog().events.onBreak();
  expect(told).toEqual([]);
  account().events.onDiscontinuity();
  account().events.onBreak();
  expect(told).toEqual(['gap', 'gap']);
});

test('closes the one when the other is refused, also one that is opened only then', async () => {
  const early = createMomento();
  open(early.account());
  early.catalog().answer.reject(new Error('LIMIT_EXCEEDED_ERROR'));
  expect(await early.failed).toContain('LIMIT_EXCEEDED_ERROR');
  expect(early.account().isClosed).toBe(true);

  const late = createMomento();
  late.account().answer.reject(new Error('LIMIT_EXCEEDED_ERROR'));
  await late.failed;
  open(late.catalog());
  await vi.advanceTimersByTimeAsync(0);
  expect(late.catalog().isClosed).toBe(true);
});

test('does not wait for Momento longer than fifteen seconds, and closes what is opened after that', async () => {
  const momento = createMomento();
  open(momento.account());
  await vi.advanceTimersByTimeAsync(14_999);
  expect(momento.account().isClosed).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(await momento.failed).toContain('does not answer');
  open(momento.catalog());
  await vi.advanceTimersByTimeAsync(0);
  expect(momento.lines.map(({ isClosed }) => isClosed)).toEqual([true, true]);
});

test('is over when Momento says so, of either topic', async () => {
  for (const topic of ['account', 'catalog'] as const) {
    const momento = await createHeard();
    momento[topic]().events.onError('AUTHENTICATION_ERROR');
    await vi.advanceTimersByTimeAsync(0);
    expect(momento.ended).toEqual(['AUTHENTICATION_ERROR']);
  }
});

test('is over two seconds after the SDK has given a topic up without a word', async () => {
  const momento = await createHeard();
  await vi.advanceTimersByTimeAsync(1000);
  momento.account().isHeard = false;
  await vi.advanceTimersByTimeAsync(2000);
  expect(momento.ended).toEqual(['ended without a word']);
});

test('is over after a minute of silence on one topic, whatever comes on the other', async () => {
  for (const other of ['catalog', 'account'] as const) {
    const momento = await createHeard();
    for (let seconds = 0; seconds < 60; seconds += 10) {
      await vi.advanceTimersByTimeAsync(10_000);
      momento[other]().events.onItem('something');
    }
    expect(momento.ended).toEqual([]);
    await vi.advanceTimersByTimeAsync(3000);
    expect(momento.ended).toEqual(['silent']);
  }
});

test('lives for as long as there are heartbeats, or messages', async () => {
  const momento = await createHeard();
  for (let minutes = 0; minutes < 30; minutes++) {
    await vi.advanceTimersByTimeAsync(55_000);
    if (minutes % 2) beat(momento);
    else for (const { events } of momento.lines) events.onItem('something');
  }
  expect(momento.ended).toEqual([]);
});

test('is silent once it is closed: what still comes is nobody’s business', async () => {
  const momento = await createHeard();
  momento.close();
  for (const { events } of momento.lines) {
    events.onItem('late');
    events.onDiscontinuity();
    events.onBreak();
  }
  await vi.advanceTimersByTimeAsync(120_000);
  expect(momento.told).toEqual([]);
  expect(momento.ended).toEqual([]);
  expect(momento.lines.map(({ isClosed }) => isClosed)).toEqual([true, true]);
});
