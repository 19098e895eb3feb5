import type { Evening } from './evenings.ts';
import { distance, squareAround } from './geometry.ts';
import { cover, cutStencil, inside, mix, packed, stamp, type Colour, type Raster } from './raster.ts';

const TURN = 2 * Math.PI;
/** What the waves darken towards. */
const DEEP: Colour = [14, 14, 40];

/** Gives what paints the sky, its sun and the waves before it; `phase` goes from 0 to 1 over the clip. */
export function prepareLandscape(raster: Raster): (evening: Evening, phase: number) => void {
  const paintSun = prepareSun(raster);
  return ({ sky, sun, waves }, phase) => {
    paintSky(raster, sky);
    paintSun(sun, phase);
    waves.forEach((colour, layer) => paintWave(raster, colour, layer, phase));
  };
}

function paintSky({ pixels, width, height }: Raster, [top, middle, bottom]: Evening['sky']): void {
  const horizon = height * 0.75;
  for (let y = 0; y < height; y++) {
    const down = Math.min(1, y / horizon) * 2;
    const colour = down < 1 ? mix(top, middle, down) : mix(middle, bottom, down - 1);
    pixels.fill(packed(colour), y * width, (y + 1) * width);
  }
}

/** A sun with a glow, which goes round in an ellipse. */
function prepareSun(raster: Raster): (colour: Colour, phase: number) => void {
  const { width, height } = raster;
  const radius = height * 0.085;
  const glow = height * 0.36;
  const sun = cutStencil(squareAround(0, 0, glow), (x, y) => {
    const light = Math.max(0, 1 - distance(x, y) / glow);
    return Math.max(inside(radius - distance(x, y)), 0.5 * light * light);
  });
  return (colour, phase) => {
    const x = width * (0.34 + 0.16 * Math.cos(TURN * phase));
    const y = height * (0.44 + 0.1 * Math.sin(TURN * phase));
    stamp(raster, sun, colour, Math.round(x), Math.round(y));
  };
}

/** The outline of a wave is two sines that move against each other, each by whole waves in a clip. */
function paintWave(raster: Raster, colour: Colour, layer: number, phase: number): void {
  const { pixels, width, height } = raster;
  const long = 1 + layer * 0.4;
  const tops = new Float32Array(width);
  for (let x = 0; x < width; x++) {
    const slow = Math.sin(TURN * ((long * x) / width + phase * (layer + 1) + layer * 0.3));
    const quick = Math.sin(TURN * ((2.7 * long * x) / width - phase * (layer + 2)));
    tops[x] = height * (0.6 + 0.1 * layer + 0.035 * slow + 0.012 * quick);
  }
  const first = Math.floor(Math.min(...tops));
  for (let y = first; y < height; y++) {
    const shade = mix(colour, DEEP, (0.45 * (y - first)) / (height - first));
    const plain = packed(shade);
    for (let x = 0; x < width; x++) {
      const depth = y + 0.5 - tops[x]!;
      if (depth >= 0.5) pixels[y * width + x] = plain;
      else if (depth > -0.5) cover(raster, y * width + x, shade, inside(depth));
    }
  }
}
