import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { allowing, type Statement } from '../../local/iam/policies.ts';
import { readStage } from '../../lib/stage.ts';
import { USAGE } from '../../tools/support-account.ts';
import { resourcesOf, synthesize } from '../lib/synthesize.ts';

const read = (name: string) => readFile(new URL(`../../${name}`, import.meta.url), 'utf8');
const page = await read('docs/support.md');
const template = synthesize({ stageName: 'prod' });

/** As the template has them: `GET /support/accounts/{accountId}`. */
function routes(): readonly string[] {
  const resources = resourcesOf(template, 'AWS::ApiGateway::Resource');
  const pathOf = (id: unknown): string => {
    const resource = resources[(id as { readonly Ref?: string }).Ref ?? ''];
    return resource
      ? `${pathOf(resource.Properties['ParentId'])}/${String(resource.Properties['PathPart'])}`
      : '';
  };
  return Object.values(resourcesOf(template, 'AWS::ApiGateway::Method'))
    .filter(({ Properties }) => Properties['AuthorizationType'] === 'AWS_IAM')
    .map(({ Properties }) => `${String(Properties['HttpMethod'])} ${pathOf(Properties['ResourceId'])}`);
}

test('docs/support.md shows commands that there are, with options that they take', async () => {
  const { scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> };
  expect(scripts['support']).toMatch(/^node tools\//);
  const shown = [...page.matchAll(/^npm run support -- prod ([\w-]+) (.*)$/gm)];
  const deeds = [...USAGE.matchAll(/^npm run support -- <stage> ([\w-]+)/gm)].map(([, deed]) => deed);
  expect(shown.map(([, deed]) => deed)).toEqual(deeds);
  for (const [, deed = '', args = ''] of shown) {
    const usage = new RegExp(`<stage> ${deed} .*$`, 'm').exec(USAGE)?.[0];
    for (const [option] of args.matchAll(/--[\w-]+/g)) expect(usage).toContain(option);
  }
});

test('docs/support.md tells of every route of support’s', () => {
  const told = [...page.matchAll(/^\| `((?:GET|PUT|DELETE) \/support\/[^`?]*)/gm)].map(
    ([, route = '']) => route,
  );
  expect(told.toSorted()).toEqual(routes().toSorted());
});

/** The three policies, in the order of the page. */
const policies = [...page.matchAll(/^```json\n([\s\S]*?)\n```$/gm)].map(
  ([, text = '']) => (JSON.parse(text) as { readonly Statement: readonly Statement[] }).Statement,
);
const [READER = [], HELPER = [], ADMINISTRATOR = []] = policies;

test.each([
  ['who reads', READER, ['GET /support/accounts/{accountId}']],
  [
    'who helps viewers',
    [...READER, ...HELPER],
    [
      'DELETE /support/accounts/{accountId}/promotions/{promotionId}',
      'DELETE /support/accounts/{accountId}/sessions/{sessionId}',
      'GET /support/accounts/{accountId}',
      'PUT /support/accounts/{accountId}/promotions/{promotionId}',
    ],
  ],
  ['who administers', ADMINISTRATOR, routes()],
])('by its policies, somebody %s may just do that', (_, statements, expected) => {
  const others = ['DELETE /sessions/{sessionId}', 'GET /token'];
  const allowed = [...routes(), ...others].filter((route) => {
    const [method = '', path = ''] = route.split(' ');
    const resource = `arn:aws:execute-api:REGION:ACCOUNT:API/prod/${method}${path.replaceAll(/\{\w+\}/g, 'id')}`;
    return allowing(statements, { action: 'execute-api:Invoke', resource }) !== undefined;
  });
  expect(allowed.toSorted()).toEqual(expected.toSorted());
});

test('docs/support.md says how long the audit log may be kept', () => {
  const [, list = ''] = /auditRetentionDays=400` \(one of ([\d, ]+)\)/.exec(page) ?? [];
  const days = list.split(', ');
  expect(days).toContain('400');
  for (const auditRetentionDays of days)
    expect(stageWith({ auditRetentionDays }).operations.auditRetentionDays).toBe(Number(auditRetentionDays));
  expect(() => stageWith({ auditRetentionDays: '100' })).toThrow(list);
});

function stageWith(context: Readonly<Record<string, string>>) {
  return readStage((key) => ({ stageName: 'dev', ...context })[key]);
}
