import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALL_FORMATS, BufferSource, type EncodedPacket, EncodedPacketSink, Input } from 'mediabunny';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { keptClip } from '../../player/clip/clip-files.ts';
import { type ClipPlan, DEMO_CLIP } from '../../player/clip/clip-plan.ts';
import { makeClip } from '../../player/clip/make-clip.ts';
import { prepareTestCard } from '../../player/clip/test-card.ts';

const PLAN: ClipPlan = {
  seconds: 2,
  framesPerSecond: 10,
  segmentSeconds: 1,
  renditions: [
    { name: 'small', width: 64, height: 36, quantization: 30 },
    { name: 'large', width: 128, height: 72, quantization: 30 },
  ],
};

let clip: ReadonlyMap<string, Uint8Array>;
const progress: number[] = [];

beforeAll(async () => {
  clip = await makeClip(PLAN, (share) => progress.push(share));
});

const linesOf = (name: string) => Buffer.from(clip.get(name)!).toString().split('\n').filter(Boolean);
const filesNamedIn = (name: string) => linesOf(name).filter((line) => !line.startsWith('#'));

/** The packets of one file, or of a segment after its header. */
async function packetsOf(...names: readonly string[]) {
  const bytes = Buffer.concat(names.map((name) => clip.get(name)!));
  using input = new Input({ source: new BufferSource(bytes), formats: ALL_FORMATS });
  const track = await input.getPrimaryVideoTrack();
  const packets: EncodedPacket[] = [];
  const sink = new EncodedPacketSink(track!);
  for await (const packet of sink.packets(undefined, undefined, { verifyKeyPackets: true })) {
    packets.push(packet);
  }
  return packets;
}

test('offers every rendition with what a player chooses by', () => {
  const [first, ...rest] = linesOf('main.m3u8');
  expect(first).toBe('#EXTM3U');
  expect(rest).toEqual([
    expect.stringMatching(
      /^#EXT-X-STREAM-INF:BANDWIDTH=\d+,.*CODECS="avc1\.[0-9a-f]{6}",RESOLUTION=64x36,FRAME-RATE=10$/,
    ),
    'small.m3u8',
    expect.stringMatching(
      /^#EXT-X-STREAM-INF:BANDWIDTH=\d+,.*CODECS="avc1\.[0-9a-f]{6}",RESOLUTION=128x72,FRAME-RATE=10$/,
    ),
    'large.m3u8',
  ]);
  const [small, large] = rest.flatMap((line) => /:BANDWIDTH=(\d+)/.exec(line)?.[1] ?? []).map(Number);
  expect(large).toBeGreaterThan(small!);
});

test.each(['small', 'large'])('lists whole segments that add up, and nothing else: %s', (name) => {
  expect(linesOf(`${name}.m3u8`)).toEqual([
    '#EXTM3U',
    '#EXT-X-VERSION:6',
    '#EXT-X-PLAYLIST-TYPE:VOD',
    '#EXT-X-TARGETDURATION:1',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    `#EXT-X-MAP:URI="${name}-header.mp4"`,
    '#EXTINF:1,',
    `${name}-1.m4s`,
    '#EXTINF:1,',
    `${name}-2.m4s`,
    '#EXT-X-ENDLIST',
  ]);
});

test('holds every file that a playlist names, and no other', () => {
  const playlists = filesNamedIn('main.m3u8');
  const segments = playlists.flatMap(filesNamedIn);
  const headers = PLAN.renditions.map(({ name }) => `${name}-header.mp4`);
  expect([...clip.keys()].toSorted()).toEqual(
    ['main.m3u8', ...playlists, ...segments, ...headers].toSorted(),
  );
});

test.each(['small', 'large'])('starts each segment with its only keyframe, on time: %s', async (name) => {
  for (const [index, segment] of filesNamedIn(`${name}.m3u8`).entries()) {
    const packets = await packetsOf(`${name}-header.mp4`, segment);
    expect(packets.map(({ type }) => type)).toEqual(['key', ...Array<string>(9).fill('delta')]);
    expect(packets[0]!.timestamp).toBeCloseTo(index);
    expect(packets.reduce((sum, { duration }) => sum + duration, 0)).toBeCloseTo(1);
  }
});

test('tells how far it is, from the start to the end', () => {
  expect(progress[0]).toBe(0);
  expect(progress.at(-1)).toBe(1);
  expect(progress).toEqual(progress.toSorted((a, b) => a - b));
});

test('fails by name when a rendition cannot be drawn', async () => {
  const renditions = [{ name: 'none', width: -2, height: 2, quantization: 30 }];
  await expect(makeClip({ ...PLAN, renditions })).rejects.toThrow('Drawing none failed');
});

test('keeps what it drew, also when two draw at once, and draws anew what is to be different', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'usher-clip-'));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  const directory = join(parent, 'not there yet');
  const small: ClipPlan = { ...PLAN, seconds: 1, renditions: PLAN.renditions.slice(0, 1) };
  const [one, other] = await Promise.all([
    keptClip({ directory, plan: small }),
    keptClip({ directory, plan: small }),
  ]);
  expect(one).toEqual(other);
  const again: number[] = [];
  const kept = await keptClip({ directory, plan: small }, (share) => again.push(share));
  expect(kept).toEqual(one);
  expect(again).toEqual([]);
  await keptClip({ directory, plan: { ...small, framesPerSecond: 5 } }, (share) => again.push(share));
  expect(again.at(-1)).toBe(1);
  expect(await readdir(directory)).toHaveLength(2);
});

test('is back where it began after its last frame, so that it loops without a jump', () => {
  const { framesPerSecond, seconds } = PLAN;
  const paint = prepareTestCard({ width: 320, height: 180, framesPerSecond, seconds, turnSeconds: 1 });
  const belowTheTime = (frame: number) => Buffer.from(paint(frame).bytes).subarray(320 * 80 * 4);
  const first = belowTheTime(0);
  expect(belowTheTime(framesPerSecond * seconds).equals(first)).toBe(true);
  expect(belowTheTime(1).equals(first)).toBe(false);
});

test('cuts the demo clip into whole segments of whole frames, in sizes that video can have', () => {
  const { seconds, segmentSeconds, framesPerSecond, renditions } = DEMO_CLIP;
  expect(seconds % segmentSeconds).toBe(0);
  expect(Number.isInteger(segmentSeconds * framesPerSecond)).toBe(true);
  expect(renditions.every(({ width, height }) => width % 2 === 0 && height % 2 === 0)).toBe(true);
});
