import { mix, type Colour } from './raster.ts';

/** The colours of a moment. */
export interface Evening {
  /** From the top of the sky down to the horizon. */
  readonly sky: readonly [Colour, Colour, Colour];
  readonly sun: Colour;
  /** From the far one to the near one. */
  readonly waves: readonly [Colour, Colour, Colour, Colour];
}

/** One turns into the other and back. */
export const EVENINGS: readonly [Evening, Evening] = [
  {
    sky: [
      [24, 27, 75],
      [112, 66, 150],
      [245, 150, 124],
    ],
    sun: [255, 228, 184],
    waves: [
      [126, 72, 138],
      [90, 54, 122],
      [58, 38, 96],
      [34, 24, 66],
    ],
  },
  {
    sky: [
      [16, 52, 92],
      [44, 128, 160],
      [206, 228, 204],
    ],
    sun: [255, 248, 216],
    waves: [
      [64, 134, 148],
      [42, 104, 124],
      [26, 72, 96],
      [14, 44, 66],
    ],
  },
];

/** An evening on the way from one to another: 0 is the one, 1 the other. */
export function between(one: Evening, other: Evening, share: number): Evening {
  const [top, middle, horizon] = one.sky;
  const [far, second, third, near] = one.waves;
  return {
    sky: [mix(top, other.sky[0], share), mix(middle, other.sky[1], share), mix(horizon, other.sky[2], share)],
    sun: mix(one.sun, other.sun, share),
    waves: [
      mix(far, other.waves[0], share),
      mix(second, other.waves[1], share),
      mix(third, other.waves[2], share),
      mix(near, other.waves[3], share),
    ],
  };
}
