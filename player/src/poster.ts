import { svg } from './element.ts';

const WIDTH = 320;
const HEIGHT = 180;

interface Palette {
  /** From the top of the sky to the horizon. */
  readonly sky: readonly [string, string, string];
  readonly sun: string;
  /** From the farthest to the nearest. */
  readonly ground: readonly [string, string, string];
}

const PALETTES: readonly Palette[] = [
  { sky: ['#1b1e4b', '#6a3d8f', '#f08a74'], sun: '#ffe2b0', ground: ['#5a3470', '#3a2354', '#1d1433'] },
  { sky: ['#0f3b5c', '#2b87a8', '#c8e6d3'], sun: '#fdf6d8', ground: ['#2c7180', '#1d4f63', '#10303f'] },
  { sky: ['#3b1230', '#a8324a', '#ffb057'], sun: '#fff0c4', ground: ['#7c2440', '#541a36', '#2c0f22'] },
  { sky: ['#0d1430', '#24386b', '#7f9ccb'], sun: '#eef3ff', ground: ['#33487c', '#202f58', '#101a36'] },
  { sky: ['#5b3a1d', '#d08a3c', '#ffe0a1'], sun: '#fffaf0', ground: ['#a2612c', '#6f421f', '#3b2414'] },
  { sky: ['#123c3a', '#3d8f74', '#f0e3a4'], sun: '#fff8dc', ground: ['#2f705c', '#1f4f45', '#112f2d'] },
  { sky: ['#2a1748', '#7b3fa0', '#ff9ec4'], sun: '#ffe9f2', ground: ['#5c2f80', '#3f205e', '#221238'] },
];

type Random = () => number;

/** With this, the titles of the catalogue that comes with the page get pictures that suit them. */
const LUCK = '16744';

/**
 * A picture for a title, drawn from its id: always the same one for the same title, and nothing to download.
 * A sky with a sun or moon, and before it a city, the sea, peaks or hills.
 */
export function poster(contentId: string): SVGElement {
  const random = numbersFrom(LUCK + contentId);
  const { sky, sun, ground } = PALETTES[Math.floor(random() * PALETTES.length)]!;
  const scene = SCENES[Math.floor(random() * SCENES.length)]!;
  const gradient = `sky-${nextId++}`;
  const [x, y, radius] = [70 + random() * 180, 45 + random() * 40, 14 + random() * 12];
  return svg(
    'svg',
    {
      class: 'poster',
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: 'xMidYMid slice',
      'aria-hidden': 'true',
      focusable: 'false',
    },
    svg(
      'linearGradient',
      { id: gradient, x1: '0', y1: '0', x2: '0', y2: '1' },
      ...sky.map((colour, index) => svg('stop', { offset: String(index * 0.4), 'stop-color': colour })),
    ),
    rectangle(-2, -2, WIDTH + 4, HEIGHT + 4, `url(#${gradient})`),
    circle(x, y, radius * 2.1, sun, 0.18),
    circle(x, y, radius * 1.5, sun, 0.25),
    circle(x, y, radius, sun, 1),
    ...scene(ground, random, { x, colour: sun }),
  );
}

/** Gradients are found by id in the whole page, and one title may be drawn twice. */
let nextId = 0;

type Scene = (ground: Palette['ground'], random: Random, sun: { x: number; colour: string }) => SVGElement[];

const hills: Scene = (ground, random) =>
  ground.map((colour, layer) => {
    const [slow, quick, shift] = [1 + random() * 2, 3 + random() * 3, random() * 6];
    const height = 30 - layer * 7;
    return outline(colour, 48, (x) => {
      const wave = 0.6 * Math.sin(slow * Math.PI * x + shift) + 0.4 * Math.sin(quick * Math.PI * x + shift);
      return 100 + layer * 28 - height * wave;
    });
  });

const peaks: Scene = (ground, random) =>
  ground.map((colour, layer) => {
    const tops = Array.from({ length: 9 }, () => 30 + random() * 55);
    return outline(colour, 16, (x) => {
      const step = Math.round(x * 16);
      return step % 2 === 0 ? 135 + layer * 18 : 55 + layer * 34 + tops[(step - 1) / 2]! * 0.5;
    });
  });

const city: Scene = (ground, random, { colour: light }) =>
  ground.flatMap((colour, layer) => {
    const towers = Array.from({ length: 12 }, (_, index) => ({
      x: index * 28 - 6 + random() * 10,
      top: 78 + layer * 26 + random() * 44,
      width: 16 + random() * 14,
    }));
    return towers.flatMap(({ x, top, width }) => [
      rectangle(x, top, width, HEIGHT - top, colour),
      ...(random() < 0.6 && layer > 0 ? [rectangle(x + 4, top + 7, 3, 4, light)] : []),
      ...(random() < 0.6 && layer > 0 ? [rectangle(x + 10, top + 17, 3, 4, light)] : []),
    ]);
  });

const sea: Scene = ([far, middle, near], random, { x: sunX, colour: light }) => [
  rectangle(-2, 112, WIDTH + 4, HEIGHT - 112, far),
  ...Array.from({ length: 6 }, (_, index) => {
    const width = 26 + index * 9 + random() * 12;
    return rectangle(sunX - width / 2, 117 + index * 8, width, 2.2, light);
  }),
  outline(middle, 48, (x) => 152 + 4 * Math.sin(x * 26 + random())),
  outline(near, 48, (x) => 166 + 4 * Math.sin(x * 20 + 2)),
];

const SCENES: readonly Scene[] = [hills, peaks, city, sea];

/** Everything below a line from the left edge to the right; `heightAt` takes 0 … 1 to its distance from the top. */
function outline(fill: string, steps: number, heightAt: (x: number) => number): SVGElement {
  const points = Array.from({ length: steps + 1 }, (_, step) => {
    const x = step / steps;
    return `${(x * WIDTH).toFixed(1)},${heightAt(x).toFixed(1)}`;
  });
  // Beyond the picture on both sides, or a hair of sky would show at its edges.
  const [first, last] = [heightAt(0).toFixed(1), heightAt(1).toFixed(1)];
  const [left, right] = [-2, WIDTH + 2];
  const corners = { start: `${left},${HEIGHT} ${left},${first}`, end: `${right},${last} ${right},${HEIGHT}` };
  return svg('polygon', { points: `${corners.start} ${points.join(' ')} ${corners.end}`, fill });
}

function rectangle(x: number, y: number, width: number, height: number, fill: string): SVGElement {
  const [left, top] = [x.toFixed(1), y.toFixed(1)];
  return svg('rect', { x: left, y: top, width: width.toFixed(1), height: height.toFixed(1), fill });
}

function circle(cx: number, cy: number, r: number, fill: string, opacity: number): SVGElement {
  const centre = { cx: cx.toFixed(1), cy: cy.toFixed(1) };
  return svg('circle', { ...centre, r: r.toFixed(1), fill, opacity: String(opacity) });
}

/** Numbers from 0 to 1 that follow from a text: a hash (FNV-1a), stepped and mixed (mulberry32). */
function numbersFrom(text: string): Random {
  let state = 2_166_136_261;
  for (const character of text) state = Math.imul(state ^ character.charCodeAt(0), 16_777_619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
