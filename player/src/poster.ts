import { svg } from './element.ts';

const WIDTH = 320;
const HEIGHT = 200;

/**
 * A landscape for a title, drawn from its id: always the same one for the same title, and nothing to download.
 * The sky, sun and ridges take their colours and shapes from a number that the id gives.
 */
export function poster(contentId: string): SVGElement {
  const random = numbersFrom(contentId);
  const hue = Math.floor(random() * 360);
  const sky = `sky-${contentId.replaceAll(/[^A-Za-z0-9]/g, '-')}-${nextId++}`;
  const sunX = 60 + random() * 200;
  const sunY = 50 + random() * 55;
  return svg(
    'svg',
    {
      class: 'poster',
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: 'xMidYMid slice',
      'aria-hidden': 'true',
    },
    svg(
      'defs',
      {},
      svg(
        'linearGradient',
        { id: sky, x1: '0', y1: '0', x2: '0', y2: '1' },
        svg('stop', { offset: '0', 'stop-color': `hsl(${hue} 55% 24%)` }),
        svg('stop', { offset: '0.55', 'stop-color': `hsl(${(hue + 35) % 360} 60% 46%)` }),
        svg('stop', { offset: '1', 'stop-color': `hsl(${(hue + 70) % 360} 80% 72%)` }),
      ),
    ),
    svg('rect', { width: String(WIDTH), height: String(HEIGHT), fill: `url(#${sky})` }),
    circle(sunX, sunY, 30 + random() * 16, `hsl(${(hue + 80) % 360} 90% 82%)`, '0.25'),
    circle(sunX, sunY, 14 + random() * 12, `hsl(${(hue + 80) % 360} 95% 88%)`, '0.95'),
    ...[0, 1, 2].map((layer) => ridge(layer, hue, random)),
  );
}

/** Gradients are found by id in the whole page, and one title may be drawn twice. */
let nextId = 0;

function circle(cx: number, cy: number, r: number, fill: string, opacity: string): SVGElement {
  return svg('circle', { cx: cx.toFixed(1), cy: cy.toFixed(1), r: r.toFixed(1), fill, opacity });
}

/** Hills that get darker and lower towards the front. */
function ridge(layer: number, hue: number, random: () => number): SVGElement {
  const base = 105 + layer * 32;
  const height = 34 - layer * 8;
  const [a, b, shift] = [1 + random() * 2, 3 + random() * 3, random() * 6];
  const points = Array.from({ length: 33 }, (_, index) => {
    const x = index / 32;
    const y =
      base - height * (0.6 * Math.sin(a * 3.14 * x + shift) + 0.4 * Math.sin(b * 3.14 * x + shift * 2));
    return `${(x * WIDTH).toFixed(0)},${y.toFixed(1)}`;
  });
  const fill = `hsl(${(hue + 330) % 360} ${48 - layer * 6}% ${34 - layer * 10}%)`;
  return svg('polygon', { points: `0,${HEIGHT} ${points.join(' ')} ${WIDTH},${HEIGHT}`, fill });
}

/** Numbers from 0 to 1 that follow from a text (FNV-1a, then a linear congruential generator). */
function numbersFrom(text: string): () => number {
  let state = 2_166_136_261;
  for (const character of text) state = Math.imul(state ^ character.charCodeAt(0), 16_777_619);
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
