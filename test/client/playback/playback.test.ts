import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { SessionHandle } from '../../../client/src/service/api.ts';
import { delayAfter } from '../../../client/src/timing/backoff.ts';
import type { PlaybackState, Title } from '../../../client/src/playback/playback-state.ts';
import { createPlayback } from '../../../client/src/playback/playback.ts';
import { Refusal, SignInNeeded } from '../../../client/src/service/problems.ts';
import type { BeatAnswer, StartAnswer } from '../../../client/src/service/session-answers.ts';
import { fromMs } from '../../../shared/domain/instants.ts';
import type { EndReason } from '../../../shared/domain/sessions.ts';

const NOW = Date.parse('2026-11-22T10:00:00.000Z');
const LEASE_MS = 40_000;
const harbour: Title = { contentId: 'harbour', counted: true };
const news: Title = { contentId: 'news', counted: false };
const conflict = { sessionId: 's9', deviceId: 'tv', contentId: 'alps', startedAt: fromMs(NOW) };

const busy = (retryAfterSeconds: number) => new Refusal(503, 'unavailable', 'busy', retryAfterSeconds);
const gone = () => new TypeError('Failed to fetch');
const over = (reason: EndReason): BeatAnswer => ({ kind: 'over', reason });
const full: StartAnswer = { kind: 'too-many-streams', conflicts: [conflict] };

/** A service that grants everything, unless the next answers are named beforehand; `log` keeps what it was asked. */
function createWorld({ heartbeatSeconds = 15, clockAheadMs = 0 } = {}) {
  const log: string[] = [];
  const states: PlaybackState[] = [];
  const starts: (StartAnswer | Error | Promise<StartAnswer>)[] = [];
  const beats: (BeatAnswer | Error | Promise<BeatAnswer>)[] = [];
  const world = {
    log,
    states,
    starts,
    beats,
    heartbeatSeconds,
    degraded: false,
    streamsChanged: 0,
    get shown() {
      return states.at(-1)!;
    },
  };
  let sessions = 0;
  let tokens = 0;
  const lease = () => ({
    sessionToken: `t${++tokens}`,
    expiresAt: fromMs(Date.now() - clockAheadMs + LEASE_MS),
    heartbeatSeconds: world.heartbeatSeconds,
    degraded: world.degraded,
  });
  const started = (): StartAnswer => ({
    kind: 'started',
    session: { sessionId: `s${++sessions}`, ...lease(), heartbeatUrl: 'https://door.example/' },
  });
  const playback = createPlayback(
    {
      async start({ contentId }, terminate) {
        log.push(`start ${contentId}${terminate === undefined ? '' : ` instead of ${terminate}`}`);
        const answer = await (starts.shift() ?? started());
        if (answer instanceof Error) throw answer;
        return answer;
      },
      async beat({ sessionToken }) {
        log.push(`beat ${sessionToken}`);
        const answer = await (beats.shift() ?? { kind: 'renewed' as const, lease: lease() });
        if (answer instanceof Error) throw answer;
        return answer;
      },
      async end({ sessionToken }: SessionHandle) {
        log.push(`end ${sessionToken}`);
      },
      endOnLeaving: ({ sessionToken }) => void log.push(`beacon ${sessionToken}`),
      now: Date.now,
      after(delayMs, act) {
        const timer = setTimeout(act, delayMs);
        return () => clearTimeout(timer);
      },
      delayAfter: (error, failures) => delayAfter(error, failures, () => 0.5),
    },
    {
      onChange: (state) => states.push(state),
      onStreamsChanged: () => world.streamsChanged++,
    },
  );
  return { ...world, world, playback, started, lease, states, shown: () => states.at(-1)! };
}

/** Lets everything happen that is not waiting for the clock. */
const settle = () => vi.advanceTimersByTimeAsync(0);
const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

async function playing(options?: Parameters<typeof createWorld>[0]) {
  const stage = createWorld(options);
  stage.playback.play(harbour);
  await settle();
  expect(stage.shown()).toMatchObject({ kind: 'playing', sessionId: 's1' });
  stage.log.length = 0;
  return stage;
}

beforeEach(() => vi.useFakeTimers({ now: NOW }));
afterEach(() => vi.useRealTimers());

test('starts a session, and plays from when it has one', async () => {
  const { playback, states, log } = createWorld();
  playback.play(harbour);
  expect(states.map(({ kind }) => kind)).toEqual(['starting']);
  await settle();
  expect(states.map(({ kind }) => kind)).toEqual(['starting', 'playing']);
  expect(log).toEqual(['start harbour']);
});

test('beats as often as the newest answer says, with the newest token', async () => {
  const { log, world } = await playing();
  await pass(14.999);
  expect(log).toEqual([]);
  world.heartbeatSeconds = 30;
  await pass(0.001);
  expect(log).toEqual(['beat t1']);
  await pass(29.999);
  expect(log).toEqual(['beat t1']);
  await pass(0.001);
  expect(log).toEqual(['beat t1', 'beat t2']);
});

test('ends the session when it is stopped, and beats no more', async () => {
  const { playback, log, shown, world } = await playing();
  await pass(15);
  const changes = world.streamsChanged;
  await playback.stop();
  expect(shown()).toEqual({ kind: 'idle' });
  await pass(300);
  expect(log).toEqual(['beat t1', 'end t2']);
  expect(world.streamsChanged).toBeGreaterThan(changes);
});

test('ends the session that was granted after it had been stopped', async () => {
  const { playback, log, starts, shown, started } = createWorld();
  const answer = Promise.withResolvers<StartAnswer>();
  starts.push(answer.promise);
  playback.play(harbour);
  await settle();
  void playback.stop();
  answer.resolve(started());
  await settle();
  expect(log).toEqual(['start harbour', 'end t1']);
  expect(shown()).toEqual({ kind: 'idle' });
});

test('takes its own stream over for another title, asking one after the other', async () => {
  const { playback, log, starts, shown, started } = createWorld();
  const answer = Promise.withResolvers<StartAnswer>();
  starts.push(answer.promise);
  playback.play({ contentId: 'alps', counted: true });
  await settle();
  playback.play(harbour);
  await settle();
  expect(log).toEqual(['start alps']);
  answer.resolve(started());
  await settle();
  expect(log).toEqual(['start alps', 'start harbour']);
  expect(shown()).toMatchObject({ kind: 'playing', title: harbour, sessionId: 's2' });
  await pass(15);
  expect(log.at(-1)).toBe('beat t2');
});

test('gives the stream of the title before back when the next one takes none, or is refused', async () => {
  const uncounted = await playing();
  uncounted.playback.play(news);
  await settle();
  expect(uncounted.log).toEqual(['start news', 'end t1']);
  expect(uncounted.shown()).toMatchObject({ kind: 'playing', sessionId: 's2' });

  const refused = await playing();
  refused.starts.push({ kind: 'not-entitled', reason: 'region' });
  refused.playback.play({ contentId: 'alps', counted: true });
  await settle();
  expect(refused.log).toEqual(['start alps', 'end t1']);
});

test('offers the choice whom to end, and takes the chosen one’s place', async () => {
  const { playback, log, starts, shown } = createWorld();
  starts.push(full);
  playback.play(harbour);
  await settle();
  expect(shown()).toEqual({ kind: 'choosing', title: harbour, conflicts: [conflict] });
  await pass(300);
  playback.play(harbour, 's9');
  await settle();
  expect(log).toEqual(['start harbour', 'start harbour instead of s9']);
  expect(shown().kind).toBe('playing');
});

test('lets the choice be', async () => {
  const { playback, log, starts, shown } = createWorld();
  starts.push(full);
  playback.play(harbour);
  await settle();
  await playback.stop();
  expect(shown()).toEqual({ kind: 'idle' });
  expect(log).toEqual(['start harbour']);
});

test('says why the account may not watch it', async () => {
  const { playback, starts, shown } = createWorld();
  starts.push({ kind: 'not-entitled', reason: 'device-type' });
  playback.play(harbour);
  await settle();
  expect(shown()).toMatchObject({ kind: 'stopped', why: { kind: 'not-entitled', reason: 'device-type' } });
});

test('starts again without a word when the lease has run out', async () => {
  const { beats, log, states } = await playing();
  beats.push(over('expired'));
  states.length = 0;
  await pass(15);
  expect(log).toEqual(['beat t1', 'start harbour']);
  expect(states.map(({ kind }) => kind)).toEqual(['playing']);
  expect(states[0]).toMatchObject({ sessionId: 's2', sinceMs: NOW });
});

test('a silent start that is refused offers the choice', async () => {
  const { beats, starts, shown } = await playing();
  beats.push(over('expired'));
  starts.push(full);
  await pass(15);
  expect(shown().kind).toBe('choosing');
});

test('waits longer and longer while the service forgets each session at once, and plays on when it does not', async () => {
  const { beats, log, states, shown } = await playing();
  beats.push(over('expired'), over('expired'), over('expired'));
  await pass(30);
  expect(shown()).toMatchObject({ kind: 'waiting', untilMs: NOW + 31_000 });
  await pass(16);
  expect(shown()).toMatchObject({ kind: 'waiting', untilMs: NOW + 48_000 });
  await pass(2);
  expect(log).toEqual(['beat t1', 'start harbour', 'beat t2', 'start harbour', 'beat t3', 'start harbour']);
  expect(shown()).toMatchObject({ kind: 'playing', sessionId: 's4', sinceMs: NOW });

  await pass(15);
  states.length = 0;
  beats.push(over('expired'));
  await pass(15);
  expect(states.map(({ kind }) => kind)).toEqual(['playing']); // one that has lasted is taken anew without a word
});

test('a heartbeat that is answered while it waits to start again does not keep it from that', async () => {
  const { beats, playback, shown, lease } = await playing();
  beats.push(over('expired'));
  await pass(15);
  const answer = Promise.withResolvers<BeatAnswer>();
  beats.push(answer.promise);
  await pass(15);
  playback.hearEnd({ sessionId: 's2', deviceId: 'd', reason: 'expired' });
  expect(shown().kind).toBe('waiting');
  answer.resolve({ kind: 'renewed', lease: lease() });
  await pass(1);
  expect(shown()).toMatchObject({ kind: 'playing', sessionId: 's3' });
});

test.for([403, 404, 407])(
  'plays on when something in between answers a heartbeat with %i',
  async (status) => {
    const { beats, log, shown } = await playing();
    beats.push(new Refusal(status, '', ''));
    await pass(15);
    expect(shown()).toMatchObject({ kind: 'playing', trouble: 'reconnecting' });
    await pass(0.5);
    expect(log).toEqual(['beat t1', 'beat t1']);
    expect(shown()).toMatchObject({ kind: 'playing', trouble: undefined });
  },
);

test('stops when it is the service itself that refuses a heartbeat', async () => {
  const { beats, shown } = await playing();
  beats.push(new Refusal(403, 'forbidden', ''));
  await pass(15);
  expect(shown()).toMatchObject({ kind: 'stopped', why: { kind: 'failed' } });
});

test('starts silently again after every sleep that outlasts the lease', async () => {
  const { beats, log, shown } = await playing();
  for (let sleeps = 0; sleeps < 3; sleeps++) {
    beats.push(over('expired'));
    vi.setSystemTime(Date.now() + 3_600_000);
    await pass(15);
  }
  expect(log.filter((line) => line.startsWith('start'))).toHaveLength(3);
  expect(shown().kind).toBe('playing');
});

test('starts again when its token is no longer taken', async () => {
  const { beats, log } = await playing();
  beats.push(new Refusal(401, 'invalid-session-token', 'No'));
  await pass(15);
  expect(log).toEqual(['beat t1', 'start harbour']);
});

test.each(['terminated', 'superseded', 'revoked'] as const)(
  'stops and says so when a heartbeat finds the session %s',
  async (reason) => {
    const { beats, log, shown } = await playing();
    beats.push(over(reason));
    await pass(15);
    expect(shown()).toMatchObject({ kind: 'stopped', title: harbour, why: { kind: 'over', reason } });
    await pass(300);
    expect(log).toEqual(['beat t1']);
  },
);

test('stops at once when it hears that its session is over', async () => {
  const { playback, log, shown } = await playing();
  playback.hearEnd({ sessionId: 's1', deviceId: 'd', reason: 'terminated', by: 'tv' });
  expect(shown()).toMatchObject({
    kind: 'stopped',
    why: { kind: 'over', reason: 'terminated', by: 'tv' },
  });
  await pass(300);
  expect(log).toEqual([]);
});

test('plays on when another session is over, and asks who is left', async () => {
  const { playback, shown, world } = await playing();
  const changes = world.streamsChanged;
  playback.hearEnd({ sessionId: 's7', deviceId: 'd', reason: 'terminated' });
  expect(shown().kind).toBe('playing');
  expect(world.streamsChanged).toBe(changes + 1);
});

test('hears of its end although that overtakes the answer that names its session', async () => {
  const { playback, starts, shown, started, states } = createWorld();
  const answer = Promise.withResolvers<StartAnswer>();
  starts.push(answer.promise);
  playback.play(harbour);
  await settle();
  playback.hearEnd({ sessionId: 's1', deviceId: 'd', reason: 'terminated', by: 'tv' });
  answer.resolve(started());
  await settle();
  expect(shown()).toMatchObject({ kind: 'stopped', why: { reason: 'terminated' } });
  expect(states.some(({ kind }) => kind === 'playing')).toBe(false);
});

test('the end of the session that it replaced itself does not stop the new one', async () => {
  const { playback, starts, shown, started } = await playing();
  const answer = Promise.withResolvers<StartAnswer>();
  starts.push(answer.promise);
  playback.play({ contentId: 'alps', counted: true });
  await settle();
  playback.hearEnd({ sessionId: 's1', deviceId: 'd', reason: 'superseded', by: 'd' });
  answer.resolve(started());
  await settle();
  expect(shown()).toMatchObject({ kind: 'playing', sessionId: 's2' });
});

test('an answer to a heartbeat that comes after the end brings nothing back', async () => {
  const { playback, beats, log, shown, lease } = await playing();
  const answer = Promise.withResolvers<BeatAnswer>();
  beats.push(answer.promise);
  await pass(15);
  playback.hearEnd({ sessionId: 's1', deviceId: 'd', reason: 'revoked' });
  answer.resolve({ kind: 'renewed', lease: lease() });
  await pass(300);
  expect(shown().kind).toBe('stopped');
  expect(log).toEqual(['beat t1']);
});

test('an answer to a heartbeat of the title before does not count for the next', async () => {
  const { playback, beats, log, shown } = await playing();
  const answer = Promise.withResolvers<BeatAnswer>();
  beats.push(answer.promise);
  await pass(15);
  playback.play({ contentId: 'alps', counted: true });
  await settle();
  answer.resolve(over('superseded'));
  await settle();
  expect(shown()).toMatchObject({ kind: 'playing', sessionId: 's2' });
  await pass(15);
  expect(log).toEqual(['beat t1', 'start alps', 'beat t2']);
});

test('waits as long as told to start, and then starts by itself', async () => {
  const { playback, starts, log, shown } = createWorld();
  starts.push(busy(7), new Refusal(429, 'too-often', 'No', 9));
  playback.play(harbour, 's9');
  await settle();
  expect(shown()).toMatchObject({ kind: 'waiting', untilMs: NOW + 7500 });
  await pass(7.5);
  expect(shown()).toMatchObject({ kind: 'waiting', untilMs: NOW + 7500 + 10_000 });
  await pass(10);
  expect(log).toEqual(Array.from({ length: 3 }, () => 'start harbour instead of s9'));
  expect(shown().kind).toBe('playing');
});

test('can be stopped while it waits', async () => {
  const { playback, starts, log, shown } = createWorld();
  starts.push(busy(7));
  playback.play(harbour);
  await settle();
  await playback.stop();
  await pass(60);
  expect(log).toEqual(['start harbour']);
  expect(shown()).toEqual({ kind: 'idle' });
});

test('waits as long as told with the next heartbeat, and plays on', async () => {
  const { beats, log, shown, playback } = await playing();
  beats.push(busy(10));
  await pass(15);
  expect(shown()).toMatchObject({ kind: 'playing', trouble: 'busy' });
  playback.wake();
  await pass(10);
  expect(log).toEqual(['beat t1']);
  await pass(0.5);
  expect(log).toEqual(['beat t1', 'beat t1']);
  expect(shown()).toMatchObject({ kind: 'playing', trouble: undefined });
});

test('does not play without a lease while it waits as told, and goes on afterwards', async () => {
  const { beats, log, shown } = await playing();
  beats.push(busy(60));
  await pass(39.999);
  expect(shown().kind).toBe('playing');
  await pass(0.001);
  expect(shown()).toMatchObject({ kind: 'waiting', untilMs: NOW + 75_500 });
  await pass(35.5);
  expect(log).toEqual(['beat t1', 'start harbour']);
  expect(shown()).toMatchObject({ kind: 'playing', sessionId: 's2' });
});

test('goes on beating with the same token while the network is away, and plays on when it is back', async () => {
  const { beats, log, shown } = await playing();
  beats.push(gone(), gone(), gone());
  await pass(15);
  expect(shown()).toMatchObject({ kind: 'playing', trouble: 'reconnecting' });
  await pass(3.5);
  expect(log).toEqual(['beat t1', 'beat t1', 'beat t1', 'beat t1']);
  expect(shown()).toMatchObject({ kind: 'playing', trouble: undefined });
});

test('stops with a message when the lease ends and the network is still away', async () => {
  const { beats, log, shown } = await playing();
  beats.push(...Array.from({ length: 30 }, gone));
  await pass(39.999);
  expect(shown()).toMatchObject({ kind: 'playing', trouble: 'reconnecting' });
  await pass(0.001);
  expect(shown()).toMatchObject({ kind: 'stopped', why: { kind: 'lost' } });
  const asked = log.length;
  await pass(300);
  expect(log).toHaveLength(asked);
});

test('stops at the lease’s end although a last heartbeat hangs', async () => {
  const { beats, shown } = await playing();
  beats.push(gone(), new Promise(() => {}));
  await pass(40);
  expect(shown()).toMatchObject({ kind: 'stopped', why: { kind: 'lost' } });
});

test('does not play on without a lease when its first heartbeat hangs for good, as on an ID token', async () => {
  const { beats, shown } = await playing();
  beats.push(new Promise(() => {}));
  await pass(40 + 14.999);
  expect(shown()).toMatchObject({ kind: 'playing' });
  await pass(0.001);
  expect(shown()).toMatchObject({ kind: 'stopped', why: { kind: 'lost' } });
});

test('has stopped only when a session that is granted yet is ended, too', async () => {
  const { playback, starts, started, log } = createWorld();
  const answer = Promise.withResolvers<StartAnswer>();
  starts.push(answer.promise);
  playback.play(harbour);
  await settle();
  const stopped = playback.stop().then(() => log.push('stopped'));
  await settle();
  expect(log).toEqual(['start harbour']);
  answer.resolve(started());
  await stopped;
  expect(log).toEqual(['start harbour', 'end t1', 'stopped']);
});

test('counts an error of the service as a network that is away', async () => {
  const { beats, shown } = await playing();
  beats.push(new Refusal(502, '', 'Bad gateway'));
  await pass(15);
  expect(shown()).toMatchObject({ kind: 'playing', trouble: 'reconnecting' });
});

test('after a sleep it asks before it gives up: the lease may have ended, the network has not', async () => {
  const { beats, states, shown } = await playing();
  const answer = Promise.withResolvers<BeatAnswer>();
  beats.push(answer.promise);
  states.length = 0;
  vi.setSystemTime(NOW + 600_000);
  await pass(40);
  answer.resolve(over('expired'));
  await settle();
  expect(states.map(({ kind }) => kind)).toEqual(['playing']);
  expect(shown()).toMatchObject({ sessionId: 's2' });
});

test('when it wakes it sends what is overdue, and nothing that is not', async () => {
  const { playback, beats, log } = await playing();
  playback.wake();
  expect(log).toEqual([]);
  vi.setSystemTime(NOW + 20_000);
  beats.push(gone());
  playback.wake();
  await settle();
  playback.wake();
  await settle();
  expect(log).toEqual(['beat t1', 'beat t1']);
});

test('a device whose clock is ahead does not take every lease for ended', async () => {
  const { beats, shown } = await playing({ clockAheadMs: 3_600_000 });
  beats.push(...Array.from({ length: 30 }, gone));
  await pass(34.999);
  expect(shown()).toMatchObject({ kind: 'playing', trouble: 'reconnecting' });
  await pass(0.001);
  expect(shown()).toMatchObject({ kind: 'stopped', why: { kind: 'lost' } });
});

test('does not try to go on for one who has to sign in again', async () => {
  const { beats, log, shown } = await playing();
  beats.push(new SignInNeeded());
  await pass(15);
  expect(shown()).toMatchObject({ kind: 'stopped', why: { kind: 'failed' } });
  expect(log).toEqual(['beat t1', 'end t1']);
});

test('a start that meets no network fails at once, for the viewer to try again', async () => {
  const { playback, starts, shown } = createWorld();
  starts.push(gone());
  playback.play(harbour);
  await settle();
  expect(shown()).toMatchObject({ kind: 'stopped', why: { kind: 'failed' } });
});

test('a start that was given up before its turn is never asked for', async () => {
  const { playback, log, starts, started } = createWorld();
  const answer = Promise.withResolvers<StartAnswer>();
  starts.push(answer.promise);
  playback.play(harbour);
  await settle();
  playback.play(news);
  void playback.stop();
  answer.resolve(started());
  await settle();
  expect(log).toEqual(['start harbour', 'end t1']);
});

test('gives the stream of the title before back when the next one finds every stream taken', async () => {
  const { playback, starts, log } = await playing();
  starts.push(full);
  playback.play({ contentId: 'alps', counted: true });
  await settle();
  expect(log).toEqual(['start alps', 'end t1']);
});

test('says when a part of the service is away, and when it is back', async () => {
  const { world, shown } = await playing();
  world.degraded = true;
  await pass(15);
  expect(shown()).toMatchObject({ kind: 'playing', degraded: true });
  world.degraded = false;
  await pass(15);
  expect(shown()).toMatchObject({ kind: 'playing', degraded: false });
});

test('stops when the page sees that the account may watch it no more', async () => {
  const { playback, log, shown } = await playing();
  playback.revoke();
  await settle();
  expect(shown()).toMatchObject({ kind: 'stopped', why: { kind: 'over', reason: 'revoked' } });
  expect(log).toEqual(['end t1']);
});

test('sends its end along when the page goes, and asks for nothing afterwards', async () => {
  const { playback, log } = await playing();
  playback.leave();
  await pass(300);
  expect(log).toEqual(['beacon t1']);
});

test('sends nothing when the page goes and nothing plays', async () => {
  const { playback, log } = createWorld();
  playback.leave();
  await pass(300);
  expect(log).toEqual([]);
});
