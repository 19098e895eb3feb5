import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createAttachments, type Page } from '../../../client/src/playback/attachments.ts';
import type { SessionRequest } from '../../../client/src/service/api.ts';
import { fromMs } from '../../../shared/domain/instants.ts';
import { createVideo, type FakeVideo } from './fake-video.ts';

const NOW = Date.parse('2026-11-22T10:00:00.000Z');

/** A page whose service admits everyone; what it is asked to start and to end is kept. */
function createStage(deviceType?: 'tv') {
  const starts: SessionRequest[] = [];
  const ended: string[] = [];
  const left: string[] = [];
  const answers: Promise<void>[] = [];
  const listeners: Parameters<Page['listen']>[0][] = [];
  const page: Page = {
    identify: async () => ({ deviceId: 'Chrome-Linux-1', playerId: 'tab-1', isKept: false }),
    numbers: new Set(),
    isGesture: () => false,
    listen(calls) {
      listeners.push(calls);
      const controller = new AbortController();
      controller.signal.addEventListener('abort', () => listeners.splice(listeners.indexOf(calls), 1));
      return controller;
    },
  };
  let tokens = 0;
  const lease = () => ({
    sessionToken: `t${++tokens}`,
    expiresAt: fromMs(Date.now() + 40_000),
    heartbeatSeconds: 15,
    degraded: false,
  });
  const world = {
    openApi: async () => ({
      async startSession(asked: SessionRequest) {
        starts.push(asked);
        const sessionId = `s${starts.length}`;
        await answers.shift();
        return { kind: 'started' as const, session: { sessionId, ...lease() } };
      },
      beat: async () => ({ kind: 'renewed' as const, lease: lease() }),
      endSession: async ({ sessionToken }: { sessionToken: string }) => void ended.push(sessionToken),
      endOnLeaving: ({ sessionToken }: { sessionToken: string }) => void left.push(sessionToken),
    }),
    deviceType,
    now: Date.now,
    elapsedMs: Date.now,
    after(delayMs: number, act: () => void) {
      const timer = setTimeout(act, delayMs);
      return () => clearTimeout(timer);
    },
    delayAfter: () => 1000,
    onStreamsChanged() {},
    page,
    answers,
  };
  return { attachments: createAttachments(world), world, starts, ended, left, listeners };
}

const play = (video: FakeVideo) => Promise.all([video.press(), vi.advanceTimersByTimeAsync(1)]);

beforeEach(() => vi.useFakeTimers({ now: NOW }));
afterEach(() => vi.useRealTimers());

test('each video of a page is a player of its own, and the first goes by the tab’s name', async () => {
  const { attachments, starts } = createStage();
  for (const contentId of ['harbour', 'alps', 'news']) {
    const video = createVideo();
    attachments.attach(video, { contentId });
    await play(video);
  }
  expect(starts.map(({ deviceId, playerId, contentId }) => [deviceId, playerId, contentId])).toEqual([
    ['Chrome-Linux-1', 'tab-1', 'harbour'],
    ['Chrome-Linux-1', 'tab-1.2', 'alps'],
    ['Chrome-Linux-1', 'tab-1.3', 'news'],
  ]);
  expect(attachments.playing.map(({ contentId }) => contentId)).toEqual(['harbour', 'alps', 'news']);
});

test('the name of a video that is detached is the next one’s, so that a reload finds the same names', async () => {
  const { attachments, starts } = createStage();
  const first = attachments.attach(createVideo(), { contentId: 'harbour' });
  attachments.attach(createVideo(), { contentId: 'alps' });
  await first.detach();
  const third = createVideo();
  attachments.attach(third, { contentId: 'news' });
  await play(third);
  expect(starts).toMatchObject([{ playerId: 'tab-1', contentId: 'news' }]);
});

test('accounts that are followed on one page at a time share its names', async () => {
  const { attachments, world, starts } = createStage();
  attachments.attach(createVideo(), { contentId: 'harbour' });
  const video = createVideo();
  createAttachments(world).attach(video, { contentId: 'alps' });
  await play(video);
  expect(starts).toMatchObject([{ playerId: 'tab-1.2' }]);
});

test('a video that is attached anew ends what it played and keeps its name', async () => {
  const { attachments, starts, ended } = createStage();
  const video = createVideo();
  const before = attachments.attach(video, { contentId: 'harbour' });
  await play(video);
  attachments.attach(video, { contentId: 'alps' });
  expect(video.paused).toBe(true);
  await play(video);
  expect(ended).toEqual(['t1']);
  expect(starts.map(({ playerId, contentId }) => [playerId, contentId])).toEqual([
    ['tab-1', 'harbour'],
    ['tab-1', 'alps'],
  ]);
  await before.detach(); // once more, by whoever attached it first
  expect(attachments.playing).toMatchObject([{ contentId: 'alps' }]);
});

test('asks for the next video only when it is answered for the one before: of two starts the last to arrive counts', async () => {
  const { attachments, world, starts, ended } = createStage();
  const answer = Promise.withResolvers<void>();
  world.answers.push(answer.promise);
  const video = createVideo();
  attachments.attach(video, { contentId: 'harbour' });
  await play(video);
  attachments.attach(video, { contentId: 'alps' });
  await play(video);
  expect(starts.map(({ contentId }) => contentId)).toEqual(['harbour']);
  answer.resolve();
  await vi.advanceTimersByTimeAsync(1);
  expect(starts.map(({ contentId }) => contentId)).toEqual(['harbour', 'alps']);
  expect(ended).toEqual(['t1']);
  expect(attachments.playing).toMatchObject([{ contentId: 'alps' }]);
});

test('says which device it is: the video’s own type, or the account’s, or the web', async () => {
  const named = createStage('tv');
  const unnamed = createStage();
  const videos = [createVideo(), createVideo(), createVideo()] as const;
  named.attachments.attach(videos[0], { contentId: 'harbour' });
  named.attachments.attach(videos[1], { contentId: 'harbour', deviceType: 'console' });
  unnamed.attachments.attach(videos[2], { contentId: 'harbour' });
  for (const video of videos) await play(video);
  expect(named.starts.map(({ deviceType }) => deviceType)).toEqual(['tv', 'console']);
  expect(unnamed.starts.map(({ deviceType }) => deviceType)).toEqual(['web']);
});

test('a session that is over stops its own video only', async () => {
  const { attachments } = createStage();
  const videos = [createVideo(), createVideo()] as const;
  for (const video of videos) {
    attachments.attach(video, { contentId: 'harbour' });
    await play(video);
  }
  attachments.hearEnd({ sessionId: 's2', deviceId: 'd', reason: 'terminated' });
  expect(videos.map(({ paused }) => paused)).toEqual([false, true]);
});

test('stops at once what rests on a tag that the account has lost, and nothing else', async () => {
  const { attachments, starts } = createStage();
  const wanted = [
    { contentId: 'derby', requires: ['base', 'sports'] },
    { contentId: 'harbour', requires: ['base'] },
    { contentId: 'never-had-the-tag', requires: ['staff'] },
    { contentId: 'says-nothing' },
  ];
  const videos = wanted.map(() => createVideo());
  attachments.takeAccess({ maxStreams: 4, features: {}, grants: ['base', 'sports'] });
  for (const [index, video] of videos.entries()) {
    attachments.attach(video, wanted[index]!);
    await play(video);
  }
  // The service has admitted what by all that is known here it should not have: it may know more.
  expect(starts).toHaveLength(4);
  attachments.takeAccess({ maxStreams: 4, features: {}, grants: ['base'] });
  expect(videos.map(({ paused }) => paused)).toEqual([true, false, false, false]);
  expect(attachments.playing).not.toContainEqual(wanted[0]);
  attachments.takeAccess({ maxStreams: 4, features: {}, grants: ['base', 'sports'] });
  attachments.takeAccess({ maxStreams: 4, features: {}, grants: ['base', 'sports'] });
  expect(videos.map(({ paused }) => paused)).toEqual([true, false, false, false]);
});

test('ends everything as the page goes, and listens to the page for as long as there is a video', async () => {
  const { attachments, left, ended, listeners } = createStage();
  expect(listeners).toHaveLength(0);
  const videos = [createVideo(), createVideo()] as const;
  for (const video of videos) {
    attachments.attach(video, { contentId: 'harbour' });
    await play(video);
  }
  expect(listeners).toHaveLength(1);
  listeners[0]!.leave();
  expect(left).toEqual(['t1', 't2']);
  expect(videos.every(({ paused }) => paused)).toBe(true);
  await play(videos[0]);
  await attachments.detachAll();
  expect(listeners).toHaveLength(0);
  expect(ended).toEqual(['t3']);
});

test('a service that cannot be found is looked for again by whoever presses play again', async () => {
  const { world, starts } = createStage();
  let isThere = false;
  const openApi = () => (isThere ? world.openApi() : Promise.reject(new TypeError('Failed to fetch')));
  const video = createVideo();
  const playback = createAttachments({ ...world, openApi }).attach(video, { contentId: 'harbour' });
  await play(video);
  expect(playback.state).toMatchObject({ kind: 'stopped', why: { kind: 'failed' } });
  expect(video.paused).toBe(true);
  isThere = true;
  await play(video);
  expect(video.paused).toBe(false);
  expect(starts).toHaveLength(1);
});
