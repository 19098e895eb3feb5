import { Worker } from 'node:worker_threads';
import type { ClipPlan, Rendition } from './clip-plan.ts';
import type { DrawOrder, DrawReport } from './draw-worker.ts';

/**
 * Draws one rendition and encodes it: a whole MP4, without sound. It takes seconds of processor time, and its encoder
 * takes charge of the process's unhandled rejections, so that it runs in a thread of its own.
 * @throws Error that names the rendition.
 */
export function drawRendition(
  { renditions: _all, ...plan }: ClipPlan,
  rendition: Rendition,
  onFrames: (framesDone: number) => void,
): Promise<Uint8Array> {
  const order: DrawOrder = { plan, rendition };
  const worker = new Worker(new URL('./draw-worker.ts', import.meta.url), { workerData: order });
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) => reject(new Error(`Drawing ${rendition.name} failed`, { cause }));
    worker.on('message', (report: DrawReport) => {
      if ('mp4' in report) resolve(report.mp4);
      else onFrames(report.framesDone);
    });
    worker.on('error', fail);
    worker.on('exit', (code) => fail(`its thread ended with code ${code}`));
  });
}
