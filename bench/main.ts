/** `npm run bench`: measures, prints the figures and writes docs/benchmarks.md. See there how to read them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { synthesize } from './assembly.ts';
import { measureBundles } from './bundles.ts';
import { measurePurchases } from './purchase-to-player.ts';
import { renderReport } from './report.ts';

const page = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));
const sections = ['bundles', 'purchase'] as const;

process.env['TZ'] = 'UTC'; // as in Lambda; a thread cannot have a time zone of its own

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !sections.some((section) => section === name));
if (unknown !== undefined)
  throw new Error(`There is no section ${unknown}; there are ${sections.join(', ')}`);
const wants = (section: (typeof sections)[number]) => asked.length === 0 || asked.includes(section);

const directory = await mkdtemp(path.join(tmpdir(), 'usher-bench-'));
try {
  report('synthesizing the app');
  const assembly = path.join(directory, 'assembly');
  await synthesize(assembly);
  const text = renderReport({
    machine: {
      cores: availableParallelism(),
      cpuModel: cpus()[0]?.model.trim() ?? 'unknown processor',
      nodeVersion: process.versions.node,
    },
    at: new Date(),
    bundles: wants('bundles') ? await measureBundles({ assembly, directory, report }) : undefined,
    purchase: wants('purchase') ? await measurePurchases({ assembly, report }) : undefined,
  });
  console.log(text);
  // A page with one section would look as if the other had been dropped.
  if (sections.every(wants)) await writeFile(page, text);
} finally {
  await rm(directory, { recursive: true, force: true });
}
process.exit(); // a gRPC channel that lost its server would try again for ever

/** Progress goes to standard error, so that standard output holds the figures alone. */
function report(line: string): void {
  console.error(line);
}
