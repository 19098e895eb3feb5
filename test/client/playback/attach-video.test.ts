import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  attachVideo,
  type VideoOptions,
  type VideoState,
} from '../../../client/src/playback/attach-video.ts';
import type { StopReason } from '../../../client/src/playback/playback-state.ts';
import { Refusal } from '../../../client/src/service/problems.ts';
import type { BeatAnswer, Conflict, StartAnswer } from '../../../client/src/service/session-answers.ts';
import { delayAfter } from '../../../client/src/timing/backoff.ts';
import { fromMs } from '../../../shared/domain/instants.ts';
import type { EndReason } from '../../../shared/domain/sessions.ts';
import { createVideo, type FakeVideo } from './fake-video.ts';

const NOW = Date.parse('2026-11-22T10:00:00.000Z');
const LEASE_MS = 40_000;
const conflict = { sessionId: 's9', deviceId: 'tv', contentId: 'alps', startedAt: fromMs(NOW) };
const full: StartAnswer = { kind: 'too-many-streams', conflicts: [conflict] };
const busy = new Refusal(503, 'unavailable', 'busy', 10);
const over = (reason: EndReason): BeatAnswer => ({ kind: 'over', reason });

/** A video that is attached; the service admits everyone unless the next answers are named beforehand. */
function attached(video: FakeVideo, options: Partial<VideoOptions> = {}) {
  const calls: string[] = [];
  const states: VideoState[] = [];
  const refusals: (readonly Conflict[])[] = [];
  const stops: StopReason[] = [];
  const starts: (StartAnswer | Error | Promise<StartAnswer>)[] = [];
  const beats: (BeatAnswer | Error)[] = [];
  const viewer = { hasPressed: false, detached: 0, clockAheadMs: 0 };
  let sessions = 0;
  const lease = () => ({
    sessionToken: `t${sessions}`,
    expiresAt: fromMs(Date.now() + LEASE_MS),
    heartbeatSeconds: 15,
    degraded: false,
  });
  const started = (): StartAnswer => {
    const sessionId = `s${++sessions}`;
    return { kind: 'started', session: { sessionId, ...lease() } };
  };
  const playback = attachVideo(
    {
      async start({ contentId }, terminate) {
        calls.push(`start ${contentId}${terminate === undefined ? '' : ` instead of ${terminate}`}`);
        const answer = await (starts.shift() ?? started());
        if (answer instanceof Error) throw answer;
        return answer;
      },
      async beat({ sessionToken }) {
        calls.push(`beat ${sessionToken}`);
        const answer = beats.shift() ?? { kind: 'renewed' as const, lease: lease() };
        if (answer instanceof Error) throw answer;
        return answer;
      },
      async end({ sessionToken }) {
        calls.push(`end ${sessionToken}`);
      },
      endOnLeaving: ({ sessionToken }) => void calls.push(`beacon ${sessionToken}`),
      now: () => Date.now() + viewer.clockAheadMs,
      elapsedMs: Date.now,
      after(delayMs, act) {
        const timer = setTimeout(act, delayMs);
        return () => clearTimeout(timer);
      },
      delayAfter: (error, failures) => delayAfter(error, failures, () => 0.5),
      onStreamsChanged() {},
      isGesture: () => viewer.hasPressed,
      onDetached: () => viewer.detached++,
    },
    video,
    { contentId: 'harbour', ...options },
  );
  playback.on('change', (state) => states.push(state));
  playback.on('refused', ({ conflicts }) => refusals.push(conflicts));
  playback.on('stopped', (why) => stops.push(why));
  return { playback, calls, states, refusals, stops, starts, beats, viewer, started };
}

/** Lets everything happen that is not waiting for the clock. */
const settle = () => vi.advanceTimersByTimeAsync(1);
const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

/** A video that plays under the session `s1`. */
async function playing(options?: Partial<VideoOptions>) {
  const video = createVideo();
  const stage = attached(video, options);
  await Promise.all([video.press(), settle()]);
  expect(stage.playback.state).toMatchObject({ kind: 'playing', sessionId: 's1', needsGesture: false });
  expect(video.paused).toBe(false);
  stage.calls.length = 0;
  video.log.length = 0;
  return { video, ...stage };
}

beforeEach(() => vi.useFakeTimers({ now: NOW }));
afterEach(() => vi.useRealTimers());

test('asks for nothing until the video is played', async () => {
  const { calls, playback } = attached(createVideo());
  await pass(60);
  expect(calls).toEqual([]);
  expect(playback.state).toEqual({ kind: 'idle' });
});

test('holds the video until it is admitted, and then plays on by itself', async () => {
  const video = createVideo();
  const { starts, started, playback, calls } = attached(video);
  const answer = Promise.withResolvers<StartAnswer>();
  starts.push(answer.promise);
  const promise = video.press();
  await settle();
  expect(calls).toEqual(['start harbour']);
  expect(video.paused).toBe(true);
  await expect(promise).resolves.toBeUndefined(); // whoever pressed sees no AbortError
  answer.resolve(started());
  await settle();
  expect(video.paused).toBe(false);
  expect(playback.state.kind).toBe('playing');
  expect(video.log).toEqual(['pause', 'play']);
  await pass(60);
  expect(video.log).toEqual(['pause', 'play']); // nor do our pausing and our playing answer each other
});

test('loads meanwhile: a video whose data comes after the session is never paused', async () => {
  const video = createVideo({ isLoaded: false });
  const { playback } = attached(video);
  const promise = video.press();
  await settle();
  expect(playback.state.kind).toBe('playing');
  video.load();
  await settle();
  await expect(promise).resolves.toBeUndefined();
  expect(video.log).toEqual([]);
  expect(video.paused).toBe(false);
});

test('holds a video that was playing when it was attached, and plays on when it is admitted', async () => {
  const video = createVideo();
  await Promise.all([video.press(), settle()]);
  const { starts, started, calls } = attached(video);
  const answer = Promise.withResolvers<StartAnswer>();
  starts.push(answer.promise);
  expect(video.paused).toBe(true);
  await settle();
  expect(calls).toEqual(['start harbour']);
  answer.resolve(started());
  await settle();
  expect(video.paused).toBe(false);
});

test('lets whoever presses play again while it is held wait like before', async () => {
  const video = createVideo();
  const { starts, started, calls } = attached(video);
  const answer = Promise.withResolvers<StartAnswer>();
  starts.push(answer.promise);
  for (let presses = 0; presses < 3; presses++) {
    await Promise.all([video.press(), settle()]);
    expect(video.paused).toBe(true);
  }
  answer.resolve(started());
  await settle();
  expect(video.paused).toBe(false);
  expect(calls).toEqual(['start harbour']);
});

test('an answer that overtakes the news of its own pause counts for no pause of the viewer', async () => {
  const video = createVideo();
  const { starts, started, playback, calls } = attached(video, { pauseLimitSeconds: 5 });
  const answer = Promise.withResolvers<StartAnswer>();
  starts.push(answer.promise);
  const granted = started();
  video.addEventListener('playing', () => answer.resolve(granted), { signal: AbortSignal.any([]) });
  await Promise.all([video.press(), settle()]);
  expect(playback.state.kind).toBe('playing');
  await pass(30);
  expect(video.paused).toBe(false);
  expect(calls).toEqual(['start harbour', 'beat t1', 'beat t1']);
});

test('seeking, loading, another speed, a loop and picture-in-picture change nothing', async () => {
  const { video, calls, playback } = await playing();
  for (const type of ['seeking', 'seeked', 'ratechange', 'enterpictureinpicture', 'timeupdate', 'stalled']) {
    video.happen(type);
  }
  video.starve();
  await settle();
  video.load();
  await settle();
  expect(calls).toEqual([]);
  expect(video.log).toEqual([]);
  expect(playback.state).toMatchObject({ kind: 'playing', sessionId: 's1' });
});

test('keeps the session of a paused video, beating, until the limit; the next play starts another', async () => {
  const { video, calls, playback } = await playing({ pauseLimitSeconds: 20 });
  video.viewerPauses();
  await pass(19);
  expect(calls).toEqual(['beat t1']);
  expect(playback.state).toMatchObject({ kind: 'playing', sessionId: 's1' });
  await pass(2);
  expect(calls).toEqual(['beat t1', 'end t1']);
  expect(playback.state).toEqual({ kind: 'idle' });
  await pass(60);
  expect(calls).toEqual(['beat t1', 'end t1']);
  await Promise.all([video.press(), settle()]);
  expect(playback.state).toMatchObject({ kind: 'playing', sessionId: 's2' });
  expect(video.paused).toBe(false);
});

test('a viewer who plays on in time keeps the session, and every pause has the whole limit', async () => {
  const { video, calls, playback } = await playing({ pauseLimitSeconds: 10 });
  for (let pauses = 0; pauses < 3; pauses++) {
    video.viewerPauses();
    await pass(9);
    await Promise.all([video.press(), settle()]);
  }
  await pass(30);
  expect(playback.state).toMatchObject({ kind: 'playing', sessionId: 's1' });
  expect(calls.filter((call) => !call.startsWith('beat'))).toEqual([]);
});

test('a pause is kept for five minutes unless told otherwise, and for ever if told so', async () => {
  const usual = await playing();
  usual.video.viewerPauses();
  await pass(299);
  expect(usual.playback.state.kind).toBe('playing');
  await pass(2);
  expect(usual.playback.state.kind).toBe('idle');

  const endless = await playing({ pauseLimitSeconds: Infinity });
  endless.video.viewerPauses();
  await pass(1000);
  expect(endless.playback.state.kind).toBe('playing');
});

test('a laptop that slept through the limit ends the session when it wakes, and does not renew it', async () => {
  const { video, playback, calls } = await playing({ pauseLimitSeconds: 60 });
  video.viewerPauses();
  await settle();
  vi.setSystemTime(NOW + 3_600_000);
  playback.wake();
  await settle();
  expect(calls).toEqual(['end t1']);
  expect(playback.state.kind).toBe('idle');
});

test('a paused video keeps its session when it is the clock that was wrong', async () => {
  const { video, playback, viewer } = await playing({ pauseLimitSeconds: 60 });
  video.viewerPauses();
  await settle();
  viewer.clockAheadMs = 3_600_000;
  playback.wake();
  await settle();
  expect(playback.state.kind).toBe('playing');
});

test('a page that wakes while its video plays beats at once when a heartbeat is overdue', async () => {
  const { playback, calls } = await playing();
  vi.setSystemTime(NOW + 30_000);
  playback.wake();
  await settle();
  expect(calls).toEqual(['beat t1']);
});

test('ends the session at the end of the video, and starts another when it is played again', async () => {
  const { video, calls, playback } = await playing();
  video.reachEnd();
  await settle();
  expect(calls).toEqual(['end t1']);
  expect(playback.state).toEqual({ kind: 'idle' });
  await Promise.all([video.press(), settle()]);
  expect(calls).toEqual(['end t1', 'start harbour']);
  expect(video.paused).toBe(false);
});

test('a viewer who pauses before the answer is not made to watch', async () => {
  const video = createVideo({ isLoaded: false });
  const { starts, started, playback, calls } = attached(video, { pauseLimitSeconds: 20 });
  const answer = Promise.withResolvers<StartAnswer>();
  starts.push(answer.promise);
  video.press().catch(() => {}); // broken by the viewer's own pause
  await settle();
  video.viewerPauses();
  await settle();
  answer.resolve(started());
  video.load();
  await settle();
  expect(video.paused).toBe(true);
  expect(video.log).toEqual([]);
  await pass(20);
  expect(calls).toEqual(['start harbour', 'beat t1', 'end t1']);
  expect(playback.state.kind).toBe('idle');
});

test('says which sessions stand in the way, and takes one over', async () => {
  const video = createVideo();
  const { starts, playback, calls, refusals } = attached(video);
  starts.push(full);
  await Promise.all([video.press(), settle()]);
  expect(refusals).toEqual([[conflict]]);
  expect(playback.state.kind).toBe('choosing');
  expect(video.paused).toBe(true);
  await pass(600);
  expect(calls).toEqual(['start harbour']);
  playback.takeOver('s9');
  await settle();
  expect(calls).toEqual(['start harbour', 'start harbour instead of s9']);
  expect(playback.state.kind).toBe('playing');
  expect(video.paused).toBe(false);
});

test('stops a video that still loads when it is refused', async () => {
  const video = createVideo({ isLoaded: false });
  const { starts, playback } = attached(video);
  starts.push(full);
  const promise = video.press();
  await Promise.all([expect(promise).rejects.toMatchObject({ name: 'AbortError' }), settle()]);
  video.load();
  await settle();
  expect(playback.state.kind).toBe('choosing');
  expect(video.paused).toBe(true);
});

test('lets the choice be, or tries again when play is pressed', async () => {
  const video = createVideo();
  const { starts, playback, calls } = attached(video);
  starts.push(full, full);
  await Promise.all([video.press(), settle()]);
  await playback.stop();
  expect(playback.state).toEqual({ kind: 'idle' });
  playback.takeOver('s9'); // of a choice that is no more
  await settle();
  expect(calls).toEqual(['start harbour']);
  await Promise.all([video.press(), settle()]);
  expect(playback.state.kind).toBe('choosing');
  await Promise.all([video.press(), settle()]);
  expect(playback.state.kind).toBe('playing');
  expect(video.paused).toBe(false);
});

test('pauses and says why when another screen takes its place; pressing play starts anew', async () => {
  const { video, playback, stops, calls } = await playing();
  playback.hearEnd({ sessionId: 's1', deviceId: 'd', reason: 'terminated', by: 'tv' });
  expect(video.paused).toBe(true);
  expect(stops).toEqual([{ kind: 'over', reason: 'terminated', by: 'tv' }]);
  await pass(600);
  expect(video.paused).toBe(true);
  expect(calls).toEqual([]);
  expect(playback.state.kind).toBe('stopped'); // and still says why
  await Promise.all([video.press(), settle()]);
  expect(calls).toEqual(['start harbour']);
  expect(video.paused).toBe(false);
});

test('a paused video that loses its session goes on saying why when the limit of its pause has passed', async () => {
  const { video, playback } = await playing({ pauseLimitSeconds: 60 });
  video.viewerPauses();
  await pass(30);
  playback.hearEnd({ sessionId: 's1', deviceId: 'd', reason: 'terminated' });
  await pass(600);
  expect(playback.state).toMatchObject({ kind: 'stopped' });
});

test.each(['terminated', 'superseded', 'revoked'] as const)(
  'pauses and says so when a heartbeat finds its session %s',
  async (reason) => {
    const { video, beats, stops } = await playing();
    beats.push(over(reason));
    await pass(15);
    expect(video.paused).toBe(true);
    expect(stops).toEqual([{ kind: 'over', reason, by: undefined }]);
  },
);

test('plays on without a pause when a lease ran out and is given again', async () => {
  const { video, beats, playback } = await playing();
  beats.push(over('expired'));
  await pass(15);
  expect(playback.state).toMatchObject({ kind: 'playing', sessionId: 's2' });
  expect(video.log).toEqual([]);
});

test.for(['playing', 'waiting'] as const)(
  'can be stopped in the moment in which it tells that it is %s, and started again afterwards',
  async (kind) => {
    const video = createVideo();
    const { playback, starts, calls } = attached(video);
    if (kind === 'waiting') starts.push(busy);
    const cancel = playback.on('change', (state) => state.kind === kind && void playback.stop());
    await Promise.all([video.press(), settle()]);
    await pass(60);
    expect(playback.state).toEqual({ kind: 'idle' });
    expect(calls).toEqual(kind === 'playing' ? ['start harbour', 'end t1'] : ['start harbour']);
    cancel();
    await Promise.all([video.press(), settle()]);
    expect(playback.state.kind).toBe('playing');
  },
);

test('what was taken away is asked for again by the viewer, never by a page that plays on its own', async () => {
  const { video, playback, viewer, calls } = await playing();
  playback.revoke();
  expect(video.paused).toBe(true);
  await settle();
  calls.length = 0;
  for (let plays = 0; plays < 3; plays++) {
    await Promise.all([video.press(), settle()]);
    expect(video.paused).toBe(true);
  }
  expect(calls).toEqual([]);
  viewer.hasPressed = true;
  await Promise.all([video.press(), settle()]);
  expect(calls).toEqual(['start harbour']);
  expect(video.paused).toBe(false);
});

test('a page that knows that the account may watch again asks by itself', async () => {
  const { video, playback, calls } = await playing();
  playback.revoke();
  await settle();
  playback.retry();
  await settle();
  expect(calls.at(-1)).toBe('start harbour');
  expect(video.paused).toBe(false);
});

test('says that the account may not watch it', async () => {
  const video = createVideo();
  const { starts, stops } = attached(video);
  starts.push({ kind: 'not-entitled', reason: 'not-held' });
  await Promise.all([video.press(), settle()]);
  expect(video.paused).toBe(true);
  expect(stops).toEqual([{ kind: 'not-entitled', reason: 'not-held' }]);
});

test('waits as long as the service asks, and then plays by itself', async () => {
  const video = createVideo();
  const { starts, playback } = attached(video);
  starts.push(busy);
  await Promise.all([video.press(), settle()]);
  expect(playback.state.kind).toBe('waiting');
  expect(video.paused).toBe(true);
  await pass(11);
  expect(playback.state.kind).toBe('playing');
  expect(video.paused).toBe(false);
});

test('a video that still loads while the service is busy keeps the promise of whoever played it', async () => {
  const video = createVideo({ isLoaded: false });
  const { starts, playback } = attached(video);
  starts.push(busy);
  const promise = video.press();
  await settle();
  expect(playback.state.kind).toBe('waiting');
  video.load();
  await Promise.all([expect(promise).resolves.toBeUndefined(), settle()]);
  expect(video.paused).toBe(true);
  await pass(11);
  expect(video.paused).toBe(false);
});

test('a busy service that lets the lease run out holds the video, and it goes on when there is a session', async () => {
  const { video, beats, playback } = await playing();
  beats.push(new Refusal(503, 'unavailable', 'busy', 60));
  await pass(39);
  expect(video.paused).toBe(false);
  await pass(2);
  expect(playback.state.kind).toBe('waiting');
  expect(video.paused).toBe(true);
  await pass(36);
  expect(playback.state).toMatchObject({ kind: 'playing', sessionId: 's2' });
  expect(video.paused).toBe(false);
});

test('without a network it says so, and asks again when play is pressed', async () => {
  const video = createVideo();
  const { starts, stops } = attached(video);
  starts.push(new TypeError('Failed to fetch'));
  await Promise.all([video.press(), settle()]);
  expect(stops).toMatchObject([{ kind: 'failed' }]);
  expect(video.paused).toBe(true);
  await Promise.all([video.press(), settle()]);
  expect(video.paused).toBe(false);
});

test('plays on for as long as the lease lasts when the network goes, and then pauses', async () => {
  const { video, beats, stops } = await playing();
  beats.push(...Array.from({ length: 100 }, () => new TypeError('Failed to fetch')));
  await pass(39);
  expect(video.paused).toBe(false);
  await pass(2);
  expect(video.paused).toBe(true);
  expect(stops).toEqual([{ kind: 'lost' }]);
});

test('says so when the browser wants a gesture, which then suffices', async () => {
  const video = createVideo();
  const { playback, states, calls, starts, started } = attached(video);
  const answer = Promise.withResolvers<StartAnswer>();
  starts.push(answer.promise);
  await Promise.all([video.press(), settle()]);
  video.wantGesture(); // as where the answer took longer than a gesture counts
  answer.resolve(started());
  await settle();
  expect(playback.state).toMatchObject({ kind: 'playing', needsGesture: true });
  expect(states.at(-1)).toEqual(playback.state);
  expect(video.paused).toBe(true);
  await Promise.all([video.press(), settle()]);
  expect(playback.state).toMatchObject({ kind: 'playing', needsGesture: false });
  expect(states.at(-1)).toEqual(playback.state);
  expect(video.paused).toBe(false);
  expect(calls).toEqual(['start harbour']);
});

test('gives the session up when nobody makes the gesture for as long as a pause may last', async () => {
  const video = createVideo();
  const { playback, calls, starts } = attached(video, { pauseLimitSeconds: 10 });
  starts.push(busy);
  await Promise.all([video.press(), settle()]);
  video.wantGesture();
  await pass(11);
  expect(playback.state).toMatchObject({ kind: 'playing', needsGesture: true });
  await pass(11);
  expect(playback.state).toEqual({ kind: 'idle' });
  expect(calls).toEqual(['start harbour', 'start harbour', 'end t1']);
});

test('a viewer who pauses as it plays on is left alone', async () => {
  const video = createVideo({ isLoaded: true });
  const { starts, started, playback } = attached(video, { pauseLimitSeconds: 10 });
  const answer = Promise.withResolvers<StartAnswer>();
  starts.push(answer.promise);
  await Promise.all([video.press(), settle()]);
  video.starve();
  answer.resolve(started());
  await vi.advanceTimersByTimeAsync(0);
  expect(video.log).toEqual(['pause', 'play']);
  video.viewerPauses(); // breaks the promise of our own play
  await settle();
  expect(playback.state).toMatchObject({ kind: 'playing', needsGesture: false });
  expect(video.paused).toBe(true);
  await pass(10);
  expect(playback.state.kind).toBe('idle');
});

test('another source of the same content keeps the session, if it is played in time', async () => {
  const { video, playback, calls } = await playing({ pauseLimitSeconds: 10 });
  video.viewerPauses();
  video.replaceSource();
  await pass(9);
  const promise = video.press();
  await settle();
  video.load();
  await Promise.all([promise, settle()]);
  expect(playback.state).toMatchObject({ kind: 'playing', sessionId: 's1' });
  await pass(9);
  expect(playback.state).toMatchObject({ kind: 'playing', sessionId: 's1' });
  video.replaceSource();
  await pass(11);
  expect(playback.state.kind).toBe('idle');
  expect(calls.at(-1)).toBe('end t1');
});

test('a video that fails keeps its session no longer than a paused one', async () => {
  const { video, playback } = await playing({ pauseLimitSeconds: 10 });
  video.fail();
  await pass(11);
  expect(playback.state.kind).toBe('idle');
});

test('ends the session when the page goes; should it come back, the video is paused and asks anew', async () => {
  const { video, playback, calls } = await playing();
  playback.leave();
  expect(calls).toEqual(['beacon t1']);
  expect(video.paused).toBe(true);
  await pass(60);
  playback.wake();
  await pass(60);
  expect(calls).toEqual(['beacon t1']);
  await Promise.all([video.press(), settle()]);
  expect(calls).toEqual(['beacon t1', 'start harbour']);
  expect(video.paused).toBe(false);
});

test('once detached it is paused, its session is over, and nothing is asked for any more', async () => {
  const { video, playback, calls, viewer } = await playing();
  await playback.detach();
  expect(video.paused).toBe(true);
  expect(calls).toEqual(['end t1']);
  expect(viewer.detached).toBe(1);
  await Promise.all([video.press(), settle()]);
  playback.retry();
  await pass(60);
  expect(calls).toEqual(['end t1']);
  expect(video.paused).toBe(false); // it is nobody's business
});
