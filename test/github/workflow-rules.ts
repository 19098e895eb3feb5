import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { repository, type Job, type Step, type Workflow } from './workflow-files.ts';

/** What a workflow does wrong, as sentences; none for one that may be merged. */
export type Rule = (workflow: Workflow) => readonly string[];

interface Place {
  readonly jobId: string;
  readonly job: Job;
  readonly step: Step;
}

function stepsOf({ jobs }: Workflow): readonly Place[] {
  return Object.entries(jobs).flatMap(([jobId, job]) =>
    (job.steps ?? []).map((step) => ({ jobId, job, step })),
  );
}

function scriptsOf(workflow: Workflow): readonly (Place & { readonly script: string })[] {
  return stepsOf(workflow).flatMap((place) =>
    place.step.run === undefined ? [] : [{ ...place, script: place.step.run }],
  );
}

/** A workflow that names no permissions has those that the repository's owner once chose: too many, as a rule. */
export const statesPermissions: Rule = ({ permissions, jobs }) => [
  ...(permissions !== undefined && Object.keys(permissions).length === 0
    ? []
    : ['permissions of all jobs are not {}']),
  ...Object.entries(jobs)
    .filter(([, { permissions: own }]) => own === undefined)
    .map(([id]) => `${id} does not say what it may do`),
];

/** What a job may write is what it is there for. */
const WRITABLE = new Set(['id-token', 'pull-requests']);

export const asksForLittle: Rule = ({ jobs }) =>
  Object.entries(jobs).flatMap(([id, { permissions = {} }]) => {
    const writes = Object.keys(permissions).filter((scope) => permissions[scope] !== 'read');
    return [
      ...writes.filter((scope) => !WRITABLE.has(scope)).map((scope) => `${id} may write ${scope}`),
      // Who runs code that a pull request brings must not be able to speak in the repository's name.
      ...(writes.length > 1 ? [`${id} may write ${writes.join(' and ')} at once`] : []),
    ];
  });

/** `actions/checkout@{commit} # v7.0.1`: a tag can be moved to other code, a commit cannot. */
const PINNED = /^\s*(?:- )?uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/;

export const pinsActions: Rule = ({ text }) =>
  text
    .split('\n')
    .filter((line) => /^\s*(- )?uses:/.test(line) && !PINNED.test(line))
    .map((line) => `not pinned to a commit: ${line.trim()}`);

/** Whoever opens a pull request may name its branch `$(…)`: such a text reaches a script by its environment only. */
export const keepsExpressionsOutOfScripts: Rule = (workflow) =>
  scriptsOf(workflow)
    .filter(({ script }) => script.includes('${{'))
    .map(({ jobId, script }) => `${jobId} puts an expression into a script: ${script.trim()}`);

/** And each line of it stops the job when it fails, within a pipe too: GitHub sets `pipefail` for `shell: bash`. */
export const parsesAsBash: Rule = (workflow) => [
  ...(workflow.defaults?.run?.shell === 'bash' ? [] : ['scripts do not stop at a failure within a pipe']),
  ...scriptsOf(workflow).flatMap(({ jobId, script }) => {
    try {
      execFileSync('bash', ['-n'], { input: script, stdio: ['pipe', 'pipe', 'pipe'] });
      return [];
    } catch (error) {
      return [`${jobId}: ${String((error as { stderr?: unknown }).stderr)}`];
    }
  }),
];

/** Each `npm run` is a script of package.json, each file that is run is there. */
export const runsWhatIsThere: Rule = (workflow) => {
  const { scripts } = JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  return scriptsOf(workflow).flatMap(({ jobId, script }) => {
    const npm = [...script.matchAll(/\bnpm (?:run )?([\w:-]+)/g)].map(([, name]) => name!);
    const files = [...script.matchAll(/(?:\bnode |^|\s)((?:\.github|tools)\/[\w./-]+)/gm)].map(
      ([, file]) => file!,
    );
    return [
      ...npm
        .filter((name) => name !== 'ci' && scripts[name] === undefined)
        .map((name) => `${jobId}: there is no npm script ${name}`),
      ...files
        .filter((file) => !existsSync(path.join(repository, file)))
        .map((file) => `${jobId}: there is no ${file}`),
    ];
  });
};

/**
 * Code of a pull request meets a role or a writing token only in its own repository's branches, whose authors may
 * deploy anyhow; never in a fork's.
 */
export const givesStrangersNothing: Rule = (workflow) => {
  const { on, jobs, text } = workflow;
  const triggers = Object.keys(on);
  const problems = triggers
    .filter((trigger) => ['pull_request_target', 'issue_comment'].includes(trigger))
    .map((trigger) => `${trigger} runs with this repository's rights for anyone`);
  if (/\bsecrets\b/.test(text)) problems.push('it uses a secret: roles are assumed by OIDC');
  for (const [id, { if: condition = '', permissions = {}, environment }] of Object.entries(jobs)) {
    if (permissions['id-token'] !== 'write') continue;
    if (environment === undefined) problems.push(`${id} assumes a role outside an environment`);
    if ('pull_request' in on && !condition.includes('head.repo.full_name == github.repository')) {
      problems.push(`${id} assumes a role for forks`);
    }
    if ('workflow_run' in on && !condition.includes("workflow_run.event == 'push'")) {
      problems.push(`${id} assumes a role after a pull request's run`);
    }
  }
  for (const { jobId, job, step } of stepsOf(workflow)) {
    if (step.uses?.startsWith('actions/checkout@') !== true) continue;
    if (step.with?.['persist-credentials'] !== false) problems.push(`${jobId} leaves the token in .git`);
    const ref = String(step.with?.['ref'] ?? '');
    if (job.permissions?.['pull-requests'] === 'write' && !ref.includes('base.sha')) {
      problems.push(`${jobId} may write, and checks out what the pull request brings`);
    }
  }
  return problems;
};

/** Nothing that changes a stage is interrupted, and nothing runs for ever. */
export const endsWell: Rule = ({ concurrency, jobs }) => [
  ...(concurrency === undefined ? ['it may run twice at once'] : []),
  ...Object.entries(jobs)
    .filter(([, job]) => job['timeout-minutes'] === undefined)
    .map(([id]) => `${id} has no timeout`),
  ...Object.entries(jobs)
    .filter(
      ([, job]) => job.permissions?.['id-token'] === 'write' && concurrency?.['cancel-in-progress'] !== false,
    )
    .map(([id]) => `${id} may be cancelled while it changes a stage`),
];

export const RULES = {
  statesPermissions,
  asksForLittle,
  pinsActions,
  keepsExpressionsOutOfScripts,
  parsesAsBash,
  runsWhatIsThere,
  givesStrangersNothing,
  endsWell,
} as const;
