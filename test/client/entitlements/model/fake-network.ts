import type { HeardTopic, TopicEvents } from '../../../../client/src/momento/momento.ts';
import { Refusal } from '../../../../client/src/service/problems.ts';
import type { FakeTime } from './fake-time.ts';
import type { Tape } from './tape.ts';

/** How a subscription hears: all there is; nothing, though it seems to; nothing, for the SDK is opening it again. */
type Hearing = 'well' | 'not' | 'reopening';

interface Line {
  readonly topic: string;
  readonly events: TopicEvents;
  readonly openedAtMs: number;
  hearing: Hearing;
  /** The SDK has given it up, or the client has closed it. */
  isOver: boolean;
  isClosed: boolean;
}

interface World {
  readonly time: FakeTime;
  readonly tape: Tape;
  /** A message is lost, and no sign of it will ever come. */
  readonly onLostForGood: () => void;
  readonly note: (what: string) => void;
}

const HEARTBEAT_EVERY_MS = 20_000;
const API_TIMEOUT_MS = 15_000;

/** Between the device and everybody else: calls that fail or dawdle, subscriptions that die, messages that do not come. */
export function fakeNetwork({ time, tape, onLostForGood, note }: World) {
  let lines: Line[] = [];
  let isOffline = false;
  let isCalm = false;
  beatLater();

  return {
    get lines(): readonly Line[] {
      return lines;
    },
    get isOffline() {
      return isOffline;
    },
    /** From now on all is well. */
    calm() {
      isCalm = true;
    },
    goOffline() {
      isOffline = true;
      for (const line of lines) damage(line, tape.pick(['dies', 'reopens', 'dies', 'ends', 'gives up']));
    },
    goOnline() {
      isOffline = false;
      for (const line of lines) if (line.hearing === 'reopening') reopen(line);
    },
    damageOne() {
      const line = lines[tape.choose(Math.max(lines.length, 1))];
      if (!line) return;
      damage(line, tape.pick(['dies', 'gives up', 'ends', 'reopens', 'loses']));
      if (line.hearing === 'reopening') time.after(tape.choose(8) * 500, () => isOffline || reopen(line));
    },
    call,
    hear,
    publish,
    /** A page that is gone hears nothing, and answers to it go nowhere. */
    drop() {
      for (const line of lines) remove(line);
    },
  };

  /** Asks somebody, who answers when the request has arrived; either way may be slow, or lead nowhere. */
  function call<T>(answer: () => T, onArrived: (answered: T) => void = () => {}): Promise<T> {
    const fate = isCalm ? 'goes well' : tape.pick(FATES);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const fail = () => reject(new TypeError('no network'));
    if (fate === 'hangs') {
      time.after(API_TIMEOUT_MS, fail);
      return promise;
    }
    time.after(fate === 'slow there' ? 4000 : 40, () => {
      if (isOffline || fate === 'fails') fail();
      else if (fate === 'refused') reject(new Refusal(503, 'unavailable', 'busy', 1 + tape.choose(4)));
      else reply();
    });
    return promise;

    function reply(): void {
      try {
        const answered = answer();
        time.after(fate === 'slow back' ? 6000 : 40, () => {
          if (isOffline || fate === 'lost on the way back') return fail();
          onArrived(answered);
          return resolve(answered);
        });
      } catch (error) {
        reject(error);
      }
    }
  }

  function hear(topic: string, events: TopicEvents, endsAtMs: number): Promise<HeardTopic> {
    const openedAtMs = time.now();
    const line: Line = { topic, events, openedAtMs, hearing: 'well', isOver: false, isClosed: false };
    const opened: HeardTopic = {
      isHeard: () => !line.isOver,
      close() {
        const isLast = !lines.some((other) => other !== line && other.topic === topic);
        // One that has just been opened may be given up because the other topic's could not be.
        if (isLast && hears(line) && time.now() - openedAtMs > 20_000) note('closed the last');
        remove(line);
      },
    };
    const opening = call(() => {
      if (time.now() >= endsAtMs) throw new Error('the token has ended');
      lines.push(line);
      time.after(endsAtMs - time.now(), () => line.isOver || end(line));
    });
    return opening.then(
      () => {
        events.onHeartbeat();
        return opened;
      },
      (error: unknown) => {
        remove(line);
        throw error;
      },
    );
  }

  function remove(line: Line): void {
    line.isClosed = true;
    line.isOver = true;
    lines = lines.filter((other) => other !== line);
  }

  function publish(topic: string, message: unknown): void {
    const text = JSON.stringify(message);
    for (const line of lines) {
      if (line.topic !== topic) continue;
      if (line.hearing === 'well') deliver(line, text);
    }
  }

  function deliver(line: Line, text: string): void {
    const fate = isCalm ? 'comes' : tape.pick(DELIVERIES);
    const comeAfter = (ms: number) => time.after(ms, () => hears(line) && line.events.onItem(text));
    if (fate === 'is lost, with a word') time.after(1500, () => hears(line) && line.events.onDiscontinuity());
    else if (fate === 'is lost') onLostForGood();
    else comeAfter(fate === 'comes late' ? 500 + tape.choose(16) * 500 : 30);
    if (fate === 'comes twice') comeAfter(tape.choose(20) * 400);
  }

  function damage(line: Line, how: 'dies' | 'gives up' | 'ends' | 'reopens' | 'loses'): void {
    if (line.hearing !== 'well') return;
    note(how);
    if (how === 'ends') end(line);
    else if (how === 'loses') line.events.onDiscontinuity();
    else line.hearing = how === 'reopens' ? 'reopening' : 'not';
    if (how === 'gives up') line.isOver = true;
  }

  function end(line: Line): void {
    line.hearing = 'not';
    line.isOver = true;
    if (!line.isClosed) line.events.onError('ended');
  }

  /** With a word; or without one, and then what was published meanwhile is lost for good. */
  function reopen(line: Line): void {
    if (line.isClosed || line.isOver) return;
    line.hearing = 'well';
    if (!isCalm && tape.choose(4) === 3) onLostForGood();
    else line.events.onBreak();
  }

  function hears(line: Line): boolean {
    return line.hearing === 'well' && !line.isClosed;
  }

  function beatLater(): void {
    time.after(HEARTBEAT_EVERY_MS, () => {
      if (!isOffline) for (const line of lines) if (line.hearing === 'well') line.events.onHeartbeat();
      beatLater();
    });
  }
}

export type FakeNetwork = ReturnType<typeof fakeNetwork>;

const FATES = [
  ...Array.from({ length: 14 }, () => 'goes well' as const),
  'slow back',
  'slow there',
  'fails',
  'refused',
  'lost on the way back',
  'hangs',
] as const;

const DELIVERIES = [
  'comes',
  'comes',
  'comes',
  'comes late',
  'comes twice',
  'is lost, with a word',
  'is lost',
] as const;
