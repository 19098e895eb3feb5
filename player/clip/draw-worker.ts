import { parentPort, workerData } from 'node:worker_threads';
import encoders from 'h264-mp4-encoder';
import { prepareTestCard } from './test-card.ts';
import type { ClipPlan, Rendition } from './clip-plan.ts';

/** What this worker is given. */
export interface DrawOrder {
  readonly plan: Omit<ClipPlan, 'renditions'>;
  readonly rendition: Rendition;
}

/** What it posts: how many frames are done, and at last the whole MP4. */
export type DrawReport = { readonly framesDone: number } | { readonly mp4: Uint8Array };

/** Frames between two reports. */
const REPORT_EVERY = 10;

const { plan, rendition } = workerData as DrawOrder;
const { width, height } = rendition;
const { seconds, framesPerSecond, segmentSeconds } = plan;
const frames = seconds * framesPerSecond;

const paintFrame = prepareTestCard({ width, height, framesPerSecond, seconds, turnSeconds: segmentSeconds });
const encoder = await encoders.createH264MP4Encoder();
encoder.width = width;
encoder.height = height;
encoder.frameRate = framesPerSecond;
encoder.quantizationParameter = rendition.quantization;
encoder.groupOfPictures = segmentSeconds * framesPerSecond;
encoder.speed = 10; // the fastest; on these pictures a slower one saves no bytes
encoder.initialize();
for (let framesDone = 1; framesDone <= frames; framesDone++) {
  encoder.addFrameRgba(paintFrame(framesDone - 1).bytes);
  if (framesDone % REPORT_EVERY === 0 || framesDone === frames) post({ framesDone });
}
encoder.finalize();
post({ mp4: encoder.FS.readFile(encoder.outputFilename) });
encoder.delete();

function post(report: DrawReport): void {
  parentPort?.postMessage(report, []);
}
