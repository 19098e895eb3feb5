import { distance, squareAround } from './geometry.ts';
import { cutStencil, inside, stamp, type Colour, type Raster, type Stencil } from './raster.ts';

const TURN = 2 * Math.PI;
const WHITE: Colour = [255, 255, 255];
const INK: Colour = [14, 14, 40];

/** Gives what paints a dial with a hand that drags a fading light behind it; `turn` goes from 0 (the top) to 1. */
export function prepareDial(raster: Raster): (turn: number) => void {
  const { width, height } = raster;
  const [x, y, radius] = [width * 0.74, height * 0.4, height * 0.25];
  const hair = Math.max(1, height / 120);
  const around = squareAround(x, y, radius);
  const fromMiddle = (px: number, py: number) => distance(px - x, py - y);

  const face = cutStencil(around, (px, py) => 0.5 * inside(radius - fromMiddle(px, py)));
  const rim = cutStencil(around, (px, py) =>
    Math.max(
      inside(hair - Math.abs(fromMiddle(px, py) - radius + hair)),
      inside(hair * 3 - fromMiddle(px, py)),
    ),
  );
  const ticks = Array.from({ length: 12 }, (_, tick) => {
    const from = radius * (tick % 3 === 0 ? 0.66 : 0.76);
    return cutSpoke({ x, y, turn: tick / 12, from, to: radius * 0.86, half: hair * 0.8 });
  });
  const lit = cutStencil(around, (px, py) => 0.55 * inside(radius - hair * 3 - fromMiddle(px, py)));
  const turns = cutStencil(around, (px, py) => (Math.atan2(px - x, y - py) / TURN + 1) % 1).covers;
  const trail: Stencil = { box: lit.box, covers: new Float32Array(lit.covers.length) };

  return (turn) => {
    for (let index = 0; index < turns.length; index++) {
      const ahead = turns[index]! - turn;
      const behind = ahead > 0 ? 1 - ahead : -ahead;
      const light = Math.max(0, 1 - behind * 1.6);
      trail.covers[index] = lit.covers[index]! * light * light;
    }
    stamp(raster, face, INK);
    stamp(raster, trail, WHITE);
    stamp(raster, rim, WHITE);
    for (const tick of ticks) stamp(raster, tick, WHITE);
    stamp(raster, cutSpoke({ x, y, turn, from: 0, to: radius * 0.82, half: hair * 1.3 }), WHITE);
  };
}

interface Spoke {
  /** The middle of the dial. */
  readonly x: number;
  readonly y: number;
  /** Where it points to, in turns from the top, clockwise. */
  readonly turn: number;
  /** Its two ends' distances from the middle. */
  readonly from: number;
  readonly to: number;
  /** Half its width. */
  readonly half: number;
}

/** A line with round ends. */
function cutSpoke({ x, y, turn, from, to, half }: Spoke): Stencil {
  const [right, up] = [Math.sin(TURN * turn), Math.cos(TURN * turn)];
  const middle = (from + to) / 2;
  const around = squareAround(x + middle * right, y - middle * up, (to - from) / 2 + half + 1);
  return cutStencil(around, (px, py) => {
    const along = (px - x) * right + (y - py) * up;
    const nearest = Math.min(to, Math.max(from, along));
    return inside(half - distance(px - x - nearest * right, y - py - nearest * up));
  });
}
