import { insideRounded } from './geometry.ts';
import { lineHeight, widthInDots, write, type Line } from './lettering.ts';
import { cutStencil, inside, packed, stamp, type Box, type Colour, type Raster } from './raster.ts';

const INK: Colour = [14, 14, 40];

/** Gives what writes the time, and the picture's size below it, in the upper left: at the foot lie a player's controls. */
export function prepareWords(raster: Raster): (time: string) => void {
  const { width, height } = raster;
  const dot = Math.max(1, Math.round(height / 72));
  const margin = dot * 3;
  const [left, top] = [Math.round(width * 0.04) + margin, Math.round(height * 0.06) + margin];
  const time: Line = { left, top, dot, colour: packed([255, 255, 255]) };
  const size: Line = {
    ...time,
    top: top + lineHeight(dot) + margin,
    dot: Math.max(1, Math.round(height / 120)),
    colour: packed([206, 206, 226]),
  };
  const plate: Box = {
    left: left - margin,
    top: top - margin,
    width: widthInDots('00:00:00') * dot + 2 * margin,
    height: size.top + lineHeight(size.dot) - top + 2 * margin,
  };
  const shade = cutStencil(plate, (x, y) => 0.5 * inside(insideRounded(plate, margin, x, y)));
  return (text) => {
    stamp(raster, shade, INK);
    write(raster, text, time);
    write(raster, `${width}×${height}`, size);
  };
}
