import { describe, expect, test } from 'vitest';
import { EVERYTHING, resourcesOf, synthesize, textsIn } from '../lib/synthesize.ts';
import { found, PAGES, read, sourcesIn, tableUnder } from './pages.ts';

describe('what is deployed', () => {
  const template = synthesize({ stageName: 'prod', ...EVERYTHING, accessLogs: 'true' });
  const texts = textsIn(template.toJSON()).join('\n');

  test('has every name that a page gives it', () => {
    // The copy of a table beside it is made by hand.
    const names = [...found(/\b(usher-prod(?:-[a-z]+)*)\b/g)].filter(
      ([, name]) => name !== 'usher-prod-restored',
    );
    expect(names.length).toBeGreaterThan(30);
    expect(names.filter(([, name = '']) => !new RegExp(`\\b${name}(?![\\w-])`).test(texts))).toEqual([]);
  });

  test('has the routes of the README, and support’s besides', () => {
    const resources = resourcesOf(template, 'AWS::ApiGateway::Resource');
    const pathOf = (id: unknown): string => {
      const resource = resources[(id as { readonly Ref?: string }).Ref ?? ''];
      if (!resource) return '';
      return `${pathOf(resource.Properties['ParentId'])}/${String(resource.Properties['PathPart'])}`;
    };
    const routes = Object.values(resourcesOf(template, 'AWS::ApiGateway::Method'))
      .filter(({ Properties }) => Properties['HttpMethod'] !== 'OPTIONS')
      .map(({ Properties }) => `${String(Properties['HttpMethod'])} ${pathOf(Properties['ResourceId'])}`)
      .filter((route) => !route.includes(' /support/'));
    const told = [...tableUnder('README.md', 'API').keys()].map(
      (cell) => /^`([A-Z]+ [^`]+)`/.exec(cell)?.[1],
    );
    expect(new Set(told)).toEqual(new Set(routes));
  });

  test('tells the outputs that are listed', () => {
    const { Outputs } = template.toJSON() as { readonly Outputs: object };
    const ofPlayer = [...read('lib/player/player-hosting.ts').matchAll(/CfnOutput\(.*'(\w+)'/g)].map(
      ([, name = '']) => name,
    );
    const listed = [...tableUnder('docs/deploying.md', 'Outputs').keys()].flatMap((cell) =>
      cell.split(', ').map((name) => name.slice(1, -1)),
    );
    expect(listed.toSorted()).toEqual([...Object.keys(Outputs), ...ofPlayer].toSorted());
  });

  test('answers with the problems that are named', () => {
    const sources = sourcesIn('{functions,shared,lib}/**/*.ts');
    const slugs = [...found(/\b(?:40\d|41\d|422|429|503) `([a-z]+(?:-[a-z]+)+)`/g)];
    expect(slugs.length).toBeGreaterThan(8);
    expect(slugs.filter(([, slug = '']) => !sources.includes(`'${slug}'`))).toEqual([]);
  });

  test('lets those functions read a secret whom the page of secrets names', () => {
    const grants = (PAGES.get('docs/permissions.md') ?? '').split('\n').filter((row) => row.includes('ssm:'));
    for (const [secret, [, readers = '']] of tableUnder('docs/security.md', 'Secrets')) {
      const [, name = ''] = /^`([\w-]+)`/.exec(secret) ?? [];
      const named = [...readers.matchAll(/`([\w-]+)`/g)].map(([, reader]) => reader);
      if (name === '' || named.length === 0) continue;
      const granted = grants
        .filter((row) => row.includes(`/${name}\``))
        .map((row) => /usher-prod-([\w-]+)/.exec(row)?.[1]);
      expect([name, new Set(named)]).toEqual([name, new Set(granted)]);
    }
  });

  test('signs session tokens with the claims that are told', () => {
    const [, schema = ''] =
      /const schema = z\.object\(\{\n([\s\S]*?)\n\}\);/.exec(read('shared/session-tokens/claims.ts')) ?? [];
    const claims = [...schema.matchAll(/^ {2}(\w+):/gm)].map(([, claim]) => claim);
    const told = [...tableUnder('docs/session-tokens.md', 'What it says').keys()].flatMap((cell) =>
      cell.split(', '),
    );
    expect(told).toEqual(claims.map((claim) => `\`${claim}\``));
  });

  test('takes those of Stripe’s events that are to be sent', () => {
    const translate = read('shared/payments/stripe/translate.ts');
    const told = [...tableUnder('docs/stripe.md', 'The events').keys()]
      .map((cell) => cell.slice(1, -1))
      .filter((event) => event.includes('.'));
    const others = told.filter((event) => !event.startsWith('customer.subscription.'));
    expect(others.length).toBeLessThan(told.length);
    const taken = [...translate.matchAll(/type === '([\w.]+)'/g)].map(([, event]) => event);
    expect(others).toEqual(taken);
  });

  test('breaks those rules of cdk-nag that the page of security names', () => {
    const broken = [...sourcesIn('lib/**/*.ts').matchAll(/AwsSolutions-([A-Z]+\d+)/g)].map(
      ([, rule]) => rule,
    );
    const named = [...tableUnder('docs/security.md', 'What is left out on purpose').keys()];
    expect(new Set(named.flatMap((cell) => cell.split(', ')))).toEqual(new Set(broken));
  });

  test('by GitHub asks for the variables that are to be set', () => {
    const used = new Set(
      [...sourcesIn('.github/workflows/*').matchAll(/vars\.(\w+)/g)].map(([, name]) => name),
    );
    const [, step = ''] =
      /^6\. (Set the repository's variables.*)$/m.exec(PAGES.get('docs/environments.md') ?? '') ?? [];
    expect(new Set([...step.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name))).toEqual(used);
  });
});
