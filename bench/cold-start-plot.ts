import type { ColdStart, Run } from './cold-start-history.ts';

const PANEL = { width: 200, height: 96, left: 30, top: 26, bottom: 20, right: 12 };
const COLUMNS = 4;
const TITLE_HEIGHT = 64;

const LINES = [
  { of: 'firstCallRatio', called: 'import and first answer', dashes: '' },
  { of: 'importRatio', called: 'import alone', dashes: '4 3' },
] as const satisfies readonly {
  readonly of: keyof ColdStart;
  readonly called: string;
  readonly dashes: string;
}[];

/**
 * The history as small multiples, a panel for each function that there is now, all to one scale. Colours are those of
 * the reader's colour scheme; without one they can be told apart on light and on dark.
 */
export function plotHistory(history: readonly Run[]): string {
  const names = Object.keys(history.at(-1)?.functions ?? {}).toSorted();
  const highest = Math.max(
    2,
    ...history.flatMap((run) => names.flatMap((name) => ratiosOf(run.functions[name]))),
  );
  const top = Math.ceil(highest);
  const rows = Math.ceil(names.length / COLUMNS);
  const width = COLUMNS * PANEL.width;
  const height = TITLE_HEIGHT + rows * (PANEL.height + PANEL.top + PANEL.bottom);
  const panels = names.map((name, index) => {
    const x = (index % COLUMNS) * PANEL.width;
    const y = TITLE_HEIGHT + Math.floor(index / COLUMNS) * (PANEL.height + PANEL.top + PANEL.bottom);
    return `<g transform="translate(${x} ${y})">${panel(name, history, top)}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">
<title id="title">Cold starts by commit, as multiples of a function that imports nothing</title>
<style>
text { font: 11px system-ui, sans-serif; fill: #6e7781; }
.name { font-weight: 600; }
.grid { stroke: #8c959f; stroke-opacity: .3; }
.line { fill: none; stroke: #2a7fb8; stroke-width: 2; stroke-linejoin: round; }
.point { fill: #2a7fb8; }
@media (prefers-color-scheme: light) { text { fill: #424a53; } .line { stroke: #0a5c94; } .point { fill: #0a5c94; } }
@media (prefers-color-scheme: dark) { text { fill: #b1bac4; } .line { stroke: #6cb6ff; } .point { fill: #6cb6ff; } }
</style>
<text x="${PANEL.left}" y="16" class="name">Cold starts by commit, as multiples of a function that imports nothing</text>
${LINES.map(({ called, dashes }, index) => legend(called, dashes, PANEL.left + index * 190)).join('\n')}
<text x="${PANEL.left}" y="56">across: ${history.length} commits, oldest first, as in docs/cold-starts.jsonl; up: times the bare function</text>
${panels.join('\n')}
</svg>
`;
}

function panel(name: string, history: readonly Run[], top: number): string {
  const inner = { width: PANEL.width - PANEL.left - PANEL.right, height: PANEL.height };
  const xOf = (index: number) =>
    rounded(
      PANEL.left + (history.length < 2 ? inner.width / 2 : (index / (history.length - 1)) * inner.width),
    );
  const yOf = (ratio: number) => rounded(PANEL.top + inner.height * (1 - ratio / top));
  const step = Math.max(1, Math.ceil(top / 4));
  const ticks = Array.from({ length: Math.floor(top / step) + 1 }, (_, index) => index * step);
  const grid = ticks.map(
    (tick) =>
      `<line class="grid" x1="${PANEL.left}" x2="${PANEL.width - PANEL.right}" y1="${yOf(tick)}" y2="${yOf(tick)}"/>` +
      `<text x="${PANEL.left - 5}" y="${yOf(tick) + 4}" text-anchor="end">${tick}×</text>`,
  );
  const lines = LINES.map(({ of, dashes }) => {
    const points = history.flatMap(({ functions }, index) => {
      const ratio = functions[name]?.[of];
      return ratio === undefined ? [] : [[xOf(index), yOf(ratio)] as const];
    });
    const dots = points.map(([x, y]) => `<circle class="point" cx="${x}" cy="${y}" r="2.5"/>`);
    const path = points.map((point) => point.join(',')).join(' ');
    return `<polyline class="line" points="${path}"${dashed(dashes)}/>${dots.join('')}`;
  });
  const foot = PANEL.top + inner.height + 15;
  const ends = [
    `<text x="${PANEL.left}" y="${foot}">${history[0]?.commit.slice(0, 7) ?? ''}</text>`,
    `<text x="${PANEL.width - PANEL.right}" y="${foot}" text-anchor="end">${history.at(-1)?.commit.slice(0, 7) ?? ''}</text>`,
  ];
  return [`<text x="${PANEL.left}" y="16" class="name">${name}</text>`, ...grid, ...lines, ...ends].join('');
}

function legend(called: string, dashes: string, x: number): string {
  return `<line class="line" x1="${x}" x2="${x + 24}" y1="34" y2="34"${dashed(dashes)}/><text x="${x + 30}" y="38">${called}</text>`;
}

function dashed(dashes: string): string {
  return dashes === '' ? '' : ` stroke-dasharray="${dashes}"`;
}

function ratiosOf(found: ColdStart | undefined): readonly number[] {
  if (found === undefined) return [];
  return [found.importRatio, ...(found.firstCallRatio === undefined ? [] : [found.firstCallRatio])];
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
