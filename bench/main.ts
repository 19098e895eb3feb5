/**
 * `npm run bench`: measures, prints the figures and writes docs/benchmarks.md, which says how to read them. What
 * docs/costs.md is computed from goes to docs/measured.json, and cold starts to docs/cold-starts.jsonl and its plot.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { synthesize } from './assembly.ts';
import { measureBundles } from './bundles.ts';
import { currentCommit, readHistory, runOf, withRun, writeHistory } from './cold-start-history.ts';
import { measureFirstCalls } from './first-calls.ts';
import { measurePurchases } from './purchase-to-player.ts';
import { measuredOf } from './measured.ts';
import { renderReport } from './report.ts';
import { measureSessions } from './sessions.ts';
import { measureSteps } from './steps.ts';

const measured = fileURLToPath(new URL('../docs/measured.json', import.meta.url));
const page = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));
const sections = ['bundles', 'purchase', 'sessions'] as const;

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
  const machine = {
    cores: availableParallelism(),
    cpuModel: cpus()[0]?.model.trim() ?? 'unknown processor',
    nodeVersion: process.versions.node,
  };
  const at = new Date();
  const bundles = wants('bundles') ? await bundlesOfEverything() : undefined;
  const coldStarts = bundles ? await measureColdStarts() : undefined;
  const purchase = wants('purchase') ? await measurePurchases({ assembly, report }) : undefined;
  const sessions = wants('sessions') ? await measureSessions({ assembly, report }) : undefined;
  const earlier = await readHistory();
  const runs =
    bundles && coldStarts
      ? withRun(earlier, runOf(at, await currentCommit(), bundles, coldStarts.firstCalls))
      : earlier;
  const text = renderReport({
    machine,
    at,
    bundles,
    coldStarts: coldStarts && { ...coldStarts, runs: runs.length },
    purchase,
    sessions,
  });
  console.log(text);
  // A page with one section would look as if the other had been dropped.
  if (sections.every(wants)) {
    await writeFile(page, text);
    await writeHistory(runs);
  }
  if (sessions)
    await writeFile(measured, `${JSON.stringify(measuredOf({ machine, at, sessions }), null, 2)}\n`);
} finally {
  await rm(directory, { recursive: true, force: true });
}
process.exit(); // a gRPC channel that lost its server would try again for ever

/** All functions that a stage may have; the others are measured without the one that runs all the time. */
async function bundlesOfEverything() {
  const everything = path.join(directory, 'everything');
  await synthesize(everything, { followHeartbeatTopic: true });
  return measureBundles({ assembly: everything, directory, report });
}

async function measureColdStarts() {
  const assembly = path.join(directory, 'assembly');
  return {
    firstCalls: await measureFirstCalls({ assembly, directory, report }),
    steps: await measureSteps({ assembly, directory: path.join(directory, 'steps'), report }),
  };
}

/** Progress goes to standard error, so that standard output holds the figures alone. */
function report(line: string): void {
  console.error(line);
}
