import type { ClipPlan } from './clip-plan.ts';
import { drawRendition } from './draw-rendition.ts';
import { writeHls } from './write-hls.ts';

/** Hears how much is drawn, 0 to 1. */
export type Progress = (share: number) => void;

/** Draws, encodes and packs a clip as HLS: its files by name, `main.m3u8` the one to start from. */
export async function makeClip(
  plan: ClipPlan,
  report: Progress = () => {},
): Promise<ReadonlyMap<string, Uint8Array>> {
  const { renditions, seconds, framesPerSecond } = plan;
  const pixels = renditions.map(({ width, height }) => width * height);
  const total = pixels.reduce((sum, count) => sum + count, 0) * seconds * framesPerSecond;
  const done = renditions.map(() => 0);
  report(0);
  const mp4s = await Promise.all(
    renditions.map((rendition, index) =>
      drawRendition(plan, rendition, (frames) => {
        done[index] = frames * pixels[index]!;
        report(done.reduce((sum, count) => sum + count, 0) / total);
      }),
    ),
  );
  return writeHls(plan, mp4s);
}
