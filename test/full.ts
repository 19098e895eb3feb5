/**
 * `npm run test:full`: what `npm test` runs, with far more of what is random, for an hour at most. Writes what came of
 * it to docs/full-test.md. File names narrow it down: `npm run test:full -- test/browser/schedules.test.ts`.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Random {
  readonly what: string;
  readonly file: string;
  readonly count: readonly [variable: string, value: number];
  /** Absent where nothing is left to chance that a seed would bring back. */
  readonly seed?: string;
}

interface Part {
  readonly command: string;
  readonly passed: boolean;
  readonly seconds: number;
}

/** What vitest's JSON reporter writes, as far as it is read here. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const LONGEST_MS = 60 * 60_000;

const RANDOM: readonly Random[] = [
  {
    what: 'Schedules in Chromium tabs, against the whole product',
    file: 'test/browser/schedules.test.ts',
    count: ['BROWSER_SCHEDULES', 200],
    seed: 'BROWSER_SEED',
  },
  {
    what: 'Schedules of the player’s model',
    file: 'test/client/entitlements/schedules.test.ts',
    count: ['PLAYER_SCHEDULES', 50_000],
    seed: 'PLAYER_SEED',
  },
  {
    what: 'Schedules of the sessions’ model',
    file: 'test/shared/concurrency/session-races.test.ts',
    count: ['SESSION_RACES', 30_000],
    seed: 'SESSION_SEED',
  },
  {
    what: 'Races for streams, against the whole product',
    file: 'test/e2e/races.test.ts',
    count: ['RACES', 1000],
    seed: 'RACES_SEED',
  },
  {
    what: 'Accounts of the loss drills ([drills.md](drills.md), which they write)',
    file: 'test/e2e/drills.test.ts',
    count: ['DRILL_ACCOUNTS', 2],
  },
  {
    what: 'Stacks that lack a statement of a role',
    file: 'test/e2e/whole-life.test.ts',
    count: ['IAM_REMOVALS', 5],
    seed: 'IAM_SEED',
  },
  {
    what: 'Bad requests, against the whole product',
    file: 'test/e2e/bad-requests.test.ts',
    count: ['BAD_REQUESTS', 10_000],
    seed: 'BAD_SEED',
  },
];

const root = fileURLToPath(new URL('..', import.meta.url));
const page = join(root, 'docs/full-test.md');
const only = process.argv.slice(2);
const seed = Math.floor(Date.now() / 1000) % 1_000_000_000;
const directory = mkdtempSync(join(tmpdir(), 'usher-full-test-'));
const reportFile = join(directory, 'report.json');
const timeout = AbortSignal.timeout(LONGEST_MS);

/** As it is now: others may commit while it runs. */
const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
const isChanged = git('status', '--porcelain', '--untracked-files=no') !== '';
const commit = git('rev-parse', '--short', 'HEAD') + (isChanged ? ', with changes on top' : '');

const parts: Part[] = [];
for (const command of only.length > 0 ? [] : ['npm run lint', 'npm run types'])
  parts.push(await run(command));
parts.push(
  await run(
    ['npx vitest run --reporter=default --reporter=json', `--outputFile=${reportFile}`, ...only].join(' '),
  ),
);
writeFileSync(page, pageOf(readReport()));
rmSync(directory, { recursive: true, force: true });
process.exitCode = parts.every(({ passed }) => passed) ? 0 : 1;

/** In a process group of its own, so that whatever it has started ends with it when the hour is over. */
async function run(command: string): Promise<Part> {
  const startedMs = performance.now();
  const env = Object.fromEntries(
    RANDOM.flatMap(({ count: [name, value], seed: seedName }) => [
      [name, String(value)],
      ...(seedName === undefined ? [] : [[seedName, String(seed)]]),
    ]),
  );
  const child = spawn(command, {
    cwd: root,
    shell: true,
    detached: true,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  const stop = () => process.kill(-child.pid!, 'SIGTERM');
  timeout.addEventListener('abort', stop);
  if (timeout.aborted) stop();
  const [code] = (await once(child, 'exit')) as [number | null];
  timeout.removeEventListener('abort', stop);
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  return { command: command.replace(/ --reporter.*?report\.json/, ''), passed: code === 0, seconds };
}

/** `undefined` when the tests did not come to their end. */
function readReport(): Report | undefined {
  try {
    return JSON.parse(readFileSync(reportFile, 'utf8')) as Report;
  } catch {
    return undefined;
  }
}

function pageOf(report: Report | undefined): string {
  const ran = RANDOM.filter(({ file }) => report?.testResults.some(({ name }) => name.endsWith(file)));
  const failed = report?.testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
  );
  const passed = parts.every((part) => part.passed);
  return `# The full test

\`npm run test:full\` runs what \`npm test\` runs, with more of what is random, for an hour at most, and writes this page.

${new Date().toISOString().slice(0, 10)}, commit ${commit}, Node ${process.versions.node}: **${passed ? 'passed' : 'failed'}**.
${only.length > 0 ? `\nOnly a part of it was run: ${only.join(', ')}.\n` : ''}
| part | result | seconds |
| --- | --- | --- |
${parts.map((part) => `| \`${part.command}\` | ${part.passed ? 'passed' : 'failed'} | ${part.seconds} |`).join('\n')}

${report ? `${report.numPassedTests} tests passed, ${report.numFailedTests} failed, ${report.numPendingTests} were skipped.` : `The tests did not come to an end${timeout.aborted ? ' within the hour' : ''}.`}
${(failed ?? []).map((name) => `\n- failed: ${name}\n`).join('')}
| random | how many | seed |
| --- | --- | --- |
${ran.map(({ what, count: [name, value], seed: seedName }) => `| ${what} | \`${name}=${value}\` | ${seedName === undefined ? '' : `\`${seedName}=${seed}\``} |`).join('\n')}
`;
}
