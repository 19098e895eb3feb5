/** One quality of the clip: what the viewer's player chooses between. */
export interface Rendition {
  /** Names its files, as in `360p.m3u8`. */
  readonly name: string;
  /** In pixels; both are even, as 4:2:0 video wants it. */
  readonly width: number;
  readonly height: number;
  /** H.264's quantization parameter, 10 (large and fine) to 51 (small and coarse). */
  readonly quantization: number;
}

/** What clip to make. */
export interface ClipPlan {
  /** A multiple of `segmentSeconds`, so that every segment is whole and the loop has no seam. */
  readonly seconds: number;
  readonly framesPerSecond: number;
  /** Every segment starts with a keyframe, and there is no other. */
  readonly segmentSeconds: number;
  /** From the smallest to the largest; a player that knows nothing yet starts with the first. */
  readonly renditions: readonly Rendition[];
}

/** The clip that the demo player shows: about eight seconds of one processor's time to make, and 2 MB. */
export const DEMO_CLIP: ClipPlan = {
  seconds: 20,
  framesPerSecond: 15,
  segmentSeconds: 4,
  renditions: [
    { name: '180p', width: 320, height: 180, quantization: 30 },
    { name: '360p', width: 640, height: 360, quantization: 27 },
    { name: '540p', width: 960, height: 540, quantization: 24 },
  ],
};
