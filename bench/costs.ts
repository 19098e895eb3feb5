/** `npm run costs`: writes docs/costs.md, which says what from. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deployedFunctions, synthesize } from './assembly.ts';
import { deployedOf, type PriceList } from './cost-figures.ts';
import { renderCosts } from './cost-page.ts';
import type { Measured } from './measured.ts';

const directory = await mkdtemp(path.join(tmpdir(), 'usher-costs-'));
try {
  await synthesize(directory, { followHeartbeatTopic: true });
  const page = renderCosts({
    prices: await json<PriceList>('prices.json'),
    measured: await json<Measured>('measured.json'),
    deployed: deployedOf(deployedFunctions(directory)),
  });
  await writeFile(inDocs('costs.md'), page);
} finally {
  await rm(directory, { recursive: true, force: true });
}

async function json<T>(name: string): Promise<T> {
  return JSON.parse(await readFile(inDocs(name), 'utf8')) as T;
}

function inDocs(name: string): URL {
  return new URL(`../docs/${name}`, import.meta.url);
}
