import { globSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Of the repository. */
export const ROOT = new URL('../../', import.meta.url);

export function read(path: string): string {
  return readFileSync(new URL(path, ROOT), 'utf8');
}

export function filesIn(...globs: readonly string[]): readonly string[] {
  return globs.flatMap((glob) => globSync(glob, { cwd: fileURLToPath(ROOT) }));
}

export function sourcesIn(...globs: readonly string[]): string {
  return filesIn(...globs)
    .map(read)
    .join('\n');
}

/** The pages that a test writes say only what they have found. */
const WRITTEN = new Set(['docs/full-test.md', 'docs/drills.md']);

const inFolder = (folder: string) =>
  readdirSync(new URL(folder, ROOT))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}${name}`);

/** What somebody reads who deploys usher, runs it or builds on it, by its path. */
export const PAGES: ReadonlyMap<string, string> = new Map(
  ['README.md', ...inFolder('docs/'), 'client/README.md', 'examples/README.md', 'local/README.md']
    .filter((path) => !WRITTEN.has(path))
    .map((path) => [path, read(path)]),
);

/** And why it is so. */
export const DECISIONS: ReadonlyMap<string, string> = new Map(
  inFolder('docs/decisions/').map((path) => [path, read(path)]),
);

/** Every match of a pattern on every page, with the page, so that a failure says where. */
export function* found(
  pattern: RegExp,
  pages: ReadonlyMap<string, string> = PAGES,
): Generator<readonly [page: string, ...groups: string[]]> {
  for (const [page, text] of pages) {
    for (const [, ...groups] of text.matchAll(pattern)) yield [page, ...groups];
  }
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, '');
  const anchors = new Set<string>();
  for (const [, heading = ''] of prose.matchAll(/^#+ (.*)$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
    const anchor = plain
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-');
    let again = anchor;
    for (let count = 1; anchors.has(again); count += 1) again = `${anchor}-${count}`;
    anchors.add(again);
  }
  return anchors;
}

/** The cells of the table's rows under a heading, by their first, without the code marks. */
export function tableUnder(page: string, heading: string): ReadonlyMap<string, readonly string[]> {
  const text = PAGES.get(page) ?? '';
  const [, section = ''] = text.split(new RegExp(`^#+ ${heading}$`, 'm'));
  const [own = ''] = section.split(/^#+ /m);
  const [, , ...rows] = own.split('\n').filter((line) => line.startsWith('|'));
  return new Map(
    rows.map((row) => {
      const [first = '', ...others] = row
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim());
      return [first, others];
    }),
  );
}
