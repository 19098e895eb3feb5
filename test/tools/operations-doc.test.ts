import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { loadCatalog } from '../../shared/catalog.ts';
import { parseCheckoutEvent } from '../../shared/checkout-event.ts';
import { USAGE as IMPORT } from '../../tools/import-purchases.ts';
import { USAGE as REDRIVE } from '../../tools/redrive-dead-letters.ts';
import { USAGE as ROTATE } from '../../tools/rotate-secret.ts';
import { USAGE as SETUP } from '../../tools/set-up-stage.ts';

const read = (name: string) => readFile(new URL(`../../${name}`, import.meta.url), 'utf8');
const page = await read('docs/operations.md');
const usages: Readonly<Record<string, string>> = {
  setup: SETUP,
  rotate: ROTATE,
  redrive: REDRIVE,
  import: IMPORT,
};

test('docs/operations.md shows commands that there are, with options that they take', async () => {
  const { scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> };
  const lines = [...page.matchAll(/^npm run (\w+) -- (.*)$/gm)];
  expect(new Set(lines.map(([, name]) => name))).toEqual(new Set(Object.keys(usages)));
  for (const [, name = '', args = ''] of lines) {
    expect(scripts[name]).toMatch(/^node tools\//);
    for (const [option] of args.matchAll(/--[\w-]+/g)) expect(usages[name]).toContain(option);
  }
});

test('docs/operations.md shows an event that can be imported', () => {
  const [, line = ''] = /^```json\n(.*)\n```$/m.exec(page) ?? [];
  expect(parseCheckoutEvent(JSON.parse(line), loadCatalog())).toMatchObject({ accountId: 'ada' });
});

test('docs/operations.md tells of every secret that is rotated', () => {
  const [, names = ''] = /^ {2}<secret> +(.*)/m.exec(ROTATE) ?? [];
  for (const name of names.split(', ')) expect(page).toContain(`\`${name}\``);
});
