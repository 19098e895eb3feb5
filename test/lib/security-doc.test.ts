import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nameIn, readStage } from '../../lib/stage.ts';
import { UsherStack } from '../../lib/usher-stack.ts';
import { permissionsOf, type Permission } from '../support/role-permissions.ts';
import { EVERYTHING, resourcesOf, textsIn } from './synthesize.ts';

/* What docs/security.md and docs/permissions.md say, of a stage that has everything a stage can have. */

let scratch: string;
let template: Template;
let permissions: readonly Permission[];
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'usher-player-'));
  const playerBuild = { pageDir: join(scratch, 'page'), immutableDir: join(scratch, 'immutable') };
  for (const directory of Object.values(playerBuild)) {
    mkdirSync(directory);
    writeFileSync(join(directory, 'index.html'), 'a page');
  }
  const settings: Readonly<Record<string, string>> = {
    ...EVERYTHING,
    stageName: 'prod',
    player: 'true',
    tracing: 'true',
  };
  const stage = readStage((key) => settings[key]);
  const code = () => Code.fromInline('export const handler = () => undefined;');
  template = Template.fromStack(new UsherStack(new App(), nameIn(stage), { stage, code, playerBuild }));
  permissions = permissionsOf(template);
});
afterAll(() => rmSync(scratch, { recursive: true }));

const DEPLOYMENT = /^CustomCDKBucketDeployment.*/;
const ownLog = ({ who, resources }: Permission) => resources[0] === `/aws/lambda/${who}`;
const traces = ({ actions }: Permission) => actions[0]?.startsWith('xray:') ?? false;
const list = (texts: readonly string[]) => texts.map((text) => `\`${text}\``).join('<br>');

test('docs/permissions.md lists every statement of every role', async () => {
  const rows = permissions
    .filter((permission) => !ownLog(permission) && !traces(permission))
    .map(
      ({ who, actions, resources }) =>
        `| ${who.replace(DEPLOYMENT, 'the CDK, which deploys the player')} | ${list(actions)} | ${list(resources)} |`,
    );
  const page = `# Who may do what

Every statement of every role of the stage \`prod\` with everything switched on. Of each function also: \`logs:CreateLogStream\` and \`logs:PutLogEvents\` on its own log, and where the stage traces (\`-c tracing=true\`) \`xray:PutTraceSegments\` and \`xray:PutTelemetryRecords\`, which know no resources. [security.md](security.md) says how this is held to.

This page is written by \`npx vitest run test/lib/security-doc.test.ts -u\`, and a test fails when it is out of date.

| who | may | on |
| --- | --- | --- |
${rows.toSorted().join('\n')}
`;
  await expect(page).toMatchFileSnapshot('../../docs/permissions.md');
});

test('each function may write its own log', () => {
  const functions = Object.values(resourcesOf(template, 'AWS::Lambda::Function'))
    .flatMap(({ Properties }) => Properties['FunctionName'] ?? [])
    .map(String);
  const logs = permissions.filter(ownLog);
  expect(logs.map(({ who }) => who).toSorted()).toEqual(functions.toSorted());
  for (const { actions, resources } of logs)
    expect({ actions, resources }).toEqual({
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [expect.any(String)],
    });
});

test('nothing is allowed on * that could be named, and no group of actions, but by what the CDK brings along for the player', () => {
  const wide = permissions.filter(({ actions, resources }) =>
    [...actions, ...resources].join().includes('*'),
  );
  const ours = wide.filter(({ who }) => !DEPLOYMENT.test(who));
  for (const { actions, resources } of ours)
    expect({ actions, resources }).toEqual({
      actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
      resources: ['*'],
    });
  const theirs = wide.filter(({ who }) => DEPLOYMENT.test(who)).flatMap(({ resources }) => resources);
  expect(theirs.filter((resource) => resource === '*')).toEqual([]);
});

test('AWS’s managed policies are used by the CDK’s two functions for the player alone', () => {
  const managed = Object.entries(resourcesOf(template, 'AWS::IAM::Role')).filter(
    ([, { Properties }]) => textsIn(Properties['ManagedPolicyArns']).length > 0,
  );
  expect(managed.map(([id]) => id.replace(/[0-9A-F]{8}.*/, ''))).toEqual([
    'CustomS3AutoDeleteObjectsCustomResourceProviderRole',
    'CustomCDKBucketDeployment',
  ]);
});

test('docs/security.md says of each secret who reads it', () => {
  const page = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z-]+)`[^|]* \| Parameter Store, SecureString \| ([^|]*) \|$/gm)];
  expect(rows).toHaveLength(5);
  for (const [, parameter, said = ''] of rows) {
    if (said === 'whatever reads or writes the cache') continue;
    const readers = permissions
      .filter(({ resources }) => resources.includes(`parameter/usher/prod/${parameter}`))
      .map(({ who }) => `\`${who.replace('usher-prod-', '')}\``);
    expect([parameter, ...said.split(', ').toSorted()]).toEqual([parameter, ...readers.toSorted()]);
  }
});
