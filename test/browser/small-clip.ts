import { clipFiles } from '../../player/clip/clip-files.ts';
import type { ClipPlan } from '../../player/clip/clip-plan.ts';

/** Drawn in a second, and cheap to decode: what is seen of the page does not depend on the picture's size. */
const PLAN: ClipPlan = {
  seconds: 8,
  framesPerSecond: 10,
  segmentSeconds: 4,
  renditions: [
    { name: '90p', width: 160, height: 90, quantization: 30 },
    { name: '180p', width: 320, height: 180, quantization: 30 },
  ],
};

/** The demo player's clip by path, small. */
export const smallClip = () => clipFiles(undefined, PLAN);
