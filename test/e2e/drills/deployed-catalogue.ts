import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalStack } from '../../../local/stack.ts';

/** Where a bundle holds the catalogue. */
interface Place {
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

/** The functions of a stage, with whatever catalogue: as a deployment leaves them that changed nothing else. */
export async function deployedCatalogue(stack: Pick<LocalStack, 'deploy'>, assembly: string) {
  const files = (await readdir(assembly, { recursive: true })).filter((name) => name.endsWith('.mjs'));
  const read = files.map(async (name) => placeIn(join(assembly, name)));
  const places = (await Promise.all(read)).flat();
  if (places.length === 0) throw new Error('no function holds the catalogue');
  return {
    /** What begins from now on has this one. Nobody asks whether it is valid, as `cdk synth` would. */
    async deploy(catalog: unknown): Promise<void> {
      const text = JSON.stringify(catalog);
      await Promise.all(places.map(({ file, before, after }) => writeFile(file, before + text + after)));
      await stack.deploy();
    },
  };
}

async function placeIn(file: string): Promise<Place[]> {
  const text = await readFile(file, 'utf8');
  const start = text.search(/\{catalogVersion:"\d/);
  if (start < 0) return [];
  const end = endOfObject(text, start);
  return [{ file, before: text.slice(0, start), after: text.slice(end) }];
}

/** Where the object literal that begins there ends. */
function endOfObject(text: string, start: number): number {
  let depth = 0;
  const tokens = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|[{}]/g;
  tokens.lastIndex = start;
  for (let found = tokens.exec(text); found; found = tokens.exec(text)) {
    if (found[0] === '{') depth += 1;
    if (found[0] === '}') depth -= 1;
    if (depth === 0) return tokens.lastIndex;
  }
  throw new Error('the catalogue has no end');
}
