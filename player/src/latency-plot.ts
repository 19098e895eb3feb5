import { svg } from './element.ts';
import type { Latency, LogEntry } from './event-log.ts';

const WIDTH = 296;
const HEIGHT = 92;
/** Where the dots may lie: beside the scale's words, and off the edges. */
const AREA = { left: 50, right: WIDTH - 8, top: 8, bottom: HEIGHT - 8 } as const;

/** The scale is logarithmic: a message takes milliseconds, and a first start can take seconds. */
const SCALE = { leastMs: 1, mostMs: 10_000 } as const;
const MARKS = [
  { ms: 1, name: '1 ms' },
  { ms: 10, name: '10 ms' },
  { ms: 100, name: '100 ms' },
  { ms: 1000, name: '1 s' },
  { ms: 10_000, name: '10 s' },
] as const;

/** Draws the latencies of a log in their order, the newest at the right. What it says is said in words elsewhere. */
export function latencyPlot(log: readonly LogEntry[]): SVGElement {
  const latencies = log.flatMap(({ latency }) => latency ?? []).toReversed();
  const step = (AREA.right - AREA.left) / Math.max(latencies.length, 12);
  return svg(
    'svg',
    { class: 'plot', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, 'aria-hidden': 'true', focusable: 'false' },
    ...MARKS.flatMap(({ ms, name }) => line(heightOf(ms), name)),
    ...latencies.map((latency, index) =>
      dot(latency, AREA.right - (latencies.length - index - 0.5) * step, heightOf(latency.ms)),
    ),
  );
}

function heightOf(ms: number): number {
  const { leastMs, mostMs } = SCALE;
  const within = Math.min(Math.max(ms, leastMs), mostMs);
  const share = Math.log(within / leastMs) / Math.log(mostMs / leastMs);
  return AREA.bottom - share * (AREA.bottom - AREA.top);
}

function line(y: number, name: string): readonly SVGElement[] {
  const words = svg('text', { class: 'plot-mark', x: String(AREA.left - 6), y: (y + 3).toFixed(1) });
  words.textContent = name;
  const { left, right } = AREA;
  const ends = { x1: String(left), x2: String(right), y1: y.toFixed(1), y2: y.toFixed(1) };
  return [svg('line', { class: 'plot-line', ...ends }), words];
}

/** The two kinds differ by shape as well as by colour. */
function dot({ kind }: Latency, x: number, y: number): SVGElement {
  if (kind === 'message')
    return svg('circle', { class: 'dot message', cx: x.toFixed(1), cy: y.toFixed(1), r: '3' });
  const corners = [
    [x, y - 5],
    [x + 5, y],
    [x, y + 5],
    [x - 5, y],
  ].map(([left = 0, top = 0]) => `${left.toFixed(1)},${top.toFixed(1)}`);
  return svg('polygon', { class: 'dot purchase', points: corners.join(' ') });
}
