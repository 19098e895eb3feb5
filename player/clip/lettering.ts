import type { Raster } from './raster.ts';

/** Five dots wide, seven high; a row is five bits, the leftmost the highest. */
const GLYPHS: Readonly<Record<string, readonly number[]>> = {
  '0': [0b01110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110],
  '1': [0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110],
  '2': [0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111],
  '3': [0b11110, 0b00001, 0b00001, 0b01110, 0b00001, 0b00001, 0b11110],
  '4': [0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010],
  '5': [0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110],
  '6': [0b01110, 0b10000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110],
  '7': [0b11111, 0b00001, 0b00010, 0b00100, 0b00100, 0b01000, 0b01000],
  '8': [0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110],
  '9': [0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00001, 0b01110],
  ':': [0b00000, 0b00100, 0b00100, 0b00000, 0b00100, 0b00100, 0b00000],
  '×': [0b00000, 0b00000, 0b10001, 0b01010, 0b00100, 0b01010, 0b10001],
  p: [0b00000, 0b00000, 0b11110, 0b10001, 0b11110, 0b10000, 0b10000],
  ' ': [0, 0, 0, 0, 0, 0, 0],
};

const COLUMNS = 5;
const ROWS = 7;
const ADVANCE = COLUMNS + 1;

/** How wide a line of text is, in dots. Its height is always seven. */
export function widthInDots(text: string): number {
  return Array.from(text).length * ADVANCE - 1;
}

/** Where and how a line is written: whole pixels, within the picture. */
export interface Line {
  readonly left: number;
  readonly top: number;
  /** The width of a dot. */
  readonly dot: number;
  /** As {@link packed} makes it. */
  readonly colour: number;
}

/** Writes a line of digits and a few signs. @throws Error for a sign that has no glyph. */
export function write(raster: Raster, text: string, { left, top, dot, colour }: Line): void {
  Array.from(text).forEach((sign, index) => {
    const glyph = GLYPHS[sign];
    if (glyph === undefined) throw new Error(`There is no glyph for ${JSON.stringify(sign)}`);
    const start = left + index * ADVANCE * dot;
    glyph.forEach((bits, row) => {
      for (let column = 0; column < COLUMNS; column++) {
        if (bits & (1 << (COLUMNS - 1 - column))) {
          fillSquare(raster, start + column * dot, top + row * dot, dot, colour);
        }
      }
    });
  });
}

function fillSquare(
  { pixels, width }: Raster,
  left: number,
  top: number,
  side: number,
  colour: number,
): void {
  for (let y = top; y < top + side; y++) pixels.fill(colour, y * width + left, y * width + left + side);
}

/** The height of a line whose dots are this wide, in pixels. */
export function lineHeight(dot: number): number {
  return ROWS * dot;
}
