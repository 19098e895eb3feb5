import type { Box } from './raster.ts';

/** How far a point is from the origin. Math.hypot is ten times slower, and this runs for every pixel. */
export function distance(x: number, y: number): number {
  return Math.sqrt(x * x + y * y);
}

/** How far a point is inside a box with round corners; negative: outside. */
export function insideRounded(box: Box, radius: number, x: number, y: number): number {
  const across = Math.abs(x - box.left - box.width / 2) - box.width / 2 + radius;
  const down = Math.abs(y - box.top - box.height / 2) - box.height / 2 + radius;
  return radius - distance(Math.max(across, 0), Math.max(down, 0)) - Math.min(Math.max(across, down), 0);
}

/** The box around a circle. */
export function squareAround(x: number, y: number, radius: number): Box {
  return { left: x - radius, top: y - radius, width: 2 * radius, height: 2 * radius };
}
