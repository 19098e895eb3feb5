import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SETTINGS, settingsIn } from '../../lib/settings.ts';
import { readStage } from '../../lib/stage.ts';
import { USAGE as IMPORT } from '../../tools/import-purchases.ts';
import { USAGE as REDRIVE } from '../../tools/redrive-dead-letters.ts';
import { USAGE as ROTATE } from '../../tools/rotate-secret.ts';
import { USAGE as TEST_STAGE } from '../../tools/run-stage-tests.ts';
import { USAGE as SETUP } from '../../tools/set-up-stage.ts';
import { USAGE as SUPPORT } from '../../tools/support-account.ts';
import { USAGE as WAVE } from '../../tools/wave-arguments.ts';
import { anchorsOf, DECISIONS, filesIn, found, PAGES, read, ROOT, sourcesIn, tableUnder } from './pages.ts';

const isThere = (path: string) => existsSync(new URL(path, ROOT));

describe('the pages', () => {
  test('lead to files and headings that there are', () => {
    const all = new Map([...PAGES, ...DECISIONS]);
    const broken = [...found(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g, all)].filter(
      ([page, link = '', anchor]) => {
        const path = link === '' ? page : posix.join(posix.dirname(page), link);
        if (!isThere(path)) return true;
        return anchor !== undefined && !anchorsOf(read(path)).has(anchor);
      },
    );
    expect(broken).toEqual([]);
  });

  test('are all named in what the README says to read when', () => {
    const [, section = ''] = (PAGES.get('README.md') ?? '').split('## What to read when');
    const [list = ''] = section.split('\n## ');
    const pages = filesIn('docs/*.md');
    expect(pages.filter((path) => !list.includes(`](${path})`))).toEqual([]);
  });

  test('name files of the source that there are', () => {
    const path = /`((?:bench|bin|client|examples|functions|lib|local|player|shared|test|tools)\/[\w./-]+)`/g;
    const named = [...found(path)].filter(([, file = '']) => !file.endsWith('.tgz')); // which `npm run client` makes
    expect(named.filter(([, file = '']) => !isThere(file))).toEqual([]);
  });
});

describe('what is typed', () => {
  const usages: Readonly<Record<string, string>> = {
    setup: SETUP,
    rotate: ROTATE,
    redrive: REDRIVE,
    import: IMPORT,
    support: SUPPORT,
    wave: WAVE,
    'test:stage': TEST_STAGE,
  };

  test('is a script of package.json', () => {
    const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: object };
    const { scripts: ofClient } = JSON.parse(read('client/package.json')) as { readonly scripts?: object };
    const known = new Set(Object.keys({ ...scripts, ...ofClient }));
    expect([...found(/\bnpm run ([\w:]+)/g)].filter(([, name = '']) => !known.has(name))).toEqual([]);
  });

  test('has options that the command knows', () => {
    const wrong = [...found(/npm run ([\w:]+) -- ([^\n`]*)/g)].filter(([, name = '', args = '']) => {
      const options = [...args.matchAll(/(?<=\s)--[a-z][\w-]*/g)].map(([option]) => option);
      return options.some((option) => !usages[name]?.includes(option));
    });
    expect(wrong).toEqual([]);
  });

  test('needs environment variables that something reads', () => {
    const readers = sourcesIn(
      '{bench,bin,client,lib,local,player,shared,test,tools}/**/*.{ts,mjs}',
      '.github/**/*.*',
    );
    const variables = [...found(/`([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:=[^`]*)?`/g)].filter(
      // What Momento answers is no variable; the shell's belong to AWS's own tools.
      ([, name = '']) => !/_(ERROR|UNAVAILABLE)$|^UPDATE_|^CREATE_|^AWS_(PROFILE|REGION)$/.test(name),
    );
    expect(variables.length).toBeGreaterThan(5);
    expect(variables.filter(([, name = '']) => !readers.includes(name))).toEqual([]);
  });

  test('reads and writes parameters that the functions read', () => {
    const names = new Set([...read('lib/parameters.ts').matchAll(/\| '([\w-]+)'/g)].map(([, name]) => name));
    const told = [...found(/\/usher\/(?:\w+|\{\w+\})\/([a-z][\w-]+)/g)];
    expect(told.length).toBeGreaterThan(10);
    expect(told.filter(([, name]) => !names.has(name))).toEqual([]);
  });
});

describe('the settings', () => {
  const table = tableUnder('docs/deploying.md', 'Settings');

  test('are each in the table, and nothing else is', () => {
    expect([...table.keys()]).toEqual(SETTINGS.map((name) => `\`${name}\``));
  });

  test('are the only ones that a page passes', () => {
    const known = new Set<string>(SETTINGS);
    const passed = [...found(/-c "?([A-Za-z]\w*)=/g)];
    expect(passed.length).toBeGreaterThan(20);
    expect(passed.filter(([, name = '']) => !known.has(name) && name !== 'name')).toEqual([]);
  });

  test('have the defaults that the table says', () => {
    for (const [name, [told = '']] of table) {
      const [, value] = /^`([^`]*)`/.exec(told) ?? [];
      const setting = name.slice(1, -1);
      if (value === undefined || setting === 'stageName') continue;
      const stageWith = (more: object) => readStage(settingsIn({ stageName: 'dev', ...more }));
      expect({ setting, ...stageWith({ [setting]: value }) }).toEqual({ setting, ...stageWith({}) });
    }
  });

  test('can be written down as the page shows it', () => {
    const [, json = ''] = /```json\n([\s\S]*?)\n```/.exec(PAGES.get('docs/deploying.md') ?? '') ?? [];
    const written = { ...(JSON.parse(json) as object), stageName: 'prod' };
    const { origins, operations } = readStage(settingsIn(written));
    expect(operations.alarmTopicArn).toMatch(/^arn:aws:sns:/);
    expect(origins).toEqual(['https://tv.example']);
  });
});
