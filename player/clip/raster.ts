/** Red, green and blue, 0 to 255 each. */
export type Colour = readonly [red: number, green: number, blue: number];

/** A picture in memory. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  /** Four bytes a pixel, row by row: red, green, blue, and one that is not looked at. */
  readonly bytes: Uint8ClampedArray;
  /** The same memory, one number a pixel, for runs of one colour: see {@link packed}. */
  readonly pixels: Uint32Array;
}

/** A rectangle in pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export function blankRaster(width: number, height: number): Raster {
  const memory = new ArrayBuffer(width * height * 4);
  return { width, height, bytes: new Uint8ClampedArray(memory), pixels: new Uint32Array(memory) };
}

/** A colour on the way from one to another: 0 is the one, 1 the other. */
export function mix(from: Colour, to: Colour, share: number): Colour {
  const between = (a: number, b: number) => a + (b - a) * share;
  return [between(from[0], to[0]), between(from[1], to[1]), between(from[2], to[2])];
}

/** A colour as one number of {@link Raster.pixels}; the machine is little-endian, as every one that Node runs on. */
export function packed([red, green, blue]: Colour): number {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** Lays a colour over one pixel; a cover of 0 leaves it, 1 replaces it. */
export function cover({ bytes }: Raster, pixel: number, colour: Colour, share: number): void {
  const at = pixel * 4;
  const kept = 1 - share;
  bytes[at] = bytes[at]! * kept + colour[0] * share;
  bytes[at + 1] = bytes[at + 1]! * kept + colour[1] * share;
  bytes[at + 2] = bytes[at + 2]! * kept + colour[2] * share;
}

/** A shape, worked out once: how much of each pixel of a box it covers, 0 to 1, row by row. */
export interface Stencil {
  readonly box: Box;
  readonly covers: Float32Array;
}

/**
 * Cuts a stencil. `coverAt` says of the middle of a pixel how much of it is covered: soft edges are its caller's, and
 * {@link inside} makes them from a distance.
 */
export function cutStencil(around: Box, coverAt: (x: number, y: number) => number): Stencil {
  const [left, top] = [Math.floor(around.left), Math.floor(around.top)];
  const width = Math.ceil(around.left + around.width) - left;
  const height = Math.ceil(around.top + around.height) - top;
  const covers = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) covers[y * width + x] = coverAt(left + x + 0.5, top + y + 0.5);
  }
  return { box: { left, top, width, height }, covers };
}

/** Lays a colour through a stencil, moved by whole pixels; what falls beyond the picture is cut off. */
export function stamp(raster: Raster, { box, covers }: Stencil, colour: Colour, right = 0, down = 0): void {
  const [left, top] = [box.left + right, box.top + down];
  const [firstX, lastX] = [Math.max(0, -left), Math.min(box.width, raster.width - left)];
  const [firstY, lastY] = [Math.max(0, -top), Math.min(box.height, raster.height - top)];
  for (let y = firstY; y < lastY; y++) {
    for (let x = firstX; x < lastX; x++) {
      const share = covers[y * box.width + x]!;
      if (share > 0) cover(raster, (top + y) * raster.width + left + x, colour, share);
    }
  }
}

/** The cover of a pixel whose middle is this far inside an edge (outside: negative), in pixels. */
export function inside(distance: number): number {
  return Math.min(1, Math.max(0, distance + 0.5));
}
